"""What is measured after a round or an epoch: the same for every run, so that curves compare."""

from typing import Any, Callable, Dict, NamedTuple

import numpy as np

from data_prep.store import PatchStore
from egl.training.metrics import classification_metrics

SPLITS = ("validation", "test")
MEASURES = ("f_measure", "sensitivity", "specificity", "accuracy", "auc")
Posterior = Callable[[np.ndarray], np.ndarray]


class Evaluation(NamedTuple):
    """row: of rounds.csv; predictions: {split: p(exudate) (n,)}; metrics: {split: measures}."""

    row: Dict[str, Any]
    predictions: Dict[str, np.ndarray]
    metrics: Dict[str, Dict[str, Any]]


def posterior_of(store: PatchStore, samples: np.ndarray, posterior: Posterior) -> np.ndarray:
    """Return p(y | x) of samples of a store, float64 (n, C); not all are in memory at once."""
    return np.concatenate([posterior(patches) for patches in store.read_in_parts(samples)])


class Evaluator:
    """Measures a net on the validation and test samples of a store."""

    def __init__(self, store: PatchStore, posterior: Posterior) -> None:
        """posterior(patches uint8): p(y | x) under the present weights, float64 (N, 2)."""
        self._posterior = posterior
        self._store = store
        self._samples = {split: store.samples(split) for split in SPLITS}

    def evaluate(
        self, iteration: int, train_loss: float, n_labelled: int, n_images: int
    ) -> Evaluation:
        """Return the Evaluation of the present weights; the arguments go into its row."""
        predictions, metrics = {}, {}
        for split, samples in self._samples.items():
            posterior = posterior_of(self._store, samples, self._posterior)
            predictions[split] = posterior[:, 1]
            metrics[split] = classification_metrics(posterior, self._store.labels[samples[:, 0]])
        row = {
            "iteration": iteration,
            "n_labelled": n_labelled,
            "n_images": n_images,
            "train_loss": train_loss,
            "val_loss": metrics["validation"]["loss"],
            "val_accuracy": metrics["validation"]["accuracy"],
            **{name: metrics["test"][name] for name in MEASURES},
        }
        return Evaluation(row, predictions, metrics)
