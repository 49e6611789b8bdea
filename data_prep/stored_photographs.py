"""The whole photographs of a store.

Unlabelled, they are what an image is scored by; their masks are its labels afterwards.
"""

import os
from functools import lru_cache
from typing import Callable, Dict, List, Optional, Tuple

import numpy as np

from data_prep import masks, patches, readers
from data_prep.array_cache import ArrayCache
from data_prep.decoding import check_regular
from data_prep.errors import DataError
from data_prep.files import sha256_of
from data_prep.photographs import read_photograph
from data_prep.records import Record
from data_prep.store import ImageRow, PatchStore
from data_prep.symmetry import transform_each

CACHE_BYTES = 3 * 2**29  # decoded photographs kept in memory: 176 of 2144 x 1424 pixels


class StoredPhotographs:
    """The photographs that a store was made from, unchanged since; named by index in store.images.

    Files are checked by their checksums, once a process. Decoded photographs stay in memory up to
    CACHE_BYTES.
    """

    def __init__(
        self, store: PatchStore, folder: Optional[str] = None, cache_bytes: int = CACHE_BYTES
    ) -> None:
        """folder: where the data set lies now; None: where it lay when the store was made."""
        self._store = store
        self._folder: str = folder or store.attributes["folder"]
        self._cache = ArrayCache(cache_bytes)
        self._records: Dict[str, Record] = {}

    def image(self, index: int) -> np.ndarray:
        """Return a photograph: uint8 H x W x 3 BGR, read-only.

        Raises DataError if the file is missing or has changed.
        """
        image = self._cache.get(index)
        if image is None:
            row = self._store.images[index]
            image, _ = self._read(Record(row.id, self._path(row), None, row.patient, False))
            self._cache.put(index, image)
        return image

    def field(self, index: int) -> np.ndarray:
        """Return the field of view of a photograph, bool H x W, without reading the photograph."""
        return self._store.field(index)

    def view(self, index: int) -> Tuple[np.ndarray, np.ndarray]:
        """Return a photograph, as from `image`, and its field of view: bool H x W."""
        return self.image(index), self.field(index)

    def annotated(self, index: int) -> Tuple[np.ndarray, np.ndarray]:
        """Return a photograph and its exudate mask: bool H x W, all False for a healthy one.

        Raises DataError as `image` does, and if the mask is missing or has changed.
        """
        row = self._store.images[index]
        record = self._record(row)
        if record.mask is not None and row.mask_sha256:
            self._check(record.mask, row.mask_sha256, masks.checksum)
        image, mask = self._read(record._replace(image=self._path(row)))
        return image, np.zeros(image.shape[:2], bool) if mask is None else mask

    def patches(
        self,
        index: int,
        stride: int,
        most: int = 0,
        random: Optional[np.random.RandomState] = None,
    ) -> Tuple[np.ndarray, int]:
        """Return patches on the grid of a photograph, and how many its grid has.

        The patches (uint8 n x 3 x side x side) are those of a grid of `stride` pixels that lie in
        the field of view. most: if above 0, at most so many of them, drawn by `random`, which is
        then required; they stay in the order of the grid.
        """
        image, field = self.view(index)
        side = self._store.side
        yx = patches.grid(field, stride, side)
        n_grid = len(yx)
        if 0 < most < n_grid:
            if random is None:
                raise ValueError("drawing some of a grid's patches needs `random`")
            yx = yx[np.sort(random.choice(n_grid, most, replace=False))]
        return patches.cut(image, yx, side), n_grid

    def labelled_grid(self, index: int, stride: int) -> "LabelledGrid":
        """Return the labelled patches of a photograph on a grid of `stride` pixels.

        The labels follow the store's exudate rule.
        """
        image, mask = self.annotated(index)
        rule = self._store.attributes["exudate_rule"]
        return LabelledGrid(image, self.field(index), mask, stride, rule, self._store.side)

    def _record(self, row: ImageRow) -> Record:
        if not self._records:
            # Unusable images were reported when the store was made, and are in no store.
            problems: List[DataError] = []
            threshold = self._store.attributes["mask_threshold"]
            dataset = readers.read(self._folder, problems.append, threshold)
            self._records = {record.id: record for record in dataset.records}
        if row.id not in self._records:
            raise DataError(
                f"{self._folder}: no longer has a usable image {row.id}; "
                "make the store again with egl prepare"
            )
        record = self._records[row.id]
        if record.lesion != row.lesion:
            raise self._changed(record.mask or record.image)
        return record

    def _path(self, row: ImageRow) -> str:
        path = os.path.join(self._folder, row.source)
        self._check(path, row.sha256, sha256_of)
        return path

    def _check(self, path: str, checksum: str, checksum_of: Callable[[str], str]) -> None:
        """Raise DataError unless a file has the checksum that the store took down."""
        try:
            status = os.stat(path)
            check_regular(path)
            found = _checksum(
                os.path.abspath(path), status.st_size, status.st_mtime_ns, checksum_of
            )
        except OSError as error:
            raise DataError(
                f"{path}: cannot be read ({error.strerror}), but {self._store.path} was made from "
                "it: give the data set's folder with --images"
            ) from error
        if found != checksum:
            raise self._changed(path)

    def _changed(self, path: str) -> DataError:
        return DataError(
            f"{path}: changed since {self._store.path} was made; put it back, or make the store "
            "again with egl prepare"
        )

    def _read(self, record: Record) -> Tuple[np.ndarray, Optional[np.ndarray]]:
        return read_photograph(record, self._store.attributes["scale"])


@lru_cache(maxsize=None)
def _checksum(path: str, size: int, modified: int, checksum_of: Callable[[str], str]) -> str:
    """Return the checksum of a file, computed once a process while size and time stay the same."""
    return checksum_of(path)


class LabelledGrid:
    """The patches on a grid of one photograph that its mask calls healthy or exudate.

    Patches that are neither, at the edge of an exudate, are left out.
    yx: int32 (n, 2), their corners; labels: int (n,)
    """

    def __init__(
        self,
        image: np.ndarray,
        field: np.ndarray,
        mask: np.ndarray,
        stride: int,
        rule: patches.ExudateRule,
        side: int,
    ) -> None:
        """image: uint8 H x W x 3; field, mask: bool H x W; rule: as in patches.corners."""
        self._image = image
        self._side = side
        healthy, exudate = patches.corners(field, mask, rule, side, stride)
        labelled = np.argwhere(healthy | exudate)
        self.labels: np.ndarray = exudate[tuple(labelled.T)].astype(int)
        self.yx: np.ndarray = (labelled * stride).astype(np.int32)

    def read(self, indices: np.ndarray, symmetries: np.ndarray) -> np.ndarray:
        """Return the patches with these indices (n,), each under its symmetry (n,): uint8."""
        return transform_each(patches.cut(self._image, self.yx[indices], self._side), symmetries)
