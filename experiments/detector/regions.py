"""Labelled regions of an image, and what is measured over the pixels of each."""

import cv2
import numpy as np


class Regions:
    """Measures over the pixels of each of n regions, float (n,).

    labels: int h x w, 1 to n, 0 elsewhere. Values are given for the whole image, h x w, or for each of `pixels`. The mean of a
    region without pixels is 0; the highest value is asked for only where every region has some.
    """

    def __init__(self, labels, n):
        flat = np.flatnonzero(labels)
        of = labels.ravel()[flat]
        order = np.argsort(of, kind="stable")
        self.pixels, self._of, self.n = flat[order], of[order] - 1, n
        self.area = np.bincount(self._of, minlength=n).astype(float)
        self._starts = np.concatenate([[0], np.cumsum(self.area[:-1])]).astype(int)
        self.row, self.column = (
            place.astype(float) for place in np.divmod(self.pixels, labels.shape[1])
        )

    def mean(self, values):
        return np.bincount(self._of, self._at(values), self.n) / np.maximum(self.area, 1)

    def spread(self, values):
        values = self._at(values).astype(float)
        return np.sqrt(np.maximum(self.mean(values**2) - self.mean(values) ** 2, 0))

    def most(self, values):
        return np.maximum.reduceat(self._at(values), self._starts).astype(float)

    def _at(self, values):
        return values.ravel()[self.pixels] if values.ndim > 1 else values


def outlines(labels):
    """Return which pixels of labelled regions touch a pixel that is not of their region, or the border: bool h x w."""
    values = np.pad(labels, 1, mode="constant").astype(
        np.float32
    )  # OpenCV takes no integers of 32 bits here
    box = np.ones((3, 3), np.uint8)
    same = cv2.erode(values, box) == cv2.dilate(values, box)
    return (labels > 0) & ~same[1:-1, 1:-1]
