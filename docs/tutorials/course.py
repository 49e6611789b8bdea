"""What the notebooks share: patches drawn on the spot, batches, and a short form of every loop."""

import io
import os
import shlex
from typing import Any, Iterator, Tuple

import numpy as np

# Fields of lenet_solver.prototxt that do not concern a net that Python feeds and tests.
FOR_CAFFE_TRAIN = "net train_state test_state test_iter test_interval display snapshot".split()
SHORT = bool(os.environ.get("EGL_SHORT"))
MEAN = np.array([60.0, 90.0, 150.0], np.float32)  # B, G, R: roughly that of the patches below
SCALE = np.float32(1 / 64)
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def egl(line: str) -> None:
    """Run a command of the package, as `runtime/egl` does; raise RuntimeError where it fails."""
    from experiments.command_line import main

    status = main(shlex.split(line))
    if status:
        raise RuntimeError(f"egl {line}: exit status {status}")


def steps(full: int, short: int = 4) -> int:
    """Return how often a loop is to run: `full`, or `short` where EGL_SHORT is set (tests)."""
    return short if SHORT else full


def draw_patches(n: int, seed: int, tint: Tuple[float, float, float] = (60, 90, 150)) -> Any:
    """Return n phantom patches (uint8, n x 3 x 48 x 48, BGR) and their labels.

    Every second patch has exudates: one to three bright yellow spots. tint: the colour of the
    retina (B, G, R), which differs from camera to camera.
    """
    rng = np.random.RandomState(seed)
    y, x = np.mgrid[:48, :48]
    labels = np.arange(n) % 2
    patches = np.empty((n, 3, 48, 48), np.uint8)
    for number, label in enumerate(labels):
        slope = rng.uniform(-0.6, 0.6, 2)
        shade = slope[0] * (y - 24) + slope[1] * (x - 24) + 8 * rng.randn(48, 48)
        patch = np.array(tint, float).reshape(3, 1, 1) + rng.uniform(-12, 12) + shade
        for _ in range(rng.randint(1, 4) if label else 0):
            row, column = rng.uniform(10, 38, 2)
            spot = np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * rng.uniform(1.5, 4) ** 2))
            patch += rng.uniform(40, 90) * spot * np.array([0.3, 1.0, 0.7]).reshape(3, 1, 1)
        patches[number] = np.clip(patch, 0, 255)
    return patches, labels


def normalised(patches: np.ndarray) -> np.ndarray:
    """Return patches as the net takes them: (pixels - MEAN) x SCALE, float32."""
    return (patches.astype(np.float32) - MEAN.reshape(1, 3, 1, 1)) * SCALE


def batches(n: int, size: int, count: int, seed: int = 0) -> Iterator[np.ndarray]:
    """Yield `count` batches of `size` indices below n, drawn at random."""
    rng = np.random.RandomState(seed)
    for _ in range(count):
        yield rng.randint(0, n, size)


def rgb(patch: np.ndarray) -> np.ndarray:
    """Return a patch (3 x H x W, BGR) as matplotlib shows it."""
    return patch[::-1].transpose(1, 2, 0)


def picture(figure: Any) -> Any:
    """Return a matplotlib Figure as what a notebook shows at the end of a cell."""
    from IPython.display import Image

    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=80, bbox_inches="tight")
    return Image(file.getvalue())


def solver(folder: str, **changes: Any) -> Any:
    """Return a new Caffe solver for LeNet fed by Python; changes: fields of the SolverParameter.

    folder: where its prototxt is written. Its net is solver.net, its batch 32.
    """
    from egl.nets.definition import prototxt_path, read_net, read_solver
    from egl.nets.runtime import import_caffe

    caffe = import_caffe()
    definition = read_solver(prototxt_path("lenet_solver.prototxt"))
    net = read_net(definition.net)
    for name in FOR_CAFFE_TRAIN:
        definition.ClearField(name)
    definition.train_net_param.CopyFrom(net)
    definition.snapshot_after_train = False
    for name, value in changes.items():
        setattr(definition, name, value)
    path = os.path.join(folder, "solver.prototxt")
    with open(path, "w") as file:
        file.write(str(definition))
    return caffe.get_solver(path)


def step(solver: Any, patches: np.ndarray, labels: np.ndarray) -> float:
    """Do one SGD step on a batch; return the loss before it."""
    solver.net.blobs["data"].data[...] = normalised(patches)
    solver.net.blobs["label"].data[...] = labels
    solver.step(1)
    return float(solver.net.blobs["loss"].data)


def train(solver: Any, patches: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """Do `count` SGD steps on random batches; return their losses."""
    return np.array([step(solver, patches[b], labels[b]) for b in batches(len(patches), 32, count)])


def posterior(net: Any, patches: np.ndarray) -> np.ndarray:
    """Return p(y | x), n x 2: net is a solver's net, or one with the blobs data and ip2."""
    scores = []
    size = net.blobs["data"].shape[0]
    for start in range(0, len(patches), size):
        chunk = normalised(patches[start : start + size])
        net.blobs["data"].data[: len(chunk)] = chunk
        net.forward(end="ip2")
        scores.append(net.blobs["ip2"].data[: len(chunk)].copy())
    scores = np.concatenate(scores)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
