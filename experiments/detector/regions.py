"""Labelled regions of an image, and what is measured over the pixels of each."""

import cv2
import numpy as np
from scipy import ndimage


class Regions:
    """Measures over the pixels of each of n regions: float (n,), nan for a region without pixels.

    labels: int h x w, 1 to n, 0 elsewhere; the values to be measured are h x w too
    """

    def __init__(self, labels: np.ndarray, n: int) -> None:
        self._inside, self._n = labels > 0, n
        self._labels = labels[self._inside].astype(int)
        self.area: np.ndarray = np.bincount(self._labels, minlength=n + 1)[1:].astype(float)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Return the mean of each region."""
        # Not ndimage.mean, which fails where no region has pixels.
        sums = np.bincount(self._labels, values[self._inside], minlength=self._n + 1)[1:]
        with np.errstate(invalid="ignore"):
            return sums / self.area

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Return the standard deviation of each region."""
        # Not ndimage.standard_deviation, whose last bits differ: a forest's threshold on a feature
        # may lie between the two.
        values = values.astype(float)
        return np.sqrt(np.maximum(self.mean(values**2) - self.mean(values) ** 2, 0))

    def highest(self, values: np.ndarray) -> np.ndarray:
        """Return the highest value of each region; every one must have pixels."""
        index = np.arange(1, self._n + 1)
        return ndimage.maximum(values[self._inside], self._labels, index).astype(float)


def outlines(labels: np.ndarray) -> np.ndarray:
    """Return which pixels of labelled regions are on their outline: bool h x w.

    They touch a pixel that is not of their region, or the border of the image.
    """
    # OpenCV does not erode integers of 32 bits.
    values = np.pad(labels, 1, mode="constant").astype(np.float32)
    box = np.ones((3, 3), np.uint8)
    same = cv2.erode(values, box) == cv2.dilate(values, box)
    return (labels > 0) & ~same[1:-1, 1:-1]
