"""Scores of pixels against an annotated mask.

Scores are binned, p by its log-odds and phi by its logarithm, so that a photograph's histogram is
8192 numbers and not millions of pixels. A threshold is a bin: pixels in it or above are called
exudate.
"""

from typing import Iterator, Tuple

import numpy as np

BINS = 8192
PER_UNIT = 256  # bins for each unit of the logarithm: neighbouring odds differ by 0.4%
# The logarithm at the lower edge of bin 0. Lower scores are in bin 0 too, and scores above 32 more
# in the last.
LOWEST = {"p": -16.0, "phi": -24.0}
OUTSIDE, HEALTHY, ANNOTATED = 0, 1, 2  # a pixel of the truth; OUTSIDE the field of view
CURVE_STEP = 32  # bins between two points of a precision-recall curve


def truth_of(mask: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Return the truth of a photograph, uint8 H x W.

    mask, field: bool H x W, what is annotated and the field of view
    """
    return np.where(field, np.where(mask, ANNOTATED, HEALTHY), OUTSIDE).astype(np.uint8)


def bin_scores(scores: np.ndarray, kind: str) -> np.ndarray:
    """Return the bin of each score, uint16, from 0 to BINS - 1; a score of 0 is in bin 0.

    kind: "p" or "phi"
    """
    with np.errstate(divide="ignore"):
        logarithm = np.log(scores)
        if kind == "p":
            logarithm -= np.log1p(-np.minimum(scores, 1))
    return np.clip((logarithm - LOWEST[kind]) * PER_UNIT, 0, BINS - 1).astype(np.uint16)


def bin_edge(index: int, kind: str) -> float:
    """Return the least score in a bin."""
    logarithm = LOWEST[kind] + index / PER_UNIT
    return float(1 / (1 + np.exp(-logarithm)) if kind == "p" else np.exp(logarithm))


def histogram(bins: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return how many pixels of the field of view are in each bin: (2, BINS).

    The first row counts HEALTHY pixels, the second ANNOTATED ones.
    """
    rows = [np.bincount(bins[truth == kind], minlength=BINS) for kind in (HEALTHY, ANNOTATED)]
    return np.stack(rows)


def cumulative_from_top(histograms: np.ndarray) -> np.ndarray:
    """Return how many pixels are in each bin or a higher one, of histograms (..., BINS)."""
    return histograms[..., ::-1].cumsum(axis=-1)[..., ::-1]


def best_threshold(counts: np.ndarray) -> int:
    """Return the bin that gives the highest pixel F; of several, the lowest; never bin 0.

    counts: the histogram of the photographs that decide it, (2, BINS)
    """
    healthy, annotated = cumulative_from_top(counts)
    f = 2 * annotated / np.maximum(annotated + healthy + annotated[0], 1)
    return 1 + int(np.argmax(f[1:]))


def called(bins: np.ndarray, truth: np.ndarray, threshold: int) -> np.ndarray:
    """Return which pixels of the field of view are called exudate: bool H x W."""
    return (bins >= threshold) & (truth != OUTSIDE)


def confusion(counts: np.ndarray, threshold: int) -> Tuple[int, int, int, int]:
    """Return the true positives, false positives, false negatives and true negatives, in pixels.

    counts: (2, BINS)
    """
    false_positives, true_positives = counts[:, threshold:].sum(axis=1)
    healthy, annotated = counts.sum(axis=1)
    return (
        true_positives,
        false_positives,
        annotated - true_positives,
        healthy - false_positives,
    )


def curve(counts: np.ndarray, kind: str) -> Iterator[Tuple[float, float, float]]:
    """Yield (threshold, recall, precision) by rising threshold, while annotated pixels are called.

    counts: (2, BINS)
    """
    healthy, annotated = cumulative_from_top(counts)
    for index in range(1, BINS, CURVE_STEP):
        hits = annotated[index]
        if hits:
            yield bin_edge(index, kind), hits / annotated[0], hits / (hits + healthy[index])
