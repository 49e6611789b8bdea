"""The 8 symmetries of the square.

They are the identity and the paper's 7 label-preserving transforms: flips and rotations by 90
degrees.
"""

import numpy as np

COUNT = 8


def transform(patches: np.ndarray, symmetry: int) -> np.ndarray:
    """Return `patches` under one symmetry of the square, as a view.

    patches: array of shape (..., S, S), rows first, of any type; symmetry: 0 to 7. 0 to 3 rotate
    counter-clockwise by 0, 90, 180, 270 degrees; 4 to 7 flip left-right first, then rotate
    likewise. Raises ValueError for another number.
    """
    if not 0 <= symmetry < COUNT:
        raise ValueError(f"symmetry {symmetry} is not one of 0 to {COUNT - 1}")
    flipped = patches[..., ::-1] if symmetry >= 4 else patches
    return np.rot90(flipped, symmetry % 4, axes=(-2, -1))


def transform_each(patches: np.ndarray, symmetries: np.ndarray) -> np.ndarray:
    """Return a copy of `patches` (N, ..., S, S), each under its own symmetry.

    symmetries: N ints, 0 to 7.
    """
    result = np.empty_like(patches)
    for symmetry in np.unique(symmetries):
        chosen = np.flatnonzero(symmetries == symmetry)
        result[chosen] = transform(patches[chosen], int(symmetry))
    return result
