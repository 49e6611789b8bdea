"""The patches of a store, read from its file as they are wanted: a store may exceed the memory."""

import os
import weakref
from typing import Any, Optional, Tuple, Union

import h5py
import numpy as np

from data_prep.errors import DataError
from data_prep.hdf5 import own_dataset


class StoredPatches:
    """A uint8 array in a file, which is indexed along its first axis and gives arrays.

    shape: (N, channels, side, side), or any other. The file may be replaced meanwhile: this one
    stays readable. Threads and forked processes may share one object; pickled, it opens the file
    again.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, path: str, offset: int, shape: Tuple[int, ...]) -> None:
        """offset: of the first number in the file, which the others follow without a gap."""
        self.shape = shape
        self.ndim = len(shape)
        self._path, self._offset = path, offset
        self._bytes_each = int(np.prod(shape[1:], dtype=np.int64))
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._file)
        if not 0 <= offset <= os.fstat(self._file).st_size - len(self) * self._bytes_each:
            raise DataError(f"{path}: ends before its patches do")

    def __reduce__(self) -> Any:
        return StoredPatches, (self._path, self._offset, self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, chosen: Union[int, slice, np.ndarray]) -> np.ndarray:
        """Return the patches with these indices: a number, a slice, an array of ints or of bools.

        Each of them is read once, and neighbours together.
        """
        if isinstance(chosen, slice):
            indices = np.arange(*chosen.indices(len(self)))
        else:
            indices = np.asarray(chosen)
            if indices.dtype == bool:
                indices = np.flatnonzero(indices)
            elif not indices.size:
                indices = indices.astype(int)
            outside = (indices < -len(self)) | (indices >= len(self))
            if outside.any():
                raise IndexError(f"patch {indices[outside].flat[0]} of {len(self)}")
            indices = indices % len(self) if len(self) else indices
        unique, inverse = np.unique(indices, return_inverse=True)
        read = self._read(unique)
        if indices.ndim == 1 and np.array_equal(indices, unique):
            return read
        return read[inverse.reshape(indices.shape)]

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> np.ndarray:
        return self[:] if dtype is None else self[:].astype(dtype)

    def _read(self, indices: np.ndarray) -> np.ndarray:
        """Return the patches with these indices, which ascend."""
        result = np.empty((len(indices), *self.shape[1:]), np.uint8)
        lines = result.reshape(len(indices), self._bytes_each)
        starts = np.flatnonzero(np.diff(indices, prepend=-2) != 1)
        for start, stop in zip(starts, [*starts[1:], len(indices)]):
            position = self._offset + int(indices[start]) * self._bytes_each
            rest = memoryview(lines[start:stop].reshape(-1))
            while rest:
                n = os.preadv(self._file, [rest], position)
                if not n:
                    raise DataError(f"{self._path}: was cut short while it was in use")
                rest, position = rest[n:], position + n
        return result


def stored_patches(file: h5py.File, name: str) -> Union[StoredPatches, np.ndarray]:
    """Return a dataset of an open file, to be read as it is wanted.

    Where it does not lie in the file in one piece, as in stores that other programs compressed, all
    of it is read now. DataError as for hdf5.own_dataset.
    """
    dataset = own_dataset(file, name)
    offset = dataset.id.get_offset()
    in_one_piece = dataset.id.get_create_plist().get_layout() == h5py.h5d.CONTIGUOUS
    if dataset.dtype != np.uint8 or not in_one_piece or offset is None or file.userblock_size:
        return np.asarray(dataset[...])
    return StoredPatches(os.fsdecode(file.filename), offset, dataset.shape)
