"""Phi of the same patches with the backward pass stopped at several layers."""

import os
import time
from typing import NamedTuple, Tuple

import numpy as np

from data_prep.store import PatchStore
from egl.gradient_length.phi import GradientLength
from egl.nets.definition import prototxt_path
from egl.training.run_folder import RunFolder, read_metrics, write_csv
from egl.training.snapshots import weights_at
from experiments.estimate import PHI, START

# Name: (stop_layer, parameters). The paper's is ip1.
STOPS = {
    "ip2": ("ip2", "layer"),
    "ip1": ("ip1", "layer"),
    "conv2": ("conv2", "layer"),
    "conv1": ("conv1", "layer"),
    "all": ("conv1", "above"),
}


class Comparison(NamedTuple):
    """One net at several times of its training, and the patches that it scores by every stop."""

    run: str  # whose weights; its folder lies beside this one's
    iterations: Tuple[int, ...]
    n: int  # patches, half of them exudates; fewer where the training split has fewer
    seed: int

    def passes(self, store):
        """Return about how many forward passes of one patch it takes. store: PatchStore."""
        return START + len(self.iterations) * self.n * sum(
            PHI[layer] for layer, _ in STOPS.values()
        )


def compare(store, settings, out, progress):
    """Score the same patches by every stop at every time that the run reached; leave phi.csv and metrics.json."""
    run = RunFolder(out, dict(settings._asdict(), kind="layers"))
    if run.finished:
        return read_metrics(out)
    began, data = time.time(), PatchStore(store)
    source = os.path.join(os.path.dirname(out), settings.run)
    last = read_metrics(source)["iterations"]
    iterations = [each for each in settings.iterations if each <= last]
    chosen = drawn(data, settings.n, settings.seed)
    values = (
        data.patches[chosen].astype(np.float32) - data.mean.reshape(1, -1, 1, 1).astype(np.float32)
    ) / np.float32(64)
    prototxt, rows = prototxt_path("lenet_score.prototxt"), []
    for iteration in iterations:
        columns = []
        for stop, parameters in STOPS.values():
            columns.append(
                GradientLength(prototxt, weights_at(source, iteration), stop, parameters)
                .score(values)
                .phi
            )
            progress(
                len(rows) // len(chosen) * len(STOPS) + len(columns), len(iterations) * len(STOPS)
            )
        for patch, phi in zip(chosen, np.transpose(columns)):
            rows.append([iteration, patch, data.labels[patch], *(f"{value:.6g}" for value in phi)])
    write_csv(run.file("phi.csv"), ("iteration", "patch", "label", *STOPS), rows)
    run.finish({"diverged": None, "seconds": round(time.time() - began, 1)})
    return read_metrics(out)


def drawn(data, n, seed):
    """Return n training patches, drawn without repeats, half of each class (fewer where a class has fewer), in the store's order."""
    random, training = np.random.RandomState(seed), data.patches_of("train")
    of_class = [
        random.permutation(training[data.labels[training] == label])[: n // 2] for label in (0, 1)
    ]
    return np.sort(np.concatenate(of_class))
