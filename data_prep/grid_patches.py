"""The patches of a whole photograph of a store, on a grid: what an image is scored by before anybody has labelled it."""
import hashlib
import os

import numpy as np

from data_prep import patches
from data_prep.errors import DataError
from data_prep.field_of_view import find_field_of_view
from data_prep.photographs import read_photograph
from data_prep.records import Record


def read_image(store, place, folder=None):
    """Return photograph number `place` of a store, uint8 H x W x 3 BGR, as it was when the store was made.

    folder: where the data set lies now (default: where it lay then). DataError if the file is missing or has changed.
    """
    row = store.images[place]
    path = os.path.join(folder or store.attributes["folder"], row.source)
    try:
        with open(path, "rb") as file:
            same = hashlib.sha256(file.read()).hexdigest() == row.sha256
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); {store.path} was made from it: give the data set's folder with --images"
        ) from error
    if not same:
        raise DataError(f"{path}: changed since {store.path} was made; make the store again with egl prepare")
    unlabelled = Record(row.id, path, mask=None, patient=row.patient, lesion=False)
    return read_photograph(unlabelled, store.attributes["scale"])[0]


def grid_patches(store, place, stride, most=0, random=None, folder=None):
    """Return (patches uint8 n x 3 x 48 x 48, n_grid) of photograph number `place`.

    The grid's patches lie in the field of view at distances of `stride` pixels; n_grid says how many there are. most: if
    above 0, only so many of them, drawn by `random` (numpy RandomState), in the order of the grid.
    """
    image = read_image(store, place, folder)
    yx = patches.grid(find_field_of_view(image), stride)
    n_grid = len(yx)
    if 0 < most < n_grid:
        yx = yx[np.sort(random.choice(n_grid, most, replace=False))]
    return patches.cut(image, yx), n_grid
