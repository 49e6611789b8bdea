"""Readers of data sets: a module for each layout on disk, all giving the same records."""

import os
from typing import Union

from data_prep.errors import DataError, Report
from data_prep.readers import eophtha, heimed, idrid
from data_prep.readers import folder as plain_folder
from data_prep.readers.patients import one_spelling
from data_prep.records import Dataset

# In the order in which they are tried: the plain folder requires the least, so it comes last.
LAYOUTS = (eophtha, idrid, heimed, plain_folder)


def strict(error: DataError) -> None:
    """Raise the error: the `report` of callers for whom the first problem ends the reading."""
    raise error


def read(folder: "Union[str, os.PathLike[str]]", report: Report = strict) -> Dataset:
    """Return the data set in a folder of any known layout, its records sorted by id.

    report: called with a DataError for every image that cannot be used (no mask, two names, ...).
        `strict` raises the first; with `list.append` those images are left out.
    The top of each reader's module shows its layout. Raises DataError, whatever `report` does, if
    the folder does not exist, is empty, has no known layout, has a table that cannot be read, or
    has no usable image.
    """
    folder = os.fspath(folder)
    if not os.path.isdir(folder):
        raise DataError(f"{folder}: no such folder: give the folder of a data set")
    for layout in LAYOUTS:
        if layout.matches(folder):
            dataset = layout.read(folder, report)
            break
    else:
        known = ", ".join(layout.LAYOUT for layout in LAYOUTS)
        raise DataError(
            f"{folder}: has no data set of a known layout: give a folder with the layout of one of "
            f"{known}"
        )
    records = one_spelling(sorted(dataset.records, key=lambda record: record.id), report)
    if not records:
        raise DataError(
            f"{folder}: no usable image was found: see what was reported, and unpack the data set "
            "again"
        )
    return dataset._replace(records=records)
