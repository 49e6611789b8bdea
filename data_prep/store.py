"""The patch store: one HDF5 file with every patch, label and split, and every field of view.

docs/files.md describes the format. The file is written once, here, and read here.
"""

import os
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, NoReturn, Optional, Sequence, Tuple

import h5py
import numpy as np

from data_prep import field_of_view
from data_prep import split as splits
from data_prep.arguments import path_of
from data_prep.errors import DataError
from data_prep.files import written_whole
from data_prep.hdf5 import mark_as_read, new_hdf5, read_safely
from data_prep.store_contents import (
    Contents,
    ImageRow,
    check_attributes,
    check_datasets,
    image_rows,
    read_attributes,
    read_contents,
)
from data_prep.symmetry import COUNT, transform_each

FORMAT = 2  # 2: with the fields of view
CHANNELS = 3  # blue, green, red
PART = 4096  # samples: 28 MB at 48 pixels; a multiple of any scoring batch, so it changes no bit
LONGEST_TEXT = 60000  # bytes of an attribute; HDF5 holds up to 64 KiB
_OVERHEAD = 200000  # bytes, beside the datasets: HDF5's own, and long notes


@contextmanager
def new_store(
    path: str, images: Sequence[ImageRow], fields: Sequence[bytes], n_patches: int, side: int
) -> Iterator["StoreWriter"]:
    """Yield a StoreWriter for the store `path`, which appears when the block ends well.

    fields: the field of view of each image, as from field_of_view.to_png; n_patches: how many the
    block will append; side: of a patch, pixels. Raises DataError where the file cannot be written
    or what was written is not a valid store.
    """
    with written_whole(path) as temporary:
        n_bytes = _size(images, fields, n_patches, side)
        with new_hdf5(temporary, n_bytes) as file:
            writer = StoreWriter(file, images, fields, n_patches, side)
            yield writer
            writer.check_complete()
        mark_as_read(temporary, _read)
        try:
            PatchStore(temporary)
        except DataError as error:
            raise DataError(str(error).replace(temporary, path)) from error


def _size(images: Sequence[ImageRow], fields: Sequence[bytes], n_patches: int, side: int) -> int:
    """Return more bytes than the store will have."""
    # Text has the length of the longest in its column.
    longest = [max(len(str(value).encode("utf-8")) for value in column) for column in zip(*images)]
    texts = len(images) * (sum(longest) + 8 * (len(longest) + 1))
    of_patch = CHANNELS * side**2 + 1 + 4 + 8 + 1
    return n_patches * of_patch + sum(map(len, fields)) + texts + _OVERHEAD


class StoreWriter:
    """Writes the tables of a store at once, then its patches as they come, and its attributes."""

    def __init__(
        self,
        file: h5py.File,
        images: Sequence[ImageRow],
        fields: Sequence[bytes],
        n_patches: int,
        side: int,
    ) -> None:
        """Take the arguments of `new_store`; file: open for writing."""
        self._file = file
        self._next = 0
        self._n_patches = n_patches
        for column in ImageRow._fields:
            values = [getattr(row, column) for row in images]
            if isinstance(values[0], str):
                values = [value.encode("utf-8") for value in values]
            self._create("images/" + column, data=np.array(values))
        self._create("field_of_view/png", data=np.frombuffer(b"".join(fields), np.uint8))
        ends = np.cumsum([len(field) for field in fields], dtype=np.int64)
        self._create("field_of_view/end", data=ends)
        self._create("patches", shape=(n_patches, CHANNELS, side, side), dtype=np.uint8)
        self._create("labels", shape=(n_patches,), dtype=np.uint8)
        self._create("image", shape=(n_patches,), dtype=np.int32)
        self._create("yx", shape=(n_patches, 2), dtype=np.int32)
        self._create("split", shape=(n_patches,), dtype=np.uint8)

    def _create(self, name: str, **arguments: Any) -> None:
        # Times would make two equal stores differ.
        self._file.create_dataset(name, track_times=False, **arguments)

    def append(
        self, patches: np.ndarray, label: int, image_index: int, yx: np.ndarray, split: int
    ) -> None:
        """Add the patches (n, 3, side, side) of one class and one image, with their corners."""
        rows = slice(self._next, self._next + len(patches))
        self._file["patches"][rows] = patches
        self._file["labels"][rows] = label
        self._file["image"][rows] = image_index
        self._file["yx"][rows] = yx
        self._file["split"][rows] = split
        self._next = rows.stop

    def describe(self, attributes: Dict[str, Any]) -> None:
        """Write what the store says of itself: text, numbers and lists of numbers."""
        for name, value in dict(attributes, format=FORMAT).items():
            self._file.attrs[name] = value

    def check_complete(self) -> None:
        """Raise RuntimeError unless everything announced has been appended."""
        if self._next != self._n_patches:
            raise RuntimeError(f"{self._n_patches} patches announced, {self._next} written")


