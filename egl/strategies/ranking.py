"""From gradient lengths to a choice: pure functions, numpy in, numpy out."""

import re

import numpy as np

from egl.errors import Diverged, EglError

REDUCTIONS = ("sum", "mean", "topN, for instance top5")
_TOP = re.compile(r"top([1-9][0-9]{0,8})", re.ASCII)


def top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """Return the indices (k,) of the k highest scores, highest first.

    scores: (n,) numbers. Of equal scores the lowest index comes first; at most n are returned.
    Raises Diverged if a score is not a number.
    """
    scores = np.asarray(scores, float)
    if np.isnan(scores).any():
        raise Diverged("a score is not a number: the net has diverged; lower the learning rate")
    return np.argsort(-scores, kind="stable")[:k]


def image_score(phi: np.ndarray, n_grid: int, reduction: str = "sum") -> float:
    """Return the interestingness of an image (Algorithm 2, line 6).

    phi: (n,) of its patches.

    n_grid: how many patches the image's whole grid has; where phi is of a random part of them, the
    sum is extrapolated to all. reduction: "sum" (the paper's Algorithm 2), "mean" (does not favour
    large images), or "topN": the mean of the N highest (the paper's section 3, "sorted by their top
    EGL values"). An image without patches has 0.
    """
    phi = np.asarray(phi, float)
    check_reduction(reduction)
    if not len(phi):
        return 0.0
    if reduction == "sum":
        return float(phi.sum() * (n_grid / len(phi)))
    if reduction == "mean":
        return float(phi.mean())
    return float(np.sort(phi)[-int(reduction[3:]) :].mean())


def check_reduction(reduction: str) -> None:
    """Raise EglError unless `reduction` is one that image_score knows."""
    if reduction not in ("sum", "mean") and not _TOP.fullmatch(reduction):
        raise EglError(f"--score {reduction!r}: give one of {', '.join(REDUCTIONS)}")
