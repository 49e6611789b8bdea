"""Intervals by the bootstrap: over patients, whose own patches are alike, and over seeds.

The measures are those of egl.training.metrics, written for speed over resamples; a test holds them
to scikit-learn's.
"""

from typing import Any, Dict, NamedTuple, Tuple

import numpy as np
from scipy import stats

RESAMPLES = 1000
SEED_RESAMPLES = 4000
MEASURES = ("f_measure", "sensitivity", "specificity", "auc")


class Cases(NamedTuple):
    """A net's test patches counted by patient: a resample of the patients needs nothing else.

    counts: (patients, 4) true positives, false negatives, false positives, true negatives
    wins: (patients, patients) of the pairs of an exudate patch of the one patient and a healthy
    patch of the other, how many the net ranks rightly; ties count a half. The AUC is the share of
    such pairs (Mann and Whitney).
    """

    counts: np.ndarray
    wins: np.ndarray


def count(probability: Any, labels: Any, patients: Any, threshold: float = 0.5) -> Cases:
    """Return the Cases of patches.

    probability: p(exudate) (n,); labels: 0 or 1 (n,); patients: their numbers from 0 on (n,). A
    patch is called exudate where p(exudate) is above the threshold.
    """
    probability, patients = np.asarray(probability, float), np.asarray(patients)
    exudate, called = np.asarray(labels) == 1, probability > threshold
    n = patients.max() + 1
    kinds = (exudate & called, exudate & ~called, ~exudate & called, ~exudate & ~called)
    counts = np.stack([np.bincount(patients[kind], minlength=n) for kind in kinds], axis=1)
    wins = np.empty((n, n))
    for other in range(n):
        healthy = np.sort(probability[~exudate & (patients == other)])
        below = [np.searchsorted(healthy, probability[exudate], side) for side in ("left", "right")]
        wins[:, other] = np.bincount(patients[exudate], np.mean(below, axis=0), minlength=n)
    return Cases(counts, wins)


def measures(cases: Cases, times: np.ndarray) -> Dict[str, np.ndarray]:
    """Return {measure: (resamples,)} where patient j is taken times[i, j] times.

    Resamples without one of the classes are left out.
    """
    counts = times @ cases.counts
    both = (counts[:, :2].sum(axis=1) > 0) & (counts[:, 2:].sum(axis=1) > 0)
    times, (tp, fn, fp, tn) = times[both], counts[both].T
    ranked_rightly = np.einsum("ij,ij->i", times @ cases.wins, times)
    return {
        "f_measure": 2 * tp / (2 * tp + fn + fp),
        "sensitivity": tp / (tp + fn),
        "specificity": tn / (fp + tn),
        "auc": ranked_rightly / ((tp + fn) * (fp + tn)),
    }


def draw(n: int, random: np.random.RandomState, resamples: int = RESAMPLES) -> np.ndarray:
    """Return how often each of n patients is in each resample, int (resamples, n).

    A resample is n patients drawn with replacement.
    """
    return random.multinomial(n, np.full(n, 1 / n), size=resamples)


def intervals(cases: Cases, times: np.ndarray) -> Dict[str, Tuple[float, float, float]]:
    """Return {measure: (value, low, high)}: of all patients, and the 95% percentile interval.

    times: the resamples, from `draw`
    """
    values = measures(cases, np.ones((1, len(cases.counts)), int))
    resampled = measures(cases, times)
    return {
        measure: (values[measure][0], *np.percentile(resampled[measure], (2.5, 97.5)))
        for measure in MEASURES
    }


def over_seeds(values: Any) -> Tuple[Any, Any, Any]:
    """Return (mean, low, high) over the first axis, the seeds: a 95% bootstrap interval.

    The percentiles are the expanded ones of Hesterberg (What teachers should know about the
    bootstrap, American Statistician 69, 2015), as wide as a t-interval where values are normal:
    plain ones are too narrow for a few seeds. No end lies outside the lowest and highest seed, so
    that the interval of a share is within 0 and 1. low and high are nan for one seed.
    """
    values = np.asarray(values, float)
    n, mean = len(values), values.mean(axis=0)
    if n < 2:
        return mean, np.full(values.shape[1:], np.nan), np.full(values.shape[1:], np.nan)
    tail = 100 * stats.norm.cdf(-np.sqrt(n / (n - 1)) * stats.t.ppf(0.975, n - 1))
    shares = draw(n, np.random.RandomState(1), SEED_RESAMPLES) / n
    resampled = np.tensordot(shares, values, 1)
    low, high = np.percentile(resampled, (tail, 100 - tail), axis=0)
    # A weighted mean of equal values may lie beside them by a rounding error.
    return mean, np.maximum(low, values.min(axis=0)), np.minimum(high, values.max(axis=0))
