"""One patient, one name: two spellings of it would let the same eye into training and test."""

import re
from typing import Dict, List, Sequence, Tuple

from data_prep.errors import DataError, Report
from data_prep.readers.listing import comparable
from data_prep.records import Record


def one_spelling(records: Sequence[Record], report: Report) -> List[Record]:
    """Return the records whose patient is not spelled differently in an earlier record.

    The others are reported. A record whose patient is its own id is of an unknown patient, and is
    kept.
    """
    first_of: Dict[Tuple[str, ...], Record] = {}
    kept = []
    for record in records:
        first = record
        if record.patient != record.id:
            first = first_of.setdefault(normal_form(record.patient), record)
        if record.patient == first.patient:
            kept.append(record)
        else:
            report(
                DataError(
                    f"{record.image}: its patient is '{record.patient}', but '{first.patient}' for "
                    f"{first.image}: spell a patient in one way, or one could get into training "
                    "and test"
                )
            )
    return kept


def normal_form(name: str) -> Tuple[str, ...]:
    """Return what all spellings of a name have in common: its words and numbers.

    Case, signs and leading zeros do not matter: "E0000043", "e-43" and "E 0043 " give ("e", "43").
    "1-11" and "11-1" stay apart.
    """
    words = re.findall(r"\d+|[^\W\d_]+", comparable(name))
    plain = [word.lstrip("0") or "0" if word.isdigit() else word for word in words]
    return tuple(plain) or (name,)
