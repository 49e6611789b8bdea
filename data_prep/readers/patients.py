"""One patient, one name: two spellings of it would let the same eye into training and test."""

import re

from data_prep.errors import DataError


def one_spelling(records, report):
    """Return the records less those whose patient is spelled otherwise in an earlier record; each of these is reported.

    A record whose patient is its own id is of unknown patient, and passes.
    """
    first_of, kept = {}, []
    for record in records:
        first = record
        if record.patient != record.id:
            first = first_of.setdefault(normal_form(record.patient), record)
        if record.patient == first.patient:
            kept.append(record)
        else:
            report(
                DataError(
                    f"{record.image}: its patient '{record.patient}' is written '{first.patient}' for {first.image}:"
                    " write one patient in one way, or one could come into training and test"
                )
            )
    return kept


def normal_form(name):
    """Return what is the same in every spelling of a name: its words and numbers, whatever the case, signs and leading zeros.

    "E0000043", "e-43" and "E 0043 " give ("e", "43"); "1-11" and "11-1" stay apart.
    """
    words = re.findall(r"\d+|[^\W\d_]+", name.casefold())
    return tuple(word.lstrip("0") or "0" if word.isdigit() else word for word in words) or (name,)
