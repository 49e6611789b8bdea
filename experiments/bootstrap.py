"""Intervals by the bootstrap over patients: a patient's patches are alike, so patients are drawn and not patches."""

from typing import NamedTuple

import numpy as np

RESAMPLES = 1000
MEASURES = (
    "f_measure",
    "sensitivity",
    "specificity",
    "auc",
)  # as egl.training.metrics defines them


class Cases(NamedTuple):
    """A net's test patches counted by patient, so that a resample of the patients needs nothing else.

    counts: (patients, 4) true positives, false negatives, false positives, true negatives
    wins: (patients, patients) of the pairs of an exudate patch of the one patient and a healthy
    patch of the other, how many the net ranks rightly; ties count a half. The AUC is the share of
    such pairs (Mann and Whitney).
    """

    counts: np.ndarray
    wins: np.ndarray


def count(probability, labels, patients, threshold=0.5):
    """Return the Cases of patches: p(exudate), labels 0 or 1, and numbers of their patients from 0 on, each (n,).

    A patch is called exudate where p(exudate) is above the threshold.
    """
    probability, labels, patients = (
        np.asarray(probability, float),
        np.asarray(labels),
        np.asarray(patients),
    )
    n = patients.max() + 1
    exudate, called = labels == 1, probability > threshold
    kinds = (exudate & called, exudate & ~called, ~exudate & called, ~exudate & ~called)
    counts = np.stack([np.bincount(patients[kind], minlength=n) for kind in kinds], axis=1)
    wins = np.empty((n, n))
    for other in range(n):
        healthy = np.sort(probability[~exudate & (patients == other)])
        below = [np.searchsorted(healthy, probability[exudate], side) for side in ("left", "right")]
        wins[:, other] = np.bincount(patients[exudate], np.mean(below, axis=0), minlength=n)
    return Cases(counts, wins)


def measures(cases, times):
    """Return {measure: (resamples,)} where patient j is taken times[i, j] times; resamples without one of the classes are left out."""
    counts = times @ cases.counts
    both = (counts[:, :2].sum(axis=1) > 0) & (counts[:, 2:].sum(axis=1) > 0)
    times, (tp, fn, fp, tn) = times[both], counts[both].T
    right = np.einsum("ij,ij->i", times @ cases.wins, times)
    return dict(
        zip(
            MEASURES,
            (
                2 * tp / (2 * tp + fn + fp),
                tp / (tp + fn),
                tn / (fp + tn),
                right / ((tp + fn) * (fp + tn)),
            ),
        )
    )


def draw(n, random, resamples=RESAMPLES):
    """Return how often each of n patients is in each resample, n drawn with replacement: int (resamples, n)."""
    return random.multinomial(n, np.full(n, 1 / n), size=resamples)


def intervals(cases, times):
    """Return {measure: (value, low, high)}: on all patients, and the 95% percentile interval over the resamples `times`."""
    values = measures(cases, np.ones((1, len(cases.counts)), int))
    resampled = measures(cases, times)
    return {
        measure: (values[measure][0], *np.percentile(resampled[measure], (2.5, 97.5)))
        for measure in MEASURES
    }
