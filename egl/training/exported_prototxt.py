"""The nets and the solver of prototxt/ for exported data: its paths and sizes are written in.

The texts are edited, not printed from messages, so that the comments stay.
"""

import re
from typing import Dict

from data_prep.geometry import ceil_div
from data_prep.store import PatchStore
from egl.nets.definition import prototxt_path

MEAN, TRAIN_VAL, DEPLOY, SOLVER = (
    "mean.binaryproto",
    "train_val.prototxt",
    "deploy.prototxt",
    "solver.prototxt",
)
EPOCHS = 10  # that the solver trains for
LARGEST_TEST_BATCH = 100
DISPLAY = 20  # iterations between lines about the loss, at most
_FOLDER = "exported"  # where the files of prototxt/ look for their data

_LAYER = re.compile(r"^layer \{\n.*?^\}\n+", re.DOTALL | re.MULTILINE)
_HEADER = re.compile(r"\A(?:#.*\n)+")


def exported_prototxt(store: PatchStore, kind: str, out: str) -> Dict[str, str]:
    """Return the text of TRAIN_VAL, DEPLOY and SOLVER for a store that is exported to `out`.

    kind: "hdf5" or "lmdb": the stage of lenet_train_val.prototxt whose data layers are kept
    out: absolute path, since Caffe looks from the folder where it is started
    The solver trains for EPOCHS, and tests after each on every validation sample once.
    """
    n_validation = len(store.samples("validation"))
    test_batch = max(n for n in range(1, LARGEST_TEST_BATCH + 1) if n_validation % n == 0)
    train_val = _train_val(_read("lenet_train_val.prototxt"), kind, test_batch)
    epoch = ceil_div(len(store.samples("train")), _train_batch(train_val))
    numbers = {
        "test_iter": n_validation // test_batch,
        "test_interval": epoch,
        "display": min(DISPLAY, epoch),
        "max_iter": EPOCHS * epoch,
        "snapshot": EPOCHS * epoch,
    }
    shape = f"dim: {store.channels} dim: {store.side} dim: {store.side}"
    texts = {
        TRAIN_VAL: train_val,
        DEPLOY: _read("lenet_deploy.prototxt").replace("dim: 3 dim: 48 dim: 48", shape),
        SOLVER: _solver(_read("lenet_solver.prototxt"), numbers, epoch),
    }
    return {name: _with_paths(text, out) for name, text in texts.items()}


def _read(name: str) -> str:
    with open(prototxt_path(name), encoding="utf-8") as file:
        return file.read()


def _train_val(text: str, kind: str, test_batch: int) -> str:
    """Return the training net with the data layers of one stage, which then needs no stage."""

    def kept(layer: "re.Match[str]") -> str:
        block = layer.group()
        stages = re.findall(r'stage: "(\w+)"', block)
        if stages and ("exclude" in block or kind not in stages):
            return ""
        if stages and "phase: TEST" in block:
            block = re.sub(r"batch_size: \d+", f"batch_size: {test_batch}", block)
        return block.replace(f' stage: "{kind}"', "")

    return _LAYER.sub(kept, _HEADER.sub(_table_of_layers, text))


def _table_of_layers(header: "re.Match[str]") -> str:
    """Return the comment at the top of the net without its part on stages."""
    return header.group().split("#\n# The blobs `data` and `label`")[0]


def _solver(text: str, numbers: Dict[str, int], epoch: int) -> str:
    text = _HEADER.sub(f"# Stochastic gradient descent. An epoch is {epoch} iterations.\n", text)
    text = re.sub(r"^(?:train|test)_state.*\n", "", text, flags=re.MULTILINE)
    text = text.replace("prototxt/lenet_train_val.prototxt", f"{_FOLDER}/{TRAIN_VAL}")
    for name, value in numbers.items():
        text = re.sub(rf"^{name}: \d+ *(?:#.*)?", f"{name}: {value}", text, flags=re.MULTILINE)
    return text


def _train_batch(text: str) -> int:
    found = re.search(r"phase: TRAIN.*?batch_size: (\d+)", text, re.DOTALL)
    assert found is not None
    return int(found.group(1))


def _with_paths(text: str, out: str) -> str:
    """Return the text with `out` as the folder of its data."""
    from google.protobuf.text_encoding import CEscape  # Caffe's Python brings protobuf

    return text.replace(f'"{_FOLDER}/', f'"{CEscape(out, as_utf8=True)}/')
