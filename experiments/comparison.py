"""Classifiers compared on the same test patches, with the same resamples of their patients."""

from typing import Any, Dict, Sequence, Tuple

import numpy as np

from experiments import bootstrap
from experiments.bootstrap import Cases

Scores = Dict[str, np.ndarray]  # {split: p(exudate) of each sample of the split}


class TestPatches:
    """The test samples of a store, and the validation samples that choose a threshold.

    All intervals are of the same resamples of the patients.
    n_patients: of the test samples
    indices: {split: int (n,), the patch of each sample}; labels: {split: int (n,)}
    """

    __test__ = False  # pytest: no test

    def __init__(self, store: Any) -> None:
        self.indices = {split: store.samples(split)[:, 0] for split in ("validation", "test")}
        self.labels = {split: store.labels[indices] for split, indices in self.indices.items()}
        images = store.image[self.indices["test"]]
        names, self._patients = np.unique(
            [store.images[image].patient for image in images], return_inverse=True
        )
        self.n_patients = len(names)
        self._times = bootstrap.draw(len(names), np.random.RandomState(1))

    def best_threshold(self, scores: Scores) -> float:
        """Return the best_threshold of the validation samples."""
        return best_threshold(scores["validation"], self.labels["validation"])

    def count(self, scores: Scores, threshold: float) -> Cases:
        """Return the Cases of the test samples."""
        return bootstrap.count(scores["test"], self.labels["test"], self._patients, threshold)

    def intervals(self, cases: Cases) -> Dict[str, Tuple[float, float, float]]:
        """Return {measure: (value, low, high)}."""
        return bootstrap.intervals(cases, self._times)

    def lead(
        self, first: Sequence[Cases], second: Sequence[Cases]
    ) -> Dict[str, Tuple[float, float, float]]:
        """Return {measure: (first minus second, low, high)}, of their means over seeds.

        The interval is paired: both are measured on the same resamples.
        """
        lead, once = {}, np.ones((1, self._times.shape[1]), int)
        for measure in bootstrap.MEASURES:
            value = _mean(first, once, measure) - _mean(second, once, measure)
            resampled = _mean(first, self._times, measure) - _mean(second, self._times, measure)
            low, high = np.percentile(resampled, (2.5, 97.5))
            lead[measure] = float(value[0]), float(low), float(high)
        return lead


def _mean(seeds: Sequence[Cases], times: np.ndarray, measure: str) -> np.ndarray:
    return np.mean([bootstrap.measures(cases, times)[measure] for cases in seeds], axis=0)


def best_threshold(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the threshold above which patches are called exudate to reach the highest F.

    It lies half way between two scores; of several, it is the lowest.
    scores, labels (0 or 1): (n,), of the patches that decide it
    """
    scores, exudates = np.asarray(scores, float), np.asarray(labels) == 1
    values = np.unique(scores)
    thresholds = np.concatenate([[values[0] - 1], (values[1:] + values[:-1]) / 2])
    called = scores > thresholds[:, None]
    hits = (called & exudates).sum(axis=1)
    return float(thresholds[np.argmax(2 * hits / (called.sum(axis=1) + exudates.sum()))])
