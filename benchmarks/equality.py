"""Checks that two ways give the same phi before their speeds are compared."""

from typing import Mapping

import numpy as np


def largest_difference(phi: np.ndarray, scores: Mapping[str, np.ndarray]) -> float:
    """Return the largest relative difference of phi (N,) from that of the scores' first N patches.

    Patches of which the net is more than 99% certain are left out: parameter diffs and PyTorch form
    p - 1 in float32, which loses its digits there.
    """
    expected, posterior = (scores[name][: len(phi)] for name in ("phi", "posterior"))
    uncertain = posterior.min(axis=1) > 0.01
    if not uncertain.any():
        raise ValueError("the net is certain of all patches: nothing to compare")
    return float(np.max(np.abs(phi[: len(expected)] / expected - 1)[uncertain]))
