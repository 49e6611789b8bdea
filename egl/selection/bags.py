"""Photographs as bags of the patches by which they are scored before anybody has labelled them."""

from typing import Callable, Dict, Tuple

import numpy as np

from data_prep.stored_photographs import StoredPhotographs
from egl.errors import EglError


class PhotographBags:
    """The patches of each photograph on a grid in its field of view, or a random part of them."""

    def __init__(
        self,
        photographs: StoredPhotographs,
        stride: int,
        limit: int,
        random_of: Callable[[int], np.random.RandomState],
    ) -> None:
        """stride: pixels; limit: patches of an image that are scored, drawn once by
        random_of(image); 0: all of its grid."""
        self._photographs, self._stride, self.limit = photographs, stride, limit
        self._random_of = random_of
        self._kept: Dict[int, Tuple[np.ndarray, int]] = {}

    def patches_of(self, image: int) -> Tuple[np.ndarray, int]:
        """Return (patches uint8 n x C x H x W, how many the whole grid has) of an image.

        Raises EglError for a grid without a patch: the stride is too large for the photograph.
        """
        if image in self._kept:
            return self._kept[image]
        bag = self._photographs.patches(image, self._stride, self.limit, self._random_of(image))
        if not len(bag[0]):
            raise EglError(
                f"--stride {self._stride}: no patch of image {image} lies in its field of view; "
                "give a smaller stride"
            )
        if self.limit:
            self._kept[image] = bag
        return bag

    def view(self, image: int) -> Tuple[np.ndarray, np.ndarray]:
        """Return (photograph uint8 H x W x C, field of view bool H x W) of an image."""
        return self._photographs.view(image)
