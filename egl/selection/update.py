"""The update (Algorithm 1, line 7): which samples each SGD batch has."""

import numpy as np

from data_prep.geometry import ceil_div

UPDATES = ("union", "chosen-first", "chosen-only")


def update_batches(
    how: str,
    chosen: np.ndarray,
    earlier: np.ndarray,
    iterations: int,
    size: int,
    random: np.random.RandomState,
) -> np.ndarray:
    """Return the batches of one update of M, samples (n, size).

    chosen: L_k; earlier: L'.

    union: `iterations` batches, each drawn at random from L' + L_k, as line 7 reads; no sample
    twice in a batch, unless there are fewer than `size`. That the draw is random is our reading.

    chosen-first: L_k comes first, and random samples of L' + L_k fill what room is left. There are
    `iterations` batches, or more where L_k needs more.

    chosen-only: the same with L_k alone.
    """
    known = np.concatenate([earlier, chosen]).astype(int)
    if how == "union":
        scarce = len(known) < size
        return np.stack([random.choice(known, size, replace=scarce) for _ in range(iterations)])
    source = known if how == "chosen-first" else np.asarray(chosen, int)
    n = max(iterations, ceil_div(len(chosen), size))
    filling = source[random.randint(len(source), size=n * size - len(chosen))]
    return np.concatenate([chosen, filling]).astype(int).reshape(n, size)
