"""Readers of data sets: a module for each layout on disk, all giving the same records."""

import os
from typing import List, Union

from data_prep.arguments import path_of
from data_prep.errors import DataError, Report, one_line
from data_prep.readers import eophtha, heimed, idrid
from data_prep.readers import folder as plain_folder
from data_prep.readers.patients import one_spelling
from data_prep.records import Dataset, Record

# In the order in which they are tried: the plain folder requires the least, so it comes last.
LAYOUTS = (eophtha, idrid, heimed, plain_folder)
_NO_TEXT = "a line break, a control character or a byte that is no UTF-8"


def strict(error: DataError) -> None:
    """Raise the error: the `report` of callers for whom the first problem ends the reading."""
    raise error


def read(
    folder: "Union[str, os.PathLike[str]]", report: Report = strict, mask_threshold: int = 0
) -> Dataset:
    """Return the data set in a folder of any known layout, its records sorted by id.

    report: called with a DataError for every image that cannot be used (no mask, two names, ...).
        `strict` raises the first; with `list.append` those images are left out.
    mask_threshold: values of a mask above it are annotated
    The top of each reader's module shows its layout. Raises DataError, whatever `report` does, if
    the folder does not exist, is empty, has no known layout, has a table that cannot be read, or
    has no usable image.
    """
    folder = path_of(folder, "the data set's folder")
    if folder != one_line(folder):
        raise DataError(f"{folder}: {_NO_TEXT} in the folder's name: rename it")
    if not os.path.isdir(folder):
        raise DataError(f"{folder}: no such folder: give the folder of a data set")
    for layout in LAYOUTS:
        if layout.matches(folder):
            dataset = layout.read(folder, report, mask_threshold)
            break
    else:
        known = ", ".join(layout.LAYOUT for layout in LAYOUTS)
        raise DataError(
            f"{folder}: has no data set of a known layout: give a folder with the layout of one of "
            f"{known}"
        )
    records = sorted(_with_plain_names(dataset.records, report), key=lambda record: record.id)
    records = one_spelling(records, report)
    if not records:
        raise DataError(
            f"{folder}: no usable image was found: see what was reported, and unpack the data set "
            "again"
        )
    return dataset._replace(records=records)


def _with_plain_names(records: List[Record], report: Report) -> List[Record]:
    """Return the records whose names tables and stores can hold; the others are reported."""
    kept = []
    for record in records:
        if all(name == one_line(name) for name in (record.id, record.patient)):
            kept.append(record)
        else:
            report(DataError(f"{record.image}: {_NO_TEXT} in its name or its patient's: rename it"))
    return kept
