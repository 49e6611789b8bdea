"""Make what is measured on: a phantom, patches of it, a LeNet trained on them for a short while, and its scores.

    python3 -m benchmarks.inputs FOLDER     where Caffe is; FOLDER holds sizes.json

image.npy: uint8 H x W x 3; patches.npy: float32 N x 3 x 48 x 48, normalised; settings.json: mean and factor;
model.caffemodel, and the same as weights.npz (conv1_0 weights, conv1_1 biases, ...); scores.npz: phi and posterior of
the first patches by the param-diff route; surroundings.json: what it ran on.
"""

import json
import os
import platform
import sys

import numpy as np

from benchmarks.sizes import read_sizes
from data_prep import phantom
from data_prep.patches import corners, cut
from egl.gradient_length.phi import GradientLength
from egl.nets.definition import prototxt_path
from egl.nets.runtime import blas_description, import_caffe
from egl.training.trainer import Trainer, TrainerSettings

CHECKED = 100  # patches whose scores the others are held against
RATE = 0.001  # of the training: the paper's makes the net sure of a phantom's patches within 20 iterations
LAYERS = ("conv1", "conv2", "ip1", "ip2")


def main(folder):
    sizes = read_sizes(folder)
    random = np.random.RandomState(1)
    image, mask = phantom.draw(random, size=sizes.image)
    healthy, exudate = (np.argwhere(each) for each in corners(image.max(axis=2) > 20, mask > 0))
    if not len(exudate):
        raise SystemExit(f"{folder}: the phantom has no exudates")

    def draw(places, n):
        return cut(image, places[random.randint(len(places), size=n)])

    half = sizes.patches // 2
    drawn = np.concatenate([draw(healthy, half), draw(exudate, sizes.patches - half)])[
        random.permutation(sizes.patches)
    ]
    mean = drawn.mean(axis=(0, 2, 3))
    trainer = Trainer(TrainerSettings(rate=RATE), mean, folder)
    batch = trainer.settings.batch
    for _ in range(sizes.iterations):
        trainer.step(
            np.concatenate([draw(healthy, batch // 2), draw(exudate, batch - batch // 2)]),
            np.arange(batch) >= batch // 2,
        )
    patches = trainer.normalise(drawn)
    net = trainer.solver.net
    net.save(os.path.join(folder, "model.caffemodel"))
    np.savez(
        os.path.join(folder, "weights.npz"),
        **{f"{name}_{k}": net.params[name][k].data for name in LAYERS for k in (0, 1)},
    )
    np.save(os.path.join(folder, "image.npy"), image)
    np.save(os.path.join(folder, "patches.npy"), patches)
    scores = GradientLength(prototxt_path("lenet_score.prototxt"), net, route="param-diff").score(
        patches[:CHECKED]
    )
    np.savez(os.path.join(folder, "scores.npz"), phi=scores.phi, posterior=scores.posterior)
    _write(folder, "settings.json", {"mean": mean.tolist(), "factor": trainer.settings.factor})
    _write(folder, "surroundings.json", surroundings())


def surroundings():
    """Return a dict of what decides speed here, and of the commit."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return {
        "commit": os.environ.get("EGL_COMMIT") or "unknown",
        "processor": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.release(),
        "caffe": import_caffe().__version__,
        "blas": blas_description(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def _write(folder, name, value):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(value, file)


if __name__ == "__main__":
    main(sys.argv[1])
