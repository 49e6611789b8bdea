"""What Fig. 3 watches: the runs, and what became of their photographs' interestingness."""

from typing import NamedTuple, Tuple

import numpy as np

from experiments.paper import baseline, fig2

KINDS = {"egl": "EGL selection", "sgd": "Plain SGD"}
WORKS, DECAYED = 0.9, 0.05  # the rule of C3


def name(kind, seed):
    """Return the name of the run that watches a seed's training."""
    return f"fig3-{kind}-seed{seed:02d}"


def watched(kind, seed):
    """Return the name of the run that is watched."""
    return fig2.name("all", "egl", seed) if kind == "egl" else baseline.name(seed)


def seeds_of(protocol):
    """Return {kind: its seeds}."""
    return {
        "egl": range(1, min(protocol.seeds, protocol.fig2_seeds) + 1),
        "sgd": range(1, protocol.baseline_seeds + 1),
    }


class Watched(NamedTuple):
    """One watched run, at n times, and its m photographs.

    iterations (n,); images (m,): ids; lesion: bool (m,); sums (m, n): interestingness; relative (m, n): that over its maximum in time,
    nan where that is 0; f (n,): F of the last evaluation until then, nan before the first; works: bool (n,), whether that is 90% of the
    run's best; counts: whether the run counts for C3: its net still works at the last time, and never diverged after it
    """

    kind: str
    seed: int
    iterations: np.ndarray
    images: Tuple[str, ...]
    lesion: np.ndarray
    sums: np.ndarray
    relative: np.ndarray
    f: np.ndarray
    works: np.ndarray
    counts: bool


def load(results, kind, seed):
    """Return the Watched of a finished run, or None if it diverged before the first time."""
    rows, rounds = (
        results.text_rows(name(kind, seed), "interestingness.csv"),
        results.rounds(watched(kind, seed)),
    )
    if not rows:
        return None
    iterations = np.array(sorted({int(row["iteration"]) for row in rows}))
    first = rows[: len(rows) // len(iterations)]
    sums = np.array([float(row["sum"]) for row in rows]).reshape(len(iterations), len(first)).T
    most = sums.max(axis=1, keepdims=True)
    f = np.append(np.nan, rounds["f_measure"])[
        np.searchsorted(rounds["iteration"], iterations, side="right")
    ]
    best = rounds["f_measure"].max()
    works = (np.nan_to_num(f) >= WORKS * best) & (best > 0)
    return Watched(
        kind,
        seed,
        iterations,
        tuple(row["image"] for row in first),
        np.array([row["lesion"] == "1" for row in first]),
        sums,
        np.divide(sums, most, out=np.full_like(sums, np.nan), where=most > 0),
        f,
        works,
        bool(works[-1]) and not results.metrics(watched(kind, seed))["diverged"],
    )


def times(runs):
    """Return the iterations at which any of these runs was watched, in order."""
    return sorted({int(iteration) for run in runs for iteration in run.iterations})
