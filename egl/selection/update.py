"""The update (Algorithm 1, line 7): which samples each SGD batch has."""

import numpy as np

from data_prep.geometry import ceil_div


def update_batches(
    chosen: np.ndarray,
    earlier: np.ndarray,
    iterations: int,
    size: int,
    random: np.random.RandomState,
) -> np.ndarray:
    """Return the batches of one update of M, samples (n, size).

    The chosen samples, L_k, come first; what room they leave is filled with random samples of
    L' + L_k. earlier: L'. There are `iterations` batches, or more where L_k needs more. How a batch
    is drawn from L' + L_k is our reading; the paper does not say.
    """
    n = max(iterations, ceil_div(len(chosen), size))
    known = np.concatenate([earlier, chosen]).astype(int)
    filling = known[random.randint(len(known), size=n * size - len(chosen))]
    return np.concatenate([chosen, filling]).astype(int).reshape(n, size)
