"""Where patches lie in a photograph: their size, and which positions of a grid are allowed."""

from typing import Optional, Tuple

import cv2
import numpy as np

PATCH_SIDE = 48  # pixels: the paper's patch


def grid_shape(shape: Tuple[int, int], patch: Tuple[int, int], stride: int) -> Tuple[int, int]:
    """Return how many (rows, columns) of patches a grid has.

    shape: (H, W) of the image; patch: (height, width), pixels. (0, 0) for an image smaller than a
    patch.

    >>> grid_shape((480, 720), (48, 48), stride=24)
    (19, 29)
    """
    rows = (shape[0] - patch[0]) // stride + 1
    columns = (shape[1] - patch[1]) // stride + 1
    return (rows, columns) if rows > 0 and columns > 0 else (0, 0)


def grid_counts(mask: np.ndarray, patch: Tuple[int, int], stride: int) -> np.ndarray:
    """Return how many pixels of `mask` are True in each patch of a grid: int32 (rows, columns).

    Entry (i, j) is the patch whose top left pixel is (i * stride, j * stride).
    mask: bool H x W; patch: (height, width), pixels.
    """
    rows, columns = grid_shape(mask.shape, patch, stride)
    if not rows:
        return np.zeros((0, 0), np.int32)
    # The sum over a rectangle is a difference of sums from the top left corner of the image.
    total = cv2.integral(np.ascontiguousarray(mask, np.uint8))
    top, bottom = total[::stride][:rows], total[patch[0] :: stride][:rows]
    left, right = slice(0, None, stride), slice(patch[1], None, stride)
    counts = bottom[:, right] - top[:, right]
    counts -= (bottom[:, left] - top[:, left])[:, :columns]
    return counts


def grid_inside(
    shape: Tuple[int, int], patch: Tuple[int, int], stride: int, field: Optional[np.ndarray] = None
) -> np.ndarray:
    """Return which patches of a grid lie wholly inside the image and the field of view.

    shape: (H, W) of the image; patch: (height, width), pixels; field: bool H x W, or None for the
    whole image. Returns bool (rows, columns), with entries as in `grid_counts`.
    """
    if field is None:
        return np.ones(grid_shape(shape, patch, stride), bool)
    return grid_counts(field, patch, stride) == patch[0] * patch[1]


def disc(diameter: float) -> np.ndarray:
    """Return a round structuring element: uint8 of odd size, at least 3 x 3 pixels."""
    size = max(3, int(round(diameter)) | 1)
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))


def ceil_div(numerator: int, denominator: int) -> int:
    """Return the smallest whole number that is at least numerator / denominator.

    >>> ceil_div(986, 8)
    124
    """
    return -(-numerator // denominator)
