"""A trained model as one folder, in the form of Caffe's Model Zoo; or a run folder read as one.

readme.md               front matter, then where it comes from and the numbers it reaches
model.caffemodel        the weights
deploy.prototxt         the net for use: pixels in, probabilities out
score.prototxt          the same with a label and a loss, which phi needs
train_val.prototxt, solver.prototxt    how it was trained
model.json              what a program needs beside these, and the SHA-256 of each file above
"""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from data_prep.errors import one_line
from data_prep.files import folder_written_whole, sha256_of, write_json, write_text
from data_prep.normalisation import Normalisation
from egl.errors import EglError
from egl.nets.definition import prototxt_path, read_net, read_solver
from egl.training.metrics import best_threshold
from egl.training.run_files import read_metrics, read_normalisation, read_predictions, read_settings
from egl.training.snapshots import weights_at

FORMAT = 1
CARD = "model.json"
WEIGHTS, SCORE, DEPLOY = "model.caffemodel", "score.prototxt", "deploy.prototxt"
TRAIN, SOLVER, README = "train_val.prototxt", "solver.prototxt", "readme.md"
FILES = (README, WEIGHTS, DEPLOY, SCORE, TRAIN, SOLVER)
_REMEDY = "copy the model again, or make it again with egl model"


@dataclass(frozen=True)
class TrainedModel:
    """A net with its weights and all that is needed to use it.

    weights, score_prototxt, solver: paths of files
    normalisation: of the pixels
    threshold: of p(exudate), above which a patch counts as exudate
    field_width: of the field of view, pixels, in the photographs that it was trained on
    stop_layer: where phi's backward pass ends; None: the first fully connected layer
    numbers: {name: number}, what it reaches on patients it was not trained on
    kept_out: the names of those patients
    """

    name: str
    weights: str
    score_prototxt: str
    solver: str
    normalisation: Normalisation
    threshold: float
    field_width: float
    licence: str
    stop_layer: Optional[str] = None
    numbers: Dict[str, float] = field(default_factory=dict)
    kept_out: Tuple[str, ...] = ()
    about: str = ""

    @property
    def sha256(self) -> str:
        """The SHA-256 of the weights, by which models are told apart."""
        return sha256_of(self.weights)


def read_model(path: str) -> TrainedModel:
    """Return the model in a model folder, or that of a finished run folder.

    Raises EglError, which names the file, where it is neither, where a file is missing or not what
    was written, and for a run whose store did not say how wide the fields of view are.
    """
    if os.path.isfile(os.path.join(path, CARD)):
        return _of_model_folder(path)
    if os.path.isfile(os.path.join(path, "settings.json")):
        return model_of_run(path)
    raise EglError(
        f"{path}: neither a model folder nor a run folder: give the folder that egl model, train "
        "or select has made"
    )


def weights_file(path: str) -> str:
    """Return the file of the weights that a model folder, a run folder or a file stands for."""
    return path if os.path.isfile(path) else read_model(path).weights


