"""Whether two ways gave the same phi: before they are compared for speed."""

import numpy as np


def largest_difference(phi, scores):
    """Return the largest difference of phi (N,) from that of the scores' first N patches, relative.

    Where the net is surer than 0.99 it is left out: param diffs and PyTorch form p - 1 in float32, whose digits are lost there.
    """
    expected, posterior = (scores[name][: len(phi)] for name in ("phi", "posterior"))
    unsure = posterior.min(axis=1) > 0.01
    if not unsure.any():
        raise ValueError("the net is sure of all patches: nothing to compare")
    return float(np.max(np.abs(phi[: len(expected)] / expected - 1)[unsure]))
