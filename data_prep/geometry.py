"""Where patches lie in a photograph: their size, and which positions of a grid the field of view allows."""

from typing import Optional, Tuple

import numpy as np

PATCH_SIDE = 48  # pixels: the paper's patch


def grid_inside(
    shape: Tuple[int, int], patch: Tuple[int, int], stride: int, field: Optional[np.ndarray] = None
) -> np.ndarray:
    """Return which patches of a grid lie wholly inside the image and the field of view: bool (rows, columns).

    Entry (i, j) is the patch whose top left pixel is (i * stride, j * stride).
    shape: (H, W) of the image; patch: (height, width) in pixels; field: bool H x W, or None for the whole image. An image
    smaller than a patch has a grid without rows or columns.
    """
    rows, columns = (max(0, (whole - part) // stride + 1) for whole, part in zip(shape, patch))
    if field is None or not rows or not columns:
        return np.ones((rows, columns), bool)
    # Sums over rectangles are differences of sums from the top left corner.
    total = np.zeros((shape[0] + 1, shape[1] + 1), np.int64)
    total[1:, 1:] = field.cumsum(axis=0).cumsum(axis=1)
    top, left = np.arange(rows)[:, None] * stride, np.arange(columns) * stride
    bottom, right = top + patch[0], left + patch[1]
    counts = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
    return counts == patch[0] * patch[1]
