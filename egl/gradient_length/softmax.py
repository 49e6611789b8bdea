"""The softmax in float64, for the fast routes. The reference (param_diff) has its own."""

from __future__ import annotations

import numpy as np


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return exp(s_j) / sum over k of exp(s_k) for each row of scores (N, C): float64 (N, C).

    scipy.special.softmax is exp(s_j - log of the sum), whose last bits differ.
    """
    powers = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
