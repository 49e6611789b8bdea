"""What is fuzzed: each reader, good files to begin with, and how they are damaged."""

import contextlib
import csv
import dataclasses
import hashlib
import io
import json
import os
import shutil
from typing import Callable, List, Sequence

import numpy as np

from data_prep import readers
from data_prep import split as splits
from data_prep.errors import DataError
from data_prep.field_of_view import to_png
from data_prep.prepare_settings import PrepareSettings
from data_prep.readers.tables import read_table
from data_prep.settings import as_dict
from data_prep.store import ImageRow, PatchStore, new_store
from egl.errors import EglError
from egl.selection.settings import RunSettings
from egl.training.run_files import (
    ROUNDS,
    read_metrics,
    read_normalisation,
    read_predictions,
    read_rounds,
    read_settings,
)
from egl.training.run_files import read_table as read_run_table
from egl.training.run_folder import RunFolder
from egl.training.settings import FullTrainingSettings
from egl.training.snapshots import read_state
from experiments.commands.options import from_file
from experiments.published import COLUMNS, read_curves
from experiments.reproduce import Request, report
from tests.campaign import fuzz_mutations as damage
from tests.campaign.fuzz_images import IMAGES, pngs
from tests.campaign.fuzz_target import Target

NET = """layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 12 dim: 12 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 1 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
  pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "ip1" type: "InnerProduct" bottom: "pool1" top: "ip1"
  inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
  inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "ip2" top: "prob" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
"""


# Stores and predictions


def _store() -> List[bytes]:
    """Return a store of nine images and 18 patches of 8 x 8 pixels."""
    path = _scratch("store.h5")
    rows = [
        ImageRow(f"i{n}", f"p{n}", f"i{n}.jpg", 16, 20, n % 2 == 0, n % 3, "0" * 64)
        for n in range(9)
    ]
    fields = [to_png(np.ones((16, 20), bool))] * 9
    attributes = {
        **{name: "x" for name in ("dataset", "folder", "left_out", "licence", "notes")},
        **{f"{prefix}{split}": 3 for prefix in ("n_",) for split in splits.NAMES},
        **{f"samples_{split}": [3, 3] for split in splits.NAMES},
        "augmented": False, "exudate_rule": "centre", "mean_bgr": [90.0, 90.0, 90.0], "scale": 1.0,
        "mask_threshold": 0, "side": 8, "version": "x",
    }  # fmt: skip
    random = np.random.RandomState(1)
    with new_store(path, rows, fields, 18, 8) as writer:
        for image in range(9):
            for label in (0, 1):
                patch = random.randint(0, 256, (1, 3, 8, 8)).astype(np.uint8)
                writer.append(patch, label, image, np.array([[2, 3]]), image % 3)
        writer.describe(attributes)
    return [_content(path)]


def _read_store(path: str) -> None:
    store = PatchStore(path)
    for index in range(len(store.images)):
        store.field(index)
    for split in splits.NAMES:
        patches, labels = store.read(store.samples(split))
        assert patches.dtype == np.uint8 and set(labels) <= {0, 1}


def _run() -> str:
    """Return a new run folder with two evaluations and two queries."""
    folder = _scratch("run")
    shutil.rmtree(folder, ignore_errors=True)
    run = RunFolder(folder, {"normalisation": {"mean": [1.0, 2.0, 3.0], "factor": 0.5}})
    for iteration in (5, 10):
        row = dict.fromkeys(ROUNDS, 0.25)
        run.add_round(dict(row, iteration=iteration), {"test": np.array([0.25, 0.75])})
    query = {"iteration": 5, "kind": "patch", "image": "a, b", "patch": 3, "symmetry": 1}
    run.add_queries([dict(query, label=1, score=0.5)] * 2)
    run.write()
    run.finish({"test": {"f_measure": 0.5}, "diverged": None, "iterations": 10, "seconds": 1.0})
    return folder


def _of_run(name: str) -> Callable[[], List[bytes]]:
    return lambda: [_content(os.path.join(_run(), name))]


def _read_predictions(path: str) -> None:
    for values in read_predictions(os.path.dirname(path)).values():
        assert isinstance(values, np.ndarray)


def _go_back(path: str) -> None:
    """Resume a run in which the file is damaged."""
    folder = _run()
    before = RunFolder(folder, read_settings(folder))
    before.go_back_to({"rounds": 2, "queries": 2})
    shutil.copyfile(path, os.path.join(folder, os.path.basename(path)))
    run = RunFolder(folder, read_settings(folder))
    run.go_back_to(before.position())
    run.write()


# Tables and settings


def _rows(*rows: Sequence[object]) -> Callable[[], List[bytes]]:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return lambda: [text.getvalue().encode()]


