"""Photographs and what is drawn over them, small enough to be kept with a run."""

import cv2
import numpy as np

LONGEST = 700  # pixels: the longer side


def small_picture(pixels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the part of an image that lies in the box of the field of view, shrunk to LONGEST.

    pixels: H x W or H x W x 3; truth: H x W, 0 outside the field of view
    """
    rows = np.flatnonzero(truth.any(axis=1))
    columns = np.flatnonzero(truth.any(axis=0))
    inside = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    factor = min(1.0, LONGEST / max(inside.shape[:2]))
    return cv2.resize(inside, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
