"""A grid of patches cut into tiles, which the dense route works through one by one."""

from __future__ import annotations

from typing import Iterator, List, NamedTuple, Tuple

import numpy as np

from data_prep.geometry import PATCH_SIDE, ceil_div

SIDE = 560  # pixels: the dense route then takes less than 0.8 GB at any stride


class Tile(NamedTuple):
    """A rectangle of grid positions: those of some successive rows and columns."""

    rows: slice
    columns: slice

    def pixels(self, stride: int) -> Tuple[slice, slice]:
        """Return the pixels that the patches at these positions cover, down and across."""
        return _pixels(self.rows, stride), _pixels(self.columns, stride)


def tiles(inside: np.ndarray, stride: int, multiple: int = 1) -> Iterator[Tile]:
    """Yield tiles that together hold every position where `inside` is true.

    They may overlap, and together hold no row or column outside the box around those positions.
    inside: bool (rows, columns); stride: pixels between positions
    multiple: a tile of the greatest length has this many positions, or a multiple of it
    """
    longest = max(((SIDE - PATCH_SIDE) // stride + 1) // multiple, 1) * multiple
    for rows in _pieces(inside.any(axis=1), longest):
        for columns in _pieces(inside[rows].any(axis=0), longest):
            if inside[rows, columns].any():
                yield Tile(rows, columns)


def _pieces(used: np.ndarray, longest: int) -> List[slice]:
    """Cut positions from the first to the last used one into slices of one length.

    The slices are as few and as short as `longest` allows; the last may overlap the one before.
    """
    positions = np.flatnonzero(used)
    if not len(positions):
        return []
    start, stop = int(positions[0]), int(positions[-1]) + 1
    n = ceil_div(stop - start, longest)
    length = ceil_div(stop - start, n)
    starts = [min(start + index * length, stop - length) for index in range(n)]
    return [slice(first, first + length) for first in starts]


def _pixels(positions: slice, stride: int) -> slice:
    return slice(positions.start * stride, (positions.stop - 1) * stride + PATCH_SIDE)
