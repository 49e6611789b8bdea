"""Readers of data sets: one module for each layout on disk, all giving the same records."""

import os

from data_prep.errors import DataError
from data_prep.readers import eophtha, heimed, idrid
from data_prep.readers import folder as plain_folder
from data_prep.readers.patients import one_spelling
from data_prep.records import Dataset

# In the order in which they are tried: the plain folder asks for the least, so it comes last.
LAYOUTS = (eophtha, idrid, heimed, plain_folder)


def strict(error):
    """The `report` of callers for whom the first problem ends the reading."""
    raise error


def read(folder, report=strict) -> Dataset:
    """Return the Dataset in a folder, whichever of the known layouts it has; records sorted by id.

    folder: the data set's folder; what each layout looks like stands at the top of its module
    report: called with a DataError for every image that cannot be used (no mask, two names, ...). `strict` raises the first;
        with `list.append` the reader goes on and leaves those images out.
    DataError, whatever `report` does: no such folder, no known layout, an empty folder, a table that cannot be read,
        no image left.
    """
    folder = os.fspath(folder)
    if not os.path.isdir(folder):
        raise DataError(f"{folder}: no such folder: give the folder of a data set")
    layout = next((layout for layout in LAYOUTS if layout.matches(folder)), None)
    if layout is None:
        known = ", ".join(layout.LAYOUT for layout in LAYOUTS)
        raise DataError(
            f"{folder}: holds no data set of a known layout: give a folder laid out as one of {known}"
        )
    dataset = layout.read(folder, report)
    records = one_spelling(sorted(dataset.records, key=lambda record: record.id), report)
    if not records:
        raise DataError(
            f"{folder}: no usable image was found: see what was reported, and unpack the data set again"
        )
    return dataset._replace(records=records)
