"""Which patches of a photograph are exudate patches and which are healthy, and where to cut them.

A patch is named by its *corner*, the row and column of its top left pixel.
"""

from typing import Optional, Tuple, Union

import numpy as np

from data_prep.geometry import PATCH_SIDE, grid_counts, grid_inside

EXUDATE_RULES = ("centre", "any")
ExudateRule = Union[str, float]  # one of EXUDATE_RULES, or a share of the patch's pixels

# Pixels between the corners of two patches of one class in one image: nearer ones are
# near-duplicates.
LEAST_DISTANCE = 8
ENOUGH = 1000  # corners drawn for every patch wanted


def corners(
    field: np.ndarray,
    mask: Optional[np.ndarray],
    rule: ExudateRule = "centre",
    side: int = PATCH_SIDE,
    stride: int = 1,
) -> Tuple[np.ndarray, np.ndarray]:
    """Return which patches of a grid are healthy and which are exudate patches.

    A patch is healthy if it has no annotated pixel. It is an exudate patch by `rule`: "centre", if
    its centre pixel (row and column side // 2) is annotated; "any", if any pixel is; or a float, if
    at least that share of its pixels is. A patch that is neither is in neither class. No patch
    reaches outside the field of view.
    field, mask: bool H x W; mask None where no pixel is annotated.
    Returns two bool (rows, columns); entry (i, j) is the corner (i * stride, j * stride).
    """
    inside = grid_inside(field.shape, (side, side), stride, field)
    if mask is None:
        return inside, np.zeros_like(inside)
    counts = grid_counts(mask, (side, side), stride)
    if rule == "any":
        exudate = counts > 0
    elif rule == "centre":
        rows, columns = inside.shape
        centres = mask[side // 2 :: stride, side // 2 :: stride]
        exudate = centres[:rows, :columns]
    else:
        exudate = counts.astype(np.float32) / np.float32(side**2) >= np.float32(rule)
    return inside & (counts == 0), inside & exudate


def scatter(
    allowed: np.ndarray,
    most: int,
    random: np.random.RandomState,
    least_distance: int = LEAST_DISTANCE,
) -> np.ndarray:
    """Return up to `most` random corners of the bool mask `allowed`: int32 (n, 2), (y, x).

    No two are nearer than `least_distance` pixels in both directions, so that a large exudate does
    not fill a class with copies of itself. The order is random: the first n corners are themselves
    such a random choice.
    """
    width = allowed.shape[1]
    positions = np.flatnonzero(allowed)
    # Healthy retina has millions of positions; one drawn twice is too near to itself.
    if len(positions) > ENOUGH * most:
        positions = positions[random.randint(len(positions), size=ENOUGH * most)]
    free = np.ones(allowed.shape, bool)
    chosen = []
    for position in positions[random.permutation(len(positions))]:
        y, x = divmod(int(position), width)
        if not free[y, x]:
            continue
        chosen.append((y, x))
        if len(chosen) == most:
            break
        free[
            max(0, y - least_distance + 1) : y + least_distance,
            max(0, x - least_distance + 1) : x + least_distance,
        ] = False
    return np.array(chosen, np.int32).reshape(-1, 2)


def grid(field: np.ndarray, stride: int, side: int = PATCH_SIDE) -> np.ndarray:
    """Return the corners of all patches of a grid that lie in the field of view: int32 (n, 2)."""
    inside = grid_inside(field.shape, (side, side), stride, field)
    return (np.argwhere(inside) * stride).astype(np.int32)


def cut(image: np.ndarray, yx: np.ndarray, side: int = PATCH_SIDE) -> np.ndarray:
    """Return the patches of an image at the corners `yx` (n, 2).

    image: uint8 H x W x C. Returns uint8 n x C x side x side, channels in the image's order.
    """
    patches = np.empty((len(yx), image.shape[2], side, side), np.uint8)
    for index, (y, x) in enumerate(yx):
        patches[index] = image[y : y + side, x : x + side].transpose(2, 0, 1)
    return patches
