"""Make what is measured on: a phantom, its patches, a LeNet trained briefly, and its scores.

    python3 -m benchmarks.inputs FOLDER     where Caffe is; FOLDER holds sizes.json

image.npy: uint8 H x W x 3; levels.npy: its patches, uint8 N x 3 x 48 x 48; patches.npy: the same,
normalised, float32; normalisation.json; model.caffemodel, and the same as weights.npz (conv1_0
weights, conv1_1 biases, ...); scores.npz: phi and posterior of the first patches by the param-diff
route; surroundings.json: the machine and the libraries.
"""

import os
import platform
import sys
from typing import Any, Dict

import numpy as np

from benchmarks.sizes import read_sizes
from data_prep import phantom
from data_prep.files import write_json
from data_prep.normalisation import Normalisation
from data_prep.patches import corners, cut
from egl.gradient_length.phi import GradientLength
from egl.nets.definition import prototxt_path
from egl.nets.runtime import blas_description, import_caffe
from egl.training.settings import TrainerSettings
from egl.training.trainer import Trainer

CHECKED = 100  # patches whose scores by other routes are compared with these
RATE = 0.001  # the paper's rate makes the net certain of a phantom's patches within 20 iterations
LAYERS = ("conv1", "conv2", "ip1", "ip2")


def main(folder: str) -> None:
    sizes = read_sizes(folder)
    random = np.random.RandomState(1)
    image, mask = phantom.draw(random, size=sizes.image)
    healthy, exudate = corners(image.max(axis=2) > 20, mask > 0)
    if not exudate.any():
        raise SystemExit(f"{folder}: the phantom has no exudates")
    healthy_yx, exudate_yx = np.argwhere(healthy), np.argwhere(exudate)

    def draw(yx: np.ndarray, n: int) -> np.ndarray:
        return cut(image, yx[random.randint(len(yx), size=n)])

    half = sizes.patches // 2
    drawn = np.concatenate([draw(healthy_yx, half), draw(exudate_yx, sizes.patches - half)])
    drawn = drawn[random.permutation(sizes.patches)]
    normalisation = Normalisation.of("mean", drawn.mean(axis=(0, 2, 3)))
    trainer = Trainer(TrainerSettings(rate=RATE), normalisation, folder)
    batch = trainer.settings.batch
    labels = (np.arange(batch) >= batch // 2).astype(int)
    for _ in range(sizes.iterations):
        chosen = [draw(healthy_yx, batch // 2), draw(exudate_yx, batch - batch // 2)]
        trainer.step(np.concatenate(chosen), labels)
    patches = normalisation.apply(drawn)
    net = trainer.solver.net
    net.save(os.path.join(folder, "model.caffemodel"))
    weights = {f"{name}_{k}": net.params[name][k].data for name in LAYERS for k in (0, 1)}
    np.savez(os.path.join(folder, "weights.npz"), **weights)
    np.save(os.path.join(folder, "image.npy"), image)
    np.save(os.path.join(folder, "levels.npy"), drawn)
    np.save(os.path.join(folder, "patches.npy"), patches)
    reference = GradientLength(prototxt_path("lenet_score.prototxt"), net, route="param-diff")
    scores = reference.score(patches[:CHECKED])
    np.savez(os.path.join(folder, "scores.npz"), phi=scores.phi, posterior=scores.posterior)
    write_json(os.path.join(folder, "normalisation.json"), normalisation.as_dict())
    write_json(os.path.join(folder, "surroundings.json"), surroundings())


def surroundings() -> Dict[str, Any]:
    """Return the commit, and what decides speed on this machine."""
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


if __name__ == "__main__":
    main(sys.argv[1])
