"""The whole photographs of a store: what an image is scored by before anybody has labelled it, and its labels afterwards."""

import hashlib
import os

import numpy as np

from data_prep import patches, readers
from data_prep.errors import DataError
from data_prep.field_of_view import find_field_of_view
from data_prep.photographs import read_photograph
from data_prep.records import Record
from data_prep.symmetry import transform_each


class StoredPhotographs:
    """The photographs that a store was made from, as they were then; an image is named by its row in `store.images`."""

    def __init__(self, store, folder=None):
        """folder: where the data set lies now (default: where it lay when the store was made)."""
        self._store = store
        self._folder = folder or store.attributes["folder"]
        self._records = None

    def image(self, place):
        """Return a photograph, uint8 H x W x 3 BGR. DataError if the file is missing or has changed."""
        row = self._store.images[place]
        return self._read(
            Record(row.id, self._path(row), mask=None, patient=row.patient, lesion=False)
        )[0]

    def view(self, place):
        """Return (photograph, its field of view: bool H x W)."""
        image = self.image(place)
        return image, find_field_of_view(image)

    def annotated(self, place):
        """Return (photograph, exudate mask: bool H x W, all False for a healthy one). DataError also if the mask is missing."""
        row = self._store.images[place]
        if self._records is None:
            # What cannot be used was reported when the store was made, and is in no store.
            self._records = {
                record.id: record for record in readers.read(self._folder, [].append).records
            }
        if row.id not in self._records:
            raise DataError(
                f"{self._folder}: has no usable image {row.id} any more; make the store again with egl prepare"
            )
        image, mask = self._read(self._records[row.id]._replace(image=self._path(row)))
        return image, np.zeros(image.shape[:2], bool) if mask is None else mask

    def patches(self, place, stride, most=0, random=None):
        """Return (patches uint8 n x 3 x 48 x 48, n_grid) of a photograph.

        The grid's patches lie in the field of view at distances of `stride` pixels; n_grid says how many there are. most: if
        above 0, only so many of them, drawn by `random` (numpy RandomState), in the order of the grid.
        """
        image, field = self.view(place)
        yx = patches.grid(field, stride)
        n_grid = len(yx)
        if 0 < most < n_grid:
            yx = yx[np.sort(random.choice(n_grid, most, replace=False))]
        return patches.cut(image, yx), n_grid

    def labelled_grid(self, place, stride):
        """Return the LabelledGrid of a photograph at distances of `stride` pixels, by the store's exudate rule."""
        image, mask = self.annotated(place)
        return LabelledGrid(image, mask, stride, self._store.attributes["exudate_rule"])

    def _path(self, row):
        path = os.path.join(self._folder, row.source)
        try:
            with open(path, "rb") as file:
                same = hashlib.sha256(file.read()).hexdigest() == row.sha256
        except OSError as error:
            raise DataError(
                f"{path}: cannot be read ({error.strerror}); {self._store.path} was made from it: give the data set's folder with --images"
            ) from error
        if not same:
            raise DataError(
                f"{path}: changed since {self._store.path} was made; make the store again with egl prepare"
            )
        return path

    def _read(self, record):
        return read_photograph(record, self._store.attributes["scale"])


class LabelledGrid:
    """The patches of one photograph on a grid that its mask calls healthy or exudate; what lies between is left out.

    yx: int32 (n, 2), their corners; labels: int (n,)
    """

    def __init__(self, image, mask, stride, rule):
        """image: uint8 H x W x 3; mask: bool H x W; rule: see data_prep.patches.corners."""
        self._image = image
        field = find_field_of_view(image)
        healthy, exudate = (
            corners[::stride, ::stride] for corners in patches.corners(field, mask, rule)
        )
        labelled = np.argwhere(healthy | exudate)
        self.labels = exudate[tuple(labelled.T)].astype(int)
        self.yx = (labelled * stride).astype(np.int32)

    def read(self, places, symmetries):
        """Return the patches numbered `places` (n,), each under its symmetry (n,): uint8 n x 3 x 48 x 48."""
        return transform_each(patches.cut(self._image, self.yx[places]), symmetries)