def _read_patients(path: str) -> None:
    folder = os.path.dirname(path)
    for name in ("images", "masks"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
        for stem in ("a", "b"):
            with open(os.path.join(folder, name, f"{stem}.png"), "wb") as file:
                file.write(pngs()[2])
    for record in readers.read(folder, [].append).records:
        assert record.patient


def _read_table(path: str) -> None:
    for row in read_table(path, ("image", "patient")):
        assert row["image"] and row["patient"]


def _json(value: object) -> Callable[[], List[bytes]]:
    return lambda: [json.dumps(value).encode()]


def _read_options(kind: type, command: str) -> Callable[[str], None]:
    def read(path: str) -> None:
        settings = from_file(path, kind, command)
        json.dumps(as_dict(settings))
        with contextlib.suppress(DataError, EglError):  # these name the option
            settings.check()

    return read


def _read_request(path: str) -> None:
    report(os.path.dirname(path))


def _read_run_json(path: str) -> None:
    folder = os.path.dirname(path)
    read_settings(folder)
    read_normalisation(folder)


def _read_state(path: str) -> None:
    with open(os.path.join(os.path.dirname(path), "model"), "wb") as file:
        file.write(_WEIGHTS)
    read_state(os.path.dirname(path))


_WEIGHTS = b"weights"
_STATE = {
    "iteration": 10,
    "sha256": {"model": hashlib.sha256(_WEIGHTS).hexdigest()},
    "extra": {"rounds": 1},
}


# Nets


def _read_net(path: str) -> None:
    from egl.nets.classifier import find_classifier
    from egl.nets.definition import read_net
    from egl.nets.trial import check_builds

    find_classifier(read_net(path), path)
    check_builds(path)


def _read_solver(path: str) -> None:
    from egl.nets.definition import read_solver

    with open(os.path.join(os.path.dirname(path), "net.prototxt"), "w") as file:
        file.write(NET)
    read_solver(path)


_SOLVER = b"""net: "net.prototxt" type: "SGD" lr_policy: "inv" gamma: 0.1 power: 0.75
base_lr: 0.01 momentum: 0.9 weight_decay: 0.0005 random_seed: 1 solver_mode: CPU
"""


def _caffemodels() -> List[bytes]:
    from egl.nets.building import scoring_net

    prototxt, path = _scratch("net.prototxt"), _scratch("net.caffemodel")
    with open(prototxt, "w") as file:
        file.write(NET)
    scoring_net(prototxt).save(path)
    return [_content(path)]


def _read_weights(path: str) -> None:
    from egl.nets.building import scoring_net

    prototxt = os.path.join(os.path.dirname(path), "net.prototxt")
    with open(prototxt, "w") as file:
        file.write(NET)
    scoring_net(prototxt, path).forward()


def _scratch(name: str) -> str:
    """Return a path for a good file in the present folder, which is a temporary one."""
    return os.path.join(os.getcwd(), name)


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


_TARGETS = [
    *IMAGES,
    Target("store.h5", _store, damage.damaged_hdf5, _read_store),
    Target("predictions.h5", _of_run("predictions.h5"), damage.damaged_hdf5, _read_predictions),
    Target("resumed/predictions.h5", _of_run("predictions.h5"), damage.damaged_hdf5, _go_back),
    Target("resumed/rounds.csv", _of_run("rounds.csv"), damage.damaged_text, _go_back),
    Target("resumed/queries.csv", _of_run("queries.csv"), damage.damaged_text, _go_back),
    Target("rounds.csv", _of_run("rounds.csv"), damage.damaged_text,
           lambda path: read_rounds(os.path.dirname(path))),
    Target("queries.csv", _of_run("queries.csv"), damage.damaged_text, read_run_table),
    Target("metrics.json", _of_run("metrics.json"), damage.damaged_json,
           lambda path: read_metrics(os.path.dirname(path))),
    Target("settings.json", _of_run("settings.json"), damage.damaged_json, _read_run_json),
    Target("state.json", _json(_STATE), damage.damaged_json, _read_state),
    Target("patients.csv", _rows(["image", "patient"], ["a.png", "p"], ["b", "q"]),
           damage.damaged_text, _read_patients),
    Target("table.csv", _rows(["image", "patient", "x"], ["a", "p", 1], ["é, b", "q", 2]),
           damage.damaged_text, _read_table),
    Target("published.csv", _rows(COLUMNS, [1, "f_measure", "egl", 0.5],
                                  [2.5, "sensitivity", "random", 0.25]),
           damage.damaged_text, read_curves),
    Target("prepare.json", _json(as_dict(PrepareSettings())), damage.damaged_json,
           _read_options(PrepareSettings, "prepare")),
    Target("select.json", _json(as_dict(RunSettings())), damage.damaged_json,
           _read_options(RunSettings, "select")),
    Target("train.json", _json(as_dict(FullTrainingSettings())), damage.damaged_json,
           _read_options(FullTrainingSettings, "train")),
    Target("request.json", _json(as_dict(dataclasses.replace(Request()))), damage.damaged_json,
           _read_request),
    Target("net.txt", lambda: [NET.encode()], damage.damaged_text, _read_net, True),
    Target("solver.txt", lambda: [_SOLVER], damage.damaged_text, _read_solver, True),
    Target("weights.caffemodel", _caffemodels, damage.damaged_bytes, _read_weights, True),
]  # fmt: skip
TARGETS = {target.name: target for target in _TARGETS}