class PatchStore:
    """A store. Its patches stay in the file until they are wanted: it may exceed the memory.

    patches: uint8 N x channels x side x side (BGR), an array or a StoredPatches
    labels: int (N,), 0 healthy, 1 exudate
    image: int (N,), each patch's row in `images`
    yx: int (N, 2), each patch's top left pixel in its image
    split: int (N,), 0 train, 1 validation, 2 test
    images: list of ImageRow
    attributes: dict
    A *sample* is a pair (patch index, symmetry 0 to 7); the symmetries are applied on reading.
    """

    def __init__(self, path: str) -> None:
        """Read the store at `path`.

        Raises DataError if there is none, if it is damaged, of an older format or of another
        program and lacks something, or if it has a patient in two splits.
        """
        path = path_of(path, "the store's file")
        if not os.path.isfile(path):
            raise DataError(
                f"{path}: no such store; make one with: egl prepare SOURCE --out {path}"
            )
        self.path = path
        try:
            attributes, contents = read_safely(path, _read)
        except DataError:
            raise
        except Exception as error:  # h5py raises many kinds for damaged files
            self._fail(f"not a patch store ({error})")
        self.attributes = attributes
        found = attributes.get("format")
        if contents is None:
            self._fail(f"format {found}, but this version reads format {FORMAT}")
        check_datasets(contents, self._fail)
        # Stores made before there was a threshold took any value above 0.
        self.attributes.setdefault("mask_threshold", 0)
        self.patches = contents.patches
        self.labels: np.ndarray = contents.labels.astype(int)
        self.image: np.ndarray = contents.image.astype(int)
        self.split: np.ndarray = contents.split.astype(int)
        self.yx: np.ndarray = contents.yx
        self.images = image_rows(contents.columns, self._fail)
        starts = [0, *contents.ends[:-1]]
        self._fields: List[bytes] = [
            contents.png[start:end].tobytes() for start, end in zip(starts, contents.ends.tolist())
        ]
        self._check()

    def _fail(self, problem: str) -> NoReturn:
        raise DataError(f"{self.path}: {problem}; make the store again with egl prepare")

    def _check(self) -> None:
        if not np.isin(self.labels, (0, 1)).all():
            self._fail("labels other than 0 and 1")
        n_images = len(self.images)
        if len(self.image) and not (self.image.min() >= 0 and self.image.max() < n_images):
            self._fail("patches of images that are not in the table")
        split_of: Dict[str, int] = {}
        for row in self.images:
            if split_of.setdefault(row.patient, row.split) != row.split:
                self._fail(f"patient {row.patient} is in two splits")
        image_split = np.array([row.split for row in self.images], int)
        if not (self.split == image_split[self.image]).all():
            self._fail("a patch in another split than its image")
        sizes = np.array([(row.height, row.width) for row in self.images], int).reshape(-1, 2)
        if (self.yx < 0).any() or (self.yx + self.side > sizes[self.image]).any():
            self._fail("a patch that reaches outside its image")
        available = {}
        for name in splits.NAMES:
            healthy, exudate = np.bincount(self.labels[self.patches_of(name)], minlength=2)
            if not healthy or not exudate:
                self._fail(f"split {name} lacks a class")
            available[name] = int(healthy), int(exudate)
        check_attributes(self.attributes, self.channels, self.side, available, self._fail)

    @property
    def side(self) -> int:
        """Side of a patch, pixels."""
        return self.patches.shape[-1]

    @property
    def channels(self) -> int:
        """Channels of a patch."""
        return self.patches.shape[1]

    @property
    def mean(self) -> np.ndarray:
        """Mean of the training patches: float64 (channels,), BGR, grey levels 0 to 255."""
        return np.array(self.attributes["mean_bgr"], float)

    def field(self, image_index: int) -> np.ndarray:
        """Return the field of view of an image: bool H x W. DataError if it is damaged."""
        row = self.images[image_index]
        try:
            field = field_of_view.from_png(self._fields[image_index])
        except ValueError:
            self._fail(f"the field of view of {row.id} is damaged")
        if field.shape != (row.height, row.width):
            self._fail(f"the field of view of {row.id} has another size than the image")
        return field

    def patches_of(self, split: str) -> np.ndarray:
        """Return the indices of the patches of a split: int (n,)."""
        return np.flatnonzero(self.split == splits.NAMES.index(split))

    def samples(self, split: str) -> np.ndarray:
        """Return the samples of a split: int (n, 2), healthy ones first, then exudate.

        They are in the order of the patches, the symmetries of each in order. There are as many of
        each class as the settings asked for, or as there are. If that is not a multiple of 8, the
        last patch of a class contributes only its first symmetries.
        """
        wanted = self.attributes["samples_" + split]
        per_patch = COUNT if self.attributes["augmented"] else 1
        indices = self.patches_of(split)
        chosen = []
        for label in (0, 1):
            of_class = indices[self.labels[indices] == label]
            symmetries = np.tile(np.arange(per_patch), len(of_class))
            pairs = np.stack([np.repeat(of_class, per_patch), symmetries], axis=1)
            chosen.append(pairs[: wanted[label]])
        return np.concatenate(chosen)

    def read(self, samples: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Return the patches (uint8 n x channels x side x side) and labels (int (n,)) of samples.

        samples: int (n, 2); each patch comes under its symmetry.
        """
        samples = np.asarray(samples)
        indices = samples[:, 0]
        return transform_each(self.patches[indices], samples[:, 1]), self.labels[indices]

    def read_in_parts(self, samples: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the patches of samples, PART at a time."""
        for start in range(0, len(samples), PART):
            yield self.read(samples[start : start + PART])[0]


def _read(file: h5py.File) -> Tuple[Dict[str, Any], Optional[Contents]]:
    """Return the attributes of a store file, and its contents where this version can read them."""
    attributes = read_attributes(file)
    if attributes.get("format") != FORMAT:
        return attributes, None
    return attributes, read_contents(file)
