"""The patch store: one HDF5 file with every patch, label and split, described in docs/files.md, written once and read here."""

import os
from collections import namedtuple

import h5py
import numpy as np

from data_prep import split as splits
from data_prep.errors import DataError
from data_prep.symmetry import COUNT, transform_each

FORMAT = 1

ImageRow = namedtuple("ImageRow", "id patient source height width lesion split sha256")
ImageRow.__doc__ = """One photograph of a store: id, patient, source (path below the data set's folder), height and width in
pixels after scaling, lesion (bool), split (0 train, 1 validation, 2 test), sha256 of the source file (hex)."""


class StoreWriter:
    """Writes a store under a temporary name; `finish` renames it, leaving the `with` block any other way removes it."""

    def __init__(self, path, images, n_patches, attributes):
        """path: where the store goes; images: list of ImageRow; attributes: dict of str, numbers and lists of these."""
        self.path = path
        self._temporary = f"{path}.writing-{os.getpid()}"
        self._next = 0
        self._n = n_patches
        try:
            self._file = h5py.File(self._temporary, "w")
        except OSError as error:
            raise DataError(
                f"{path}: cannot be written ({error}); choose another place with --out"
            ) from error
        self._file.attrs["format"] = FORMAT
        for name, value in attributes.items():
            self._file.attrs[name] = value
        for column in ImageRow._fields:
            values = [getattr(row, column) for row in images]
            if isinstance(values[0], str):
                values = [value.encode("utf-8") for value in values]
            self._create("images/" + column, data=np.array(values))
        self._create("patches", shape=(n_patches, 3, 48, 48), dtype=np.uint8)
        self._create("labels", shape=(n_patches,), dtype=np.uint8)
        self._create("image", shape=(n_patches,), dtype=np.int32)
        self._create("yx", shape=(n_patches, 2), dtype=np.int32)
        self._create("split", shape=(n_patches,), dtype=np.uint8)

    def _create(self, name, **arguments):
        self._file.create_dataset(
            name, track_times=False, **arguments
        )  # times would make two equal stores differ

    def append(self, patches, label, image, yx, split):
        """Add the patches (n, 3, 48, 48) of one class and one image, with their corners yx (n, 2)."""
        here = slice(self._next, self._next + len(patches))
        self._file["patches"][here] = patches
        self._file["labels"][here] = label
        self._file["image"][here] = image
        self._file["yx"][here] = yx
        self._file["split"][here] = split
        self._next = here.stop

    def finish(self, attributes):
        """Check that everything announced was written, add what was only known at the end, and give the file its name."""
        if self._next != self._n:
            raise RuntimeError(f"{self._n} patches announced, {self._next} written")
        for name, value in attributes.items():
            self._file.attrs[name] = value
        self._file.close()
        PatchStore(self._temporary)  # reads it back, with every check
        os.replace(self._temporary, self.path)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._file.close()
        if os.path.exists(self._temporary):
            os.remove(self._temporary)


class PatchStore:
    """A store, read into memory (17 MB at the paper's size).

    patches uint8 N x 3 x 48 x 48 (BGR); labels (N,) 0 healthy, 1 exudate; image (N,) row in `images`; yx (N, 2) top left
    corner in the image; split (N,) 0 train, 1 validation, 2 test; images: list of ImageRow; attributes: dict.
    A *sample* is a pair (patch index, symmetry 0 to 7); the 8 symmetries are applied on reading.
    """

    def __init__(self, path):
        """Read the store at `path`; DataError if it is none, is damaged, or has a patient in two splits."""
        if not os.path.isfile(path):
            raise DataError(
                f"{path}: no such store; make one with: egl prepare SOURCE --out {path}"
            )
        self.path = path
        try:
            with h5py.File(path, "r") as file:
                self.attributes = {name: _plain(value) for name, value in file.attrs.items()}
                self.patches, self.labels = file["patches"][...], file["labels"][...].astype(int)
                self.image, self.split = (
                    file["image"][...].astype(int),
                    file["split"][...].astype(int),
                )
                self.yx = file["yx"][...]
                columns = [file["images/" + name][...].tolist() for name in ImageRow._fields]
        except (OSError, KeyError, RuntimeError) as error:
            raise DataError(
                f"{path}: not a patch store ({error}); make it again with egl prepare"
            ) from error
        self.images = [ImageRow(*map(_plain, row)) for row in zip(*columns)]
        self._check()

    def _check(self):
        def fail(what):
            raise DataError(f"{self.path}: {what}; make the store again with egl prepare")

        n = len(self.labels)
        if self.attributes.get("format") != FORMAT:
            fail(
                "format {} where this version reads {}".format(
                    self.attributes.get("format"), FORMAT
                )
            )
        if (
            self.patches.shape != (n, 3, 48, 48)
            or not len(self.image) == len(self.split) == len(self.yx) == n
        ):
            fail("datasets of unequal length")
        if not np.isin(self.labels, (0, 1)).all():
            fail("labels other than 0 and 1")
        if n and not (self.image.min() >= 0 and self.image.max() < len(self.images)):
            fail("patches of images that are not in the table")
        where = {}
        for row in self.images:
            if where.setdefault(row.patient, row.split) != row.split:
                fail(f"patient {row.patient} is in two splits")
        image_split = np.array([row.split for row in self.images], int)
        if not (self.split == image_split[self.image]).all():
            fail("a patch in another split than its image")
        for name in splits.NAMES:
            if len(set(self.labels[self.patches_of(name)])) < 2:
                fail(f"split {name} lacks a class")

    @property
    def mean(self):
        """Mean of the training patches, float64 (3,), BGR, grey levels 0 to 255."""
        return np.array(self.attributes["mean_bgr"], float)

    def patches_of(self, split):
        """Return the indices (n,) of the patches of a split, by its name."""
        return np.flatnonzero(self.split == splits.NAMES.index(split))

    def samples(self, split):
        """Return the samples of a split, int (n, 2): healthy ones first, then exudate; patch by patch, its symmetries in order.

        There are exactly as many of each class as were asked for when the store was made (or as there are): where that
        is no multiple of 8, the last patch of a class contributes only its first symmetries.
        """
        wanted = self.attributes["samples_" + split]
        each = COUNT if self.attributes["augmented"] else 1
        indices = self.patches_of(split)
        chosen = []
        for label in (0, 1):
            of_class = indices[self.labels[indices] == label]
            pairs = np.stack(
                [np.repeat(of_class, each), np.tile(np.arange(each), len(of_class))], axis=1
            )
            chosen.append(pairs[: wanted[label]])
        return np.concatenate(chosen)

    def read(self, samples):
        """Return (patches uint8 n x 3 x 48 x 48, labels int (n,)) of samples (n, 2), each under its symmetry."""
        samples = np.asarray(samples)
        return transform_each(self.patches[samples[:, 0]], samples[:, 1]), self.labels[
            samples[:, 0]
        ]


def _plain(value):
    """Return an HDF5 value as Python's own type; h5py 2 and 3 differ in what they return for text."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value
