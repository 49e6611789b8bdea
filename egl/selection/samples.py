"""Where patches come from: those of a store, or the whole grid of a photograph.

A sample is a patch under one of the 8 symmetries; or, with copies "patch", a patch that is scored
as it lies in the photograph and trained on under random symmetries. The algorithms know it by a
number of its own, which is the same in every run.
"""

from typing import Any, Dict, List, Protocol, Tuple

import numpy as np

from data_prep import patches as cutting
from data_prep.store import PatchStore
from data_prep.stored_photographs import StoredPhotographs
from data_prep.symmetry import COUNT, transform_each

LARGEST_GRID = 2**24  # positions in one photograph


class Samples(Protocol):
    """What the algorithms read patches from. No label passes through here."""

    def patches(self, samples: np.ndarray) -> np.ndarray:
        """Return the pixels of samples (n,): uint8 (n, C, H, W)."""

    def turned(self, samples: np.ndarray, random: np.random.RandomState) -> np.ndarray:
        """Return the pixels of samples as training sees them: like `patches`.

        A sample that stands for a whole patch comes under one of its symmetries, at random.
        """

    def image_of(self, samples: np.ndarray) -> np.ndarray:
        """Return the image of each of the samples (n,): its row in store.images."""

    def count(self, samples: np.ndarray) -> Tuple[int, int]:
        """Return (how many distinct patches samples show, how many images these come from)."""

    def describe(self, sample: int) -> Dict[str, Any]:
        """Return a sample's columns of queries.csv: image (its row), patch, symmetry."""


class StoreSamples:
    """The training patches of a store; of each class as many as the store was made with.

    A sample's number is its row in store.samples("train").
    """

    def __init__(self, store: PatchStore, copies: str = "samples") -> None:
        """copies: "samples", or "patch" for one sample a patch."""
        self._store = store
        samples = store.samples("train")
        self._one_each = copies == "patch"
        self._symmetries = COUNT if store.attributes["augmented"] else 1
        self._samples = samples[samples[:, 1] == 0] if self._one_each else samples
        self._image_of = store.image[self._samples[:, 0]]
        self.images: List[int] = [int(image) for image in np.unique(self._image_of)]

    def __len__(self) -> int:
        return len(self._samples)

    def of(self, image: int) -> np.ndarray:
        """Return the samples of an image, ascending."""
        return np.flatnonzero(self._image_of == image)

    def labels(self, samples: np.ndarray) -> np.ndarray:
        """Return the labels that the store holds: for an oracle to give."""
        return self._store.labels[self._samples[samples, 0]]

    def patches(self, samples: np.ndarray) -> np.ndarray:
        return self._store.read(self._samples[samples])[0]

    def turned(self, samples: np.ndarray, random: np.random.RandomState) -> np.ndarray:
        patches = self.patches(samples)
        return _turned(patches, self._symmetries, random) if self._one_each else patches

    def image_of(self, samples: np.ndarray) -> np.ndarray:
        return self._image_of[samples]

    def count(self, samples: np.ndarray) -> Tuple[int, int]:
        patches = np.unique(self._samples[samples, 0])
        return len(patches), len(np.unique(self._store.image[patches]))

    def describe(self, sample: int) -> Dict[str, Any]:
        patch, symmetry = (int(number) for number in self._samples[sample])
        image = int(self._store.image[patch])
        return {"image": image, "patch": patch, "symmetry": "" if self._one_each else symmetry}


class GridSamples:
    """All positions of a grid over each photograph, under each symmetry.

    A sample's number is (image * LARGEST_GRID + position) * 8 + symmetry; positions count along the
    rows of the grid. The symmetry of a sample that stands for its whole patch is 0.
    """

    def __init__(
        self,
        photographs: StoredPhotographs,
        store: PatchStore,
        stride: int,
        copies: str = "samples",
    ) -> None:
        """stride: pixels between the patches of a grid; copies: "samples", or "patch" for one
        sample a patch."""
        self._photographs, self._store, self._stride = photographs, store, stride
        self._one_each = copies == "patch"

    def numbers(self, image: int, yx: np.ndarray) -> np.ndarray:
        """Return the samples of an image's patches with the corners yx (n, 2), ascending.

        Each patch gives one sample for each symmetry, or just one.
        """
        # 32 bits hold no more than 16 images.
        rows, columns = np.transpose(yx.astype(np.int64) // self._stride)
        positions = image * LARGEST_GRID + rows * self._columns(image) + columns
        symmetries = np.arange(1 if self._one_each else COUNT)
        return (positions[:, None] * COUNT + symmetries).ravel()

    def patches(self, samples: np.ndarray) -> np.ndarray:
        images, yx, symmetries = self._split(np.asarray(samples, int))
        channels, side = self._store.patches.shape[1:3]
        found = np.empty((len(images), channels, side, side), np.uint8)
        for image in np.unique(images):
            rows = images == image
            photograph = self._photographs.image(int(image))
            found[rows] = transform_each(cutting.cut(photograph, yx[rows], side), symmetries[rows])
        return found

    def turned(self, samples: np.ndarray, random: np.random.RandomState) -> np.ndarray:
        patches = self.patches(samples)
        return _turned(patches, COUNT, random) if self._one_each else patches

    def image_of(self, samples: np.ndarray) -> np.ndarray:
        return np.asarray(samples) // (LARGEST_GRID * COUNT)

    def count(self, samples: np.ndarray) -> Tuple[int, int]:
        patches = np.unique(np.asarray(samples) // COUNT)
        return len(patches), len(np.unique(patches // LARGEST_GRID))

    def describe(self, sample: int) -> Dict[str, Any]:
        """`patch` is the row and column of its corner in the photograph, in pixels."""
        images, yx, symmetries = self._split(np.array([sample]))
        (y, x), symmetry = yx[0], int(symmetries[0])
        return {
            "image": int(images[0]),
            "patch": f"{y} {x}",
            "symmetry": "" if self._one_each else symmetry,
        }

    def _columns(self, image: int) -> int:
        return self._store.images[image].width // self._stride + 1

    def _split(self, samples: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        rest, symmetries = np.divmod(samples, COUNT)
        images, positions = np.divmod(rest, LARGEST_GRID)
        columns = np.array([self._columns(int(image)) for image in images])
        return images, np.stack(np.divmod(positions, columns), axis=1) * self._stride, symmetries


def _turned(patches: np.ndarray, symmetries: int, random: np.random.RandomState) -> np.ndarray:
    """Return each of the patches under one of the first `symmetries`, at random."""
    return transform_each(patches, random.randint(symmetries, size=len(patches)))