def _of_model_folder(path: str) -> TrainedModel:
    card_path = os.path.join(path, CARD)
    try:
        with open(card_path, encoding="utf-8") as file:
            card = json.load(file)
        found = card["format"]
        if found != FORMAT:
            raise ValueError(f"of format {found}; this program reads format {FORMAT}")
        sums = {name: card["sha256"][name] for name in FILES}
        for name, digest in sums.items():
            if sha256_of(os.path.join(path, name)) != digest:
                raise ValueError(f"{name} is not what was written")
        model = TrainedModel(
            name=str(card["name"]),
            weights=os.path.join(path, WEIGHTS),
            score_prototxt=os.path.join(path, SCORE),
            solver=os.path.join(path, SOLVER),
            normalisation=Normalisation.from_dict(card["normalisation"]),
            threshold=float(card["threshold"]),
            field_width=float(card["field_width"]),
            licence=str(card["licence"]),
            stop_layer=card["stop_layer"],
            numbers={str(name): float(value) for name, value in card["numbers"].items()},
            kept_out=tuple(map(str, card["kept_out"])),
            about=str(card["about"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"has no {error}" if isinstance(error, KeyError) else str(error)
        raise EglError(f"{card_path}: damaged model ({reason}); {_REMEDY}") from error
    _check(model, card_path)
    return model


def _check(model: TrainedModel, where: str) -> None:
    if not 0 <= model.threshold <= 1:
        raise EglError(f"{where}: a threshold of {model.threshold}, not from 0 to 1; {_REMEDY}")
    if not 0 < model.field_width < np.inf:
        raise EglError(f"{where}: a field of view {model.field_width} pixels wide; {_REMEDY}")


def model_of_run(run: str, field_width: Optional[float] = None) -> TrainedModel:
    """Return the model that a finished run has left.

    field_width: of the field of view, pixels; None: as the run's store has it. The threshold is the
    one of the highest F-measure on the validation samples. Raises EglError as read_model does.
    """
    settings, metrics = read_settings(run), read_metrics(run)
    file = os.path.join(run, "settings.json")
    try:
        store, trainer = settings["about"]["store"], settings["trainer"]
        n_healthy, n_exudate = store["samples_validation"]  # in this order in predictions.h5
        solver, score_net = trainer["solver"], trainer["score_net"]
        iterations = int(metrics["iterations"])
        numbers = {
            f"{split}_{name}": float(metrics[split][name])
            for split in ("validation", "test")
            for name in ("f_measure", "auc", "sensitivity", "specificity", "n")
        }
    except (KeyError, TypeError, ValueError) as error:
        raise EglError(f"{file}: does not describe a finished run ({error}); rerun it") from error
    width = field_width or store.get("field_width")
    if not width:
        raise EglError(
            f"{file}: does not say how wide the fields of view are, since its store is of an older "
            "version: make a model of the run with egl model and --field-width"
        )
    p = read_predictions(run)["validation"][-1]
    labels = np.repeat([0, 1], [n_healthy, n_exudate])
    if len(p) != len(labels):
        raise EglError(f"{run}: its predictions.h5 does not fit its settings.json; rerun it")
    model = TrainedModel(
        name=os.path.basename(os.path.abspath(run)),
        weights=weights_at(run, iterations),
        score_prototxt=_path_of(score_net),
        solver=_path_of(solver),
        normalisation=read_normalisation(run),
        threshold=best_threshold(p, labels),
        field_width=float(width),
        licence=store.get("licence", ""),
        stop_layer=settings.get("stop_layer"),
        numbers=numbers,
        about=f"Trained on {store.get('dataset', 'photographs')} for {iterations} iterations.",
    )
    _check(model, run)
    return model


def _path_of(name: str) -> str:
    """Return the path of a prototxt of this project, or `name` where it is a path itself."""
    return name if os.sep in name or os.path.isfile(name) else prototxt_path(name)


def write_model(model: TrainedModel, out: str) -> TrainedModel:
    """Write a model folder whole or not at all, and return the model in it.

    Raises EglError or DataError where `out` exists, cannot be written, or the nets do not fit.
    """
    solver = read_solver(model.solver)
    with folder_written_whole(out) as folder:
        shutil.copyfile(model.weights, os.path.join(folder, WEIGHTS))
        shutil.copyfile(model.score_prototxt, os.path.join(folder, SCORE))
        shutil.copyfile(solver.net, os.path.join(folder, TRAIN))
        write_text(os.path.join(folder, DEPLOY), deploy_text(model.score_prototxt))
        solver.net = TRAIN
        write_text(os.path.join(folder, SOLVER), str(solver))
        write_text(os.path.join(folder, README), _readme(model))
        card: Dict[str, Any] = asdict(replace(model, kept_out=()))
        for name in ("weights", "score_prototxt", "solver"):
            del card[name]
        card.update(
            format=FORMAT,
            normalisation=model.normalisation.as_dict(),
            kept_out=list(model.kept_out),
            sha256={name: sha256_of(os.path.join(folder, name)) for name in FILES},
        )
        write_json(os.path.join(folder, CARD), card)
    return read_model(out)


def deploy_text(score_prototxt: str) -> str:
    """Return the net for use as a prototxt: no label, no loss, as caffe.Classifier wants it."""
    net = read_net(score_prototxt)
    fed: List[str] = []
    for layer in list(net.layer):
        if layer.type in ("SoftmaxWithLoss", "Accuracy"):
            fed += layer.bottom[1:]  # the label
            net.layer.remove(layer)
    for layer in list(net.layer):
        if layer.type == "Input" and set(layer.top) <= set(fed):
            net.layer.remove(layer)
    return str(net)


def _readme(model: TrainedModel) -> str:
    with open(model.weights, "rb") as file:
        sha1 = hashlib.sha1(file.read()).hexdigest()
    numbers = "".join(f"| {name} | {value:.4g} |\n" for name, value in model.numbers.items())
    return f"""---
name: {one_line(model.name)}
caffemodel: {WEIGHTS}
license: {one_line(model.licence) or "unknown"}
sha1: {sha1}
---

{model.about}

It takes patches of photographs whose field of view is {model.field_width:.0f} pixels wide, and
tells patches with exudates (class 1) from those without (class 0). A patch counts as exudate where
its probability is above {model.threshold:.4f}, which gave the highest F-measure on the validation
samples.

Research use; not a medical device.

| on patients it was not trained on | |
|---|---|
{numbers}"""
