"""The labelled patches of an image: what joins L_mu when the image is labelled (Algorithm 2), and L itself (Algorithm 1).

A sample is a patch under one of the 8 symmetries, known to the algorithms by a number of its own, stable over runs.
"""

import numpy as np

from egl.errors import EglError

SYMMETRIES = 8
LARGEST_GRID = 2**24  # patches of one image


class StoreSamples:
    """The training patches of a store: as many of each class as it was made with, whatever their shares in the images."""

    def __init__(self, data):
        """data: a patch store (data_prep.store.PatchStore). A sample's number is its row in data.samples("train")."""
        self._data = data
        self._samples = data.samples("train")
        self._image_of = data.image[self._samples[:, 0]]
        self.images = [int(image) for image in np.unique(self._image_of)]

    def __len__(self):
        return len(self._samples)

    def of(self, image):
        """Return the samples of an image, int (n,), ascending."""
        return np.flatnonzero(self._image_of == image)

    def read(self, samples):
        """Return (patches uint8 n x 3 x 48 x 48, labels int (n,)) of samples (n,)."""
        return self._data.read(self._samples[samples])

    def image_of(self, samples):
        """Return the image of each of the samples, int (n,)."""
        return self._image_of[samples]

    def n_patches(self, samples):
        """Return (how many distinct patches the samples show, how many images these come from)."""
        patches = np.unique(self._samples[samples, 0])
        return len(patches), len(np.unique(self._data.image[patches]))

    def describe(self, sample):
        """Return a sample's columns of queries.csv: image (number), patch, symmetry, label."""
        patch, symmetry = (int(number) for number in self._samples[sample])
        return {
            "image": int(self._data.image[patch]),
            "patch": patch,
            "symmetry": symmetry,
            "label": int(self._data.labels[patch]),
        }


class GridSamples:
    """The patches of a whole image on a grid, labelled by its mask: exudates have the small share that they have in the eye.

    A sample's number is (image * LARGEST_GRID + place in its grid) * 8 + symmetry.
    """

    def __init__(self, data, labelled_grid, stride):
        """labelled_grid(image, stride): an object with yx (n, 2), labels (n,) and read(places, symmetries); see
        data_prep.grid_patches.LabelledGrid. Read when an image is labelled, and kept: a photograph is 9 MB at 2144 x 1424."""
        self._labelled_grid, self._stride = labelled_grid, stride
        self._grids = {}
        self.images = StoreSamples(data).images

    def __len__(self):
        raise EglError(
            "labelled grid patches are for choosing images (Algorithm 2); choosing patches wants those of the store"
        )

    def _grid(self, image):
        if image not in self._grids:
            self._grids[image] = self._labelled_grid(image, self._stride)
        return self._grids[image]

    def of(self, image):
        """Return the samples of an image, int64 (n,), ascending."""
        return image * LARGEST_GRID * SYMMETRIES + np.arange(
            len(self._grid(image).labels) * SYMMETRIES
        )

    def _split(self, samples):
        rest, symmetries = np.divmod(samples, SYMMETRIES)
        images, places = np.divmod(rest, LARGEST_GRID)
        return images, places, symmetries

    def read(self, samples):
        """Return (patches uint8 n x 3 x 48 x 48, labels int (n,)) of samples (n,)."""
        images, places, symmetries = self._split(np.asarray(samples))
        patches, labels = np.empty((len(images), 3, 48, 48), np.uint8), np.empty(len(images), int)
        for image in np.unique(images):
            here, grid = images == image, self._grid(int(image))
            patches[here], labels[here] = (
                grid.read(places[here], symmetries[here]),
                grid.labels[places[here]],
            )
        return patches, labels

    def image_of(self, samples):
        """Return the image of each of the samples, int (n,)."""
        return np.asarray(samples) // (LARGEST_GRID * SYMMETRIES)

    def n_patches(self, samples):
        """Return (how many distinct patches the samples show, how many images these come from)."""
        patches = np.unique(np.asarray(samples) // SYMMETRIES)
        return len(patches), len(np.unique(patches // LARGEST_GRID))

    def describe(self, sample):
        """Return a sample's columns of queries.csv; `patch` is the row and column of its corner in the photograph."""
        image, place, symmetry = (int(number) for number in self._split(sample))
        grid = self._grid(image)
        return {
            "image": image,
            "patch": "{} {}".format(*grid.yx[place]),
            "symmetry": symmetry,
            "label": int(grid.labels[place]),
        }
