"""Phi of the same patches, with the backward pass stopped at several layers."""

from dataclasses import dataclass
from typing import Tuple

import numpy as np
from scipy.stats import spearmanr

from data_prep.files import write_csv
from data_prep.store import PatchStore
from egl.strategies.ranking import top_k
from egl.training.run_folder import RunFolder
from experiments.analyses.analysis import Progress, TrainedRun, analysis, beside

# Name: (stop_layer, parameters) of egl.gradient_length. The paper's is ip1.
STOPS = {
    "ip2": ("ip2", "layer"),
    "ip1": ("ip1", "layer"),
    "conv2": ("conv2", "layer"),
    "conv1": ("conv1", "layer"),
    "all": ("conv1", "above"),
}


@dataclass(frozen=True)
class Comparison:
    """One net at several times of its training, and the patches that are scored with every stop.

    run: whose weights; its folder lies beside this one's
    iterations: the times; those that the run did not reach are left out
    n: patches, half of them exudates; fewer where the training split has fewer
    seed: of the choice of patches
    """

    run: str
    iterations: Tuple[int, ...]
    n: int
    seed: int


@analysis("layers")
def compare(store: PatchStore, settings: Comparison, folder: RunFolder, progress: Progress) -> None:
    """Score the same patches with every stop, at every time that the run reached; leave phi.csv."""
    run = TrainedRun(beside(folder.path, settings.run))
    indices = drawn(store, settings.n, settings.seed)
    iterations = run.reached(settings.iterations)
    rows, done = [], 0
    for iteration in iterations:
        columns = []
        for stop, parameters in STOPS.values():
            columns.append(run.scorer(iteration, stop, parameters).phi(store.patches[indices]).phi)
            done += 1
            progress(done, len(iterations) * len(STOPS))
        for index, phi in zip(indices, np.transpose(columns)):
            rows.append([iteration, index, store.labels[index], *(f"{value:.6g}" for value in phi)])
    write_csv(folder.file("phi.csv"), ("iteration", "patch", "label", *STOPS), rows)


def drawn(store: PatchStore, n: int, seed: int) -> np.ndarray:
    """Return the indices of n training patches, in the store's order.

    Half of each class are drawn at random. A class that has fewer gives all of its patches.
    """
    random, training = np.random.RandomState(seed), store.patches_of("train")
    chosen = [
        random.permutation(training[store.labels[training] == label])[: n // 2] for label in (0, 1)
    ]
    return np.sort(np.concatenate(chosen))


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's rank correlation of two scores (n,).

    It is nan where a score is the same for all patches, as with a net that has broken down.
    """
    if not np.ptp(first) or not np.ptp(second):
        return float("nan")
    return float(spearmanr(first, second)[0])


def overlap(first: np.ndarray, second: np.ndarray, k: int) -> float:
    """Return the share of the k highest of one score (n,) among the k highest of another."""
    return len(np.intersect1d(top_k(first, k), top_k(second, k))) / min(k, len(first))
