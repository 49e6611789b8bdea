"""The files of a run folder, read and checked (docs/files.md)."""

import csv
import json
import os
from typing import Any, Dict, List, Optional

import h5py
import numpy as np

from data_prep.errors import DataError
from data_prep.hdf5 import own_values, read_safely
from data_prep.normalisation import Normalisation
from egl.errors import EglError

ROUNDS = (
    "iteration",
    "n_labelled",
    "n_images",
    "train_loss",
    "val_loss",
    "val_accuracy",
    "f_measure",
    "sensitivity",
    "specificity",
    "accuracy",
    "auc",
)
QUERIES = ("iteration", "kind", "image", "patch", "symmetry", "label", "score")


def read_metrics(path: str) -> Dict[str, Any]:
    """Return the metrics.json of a finished run folder. EglError where it is missing or damaged."""
    return read_json(os.path.join(path, "metrics.json"))


def read_settings(path: str) -> Dict[str, Any]:
    """Return the settings.json of a run folder. EglError where it is missing or damaged."""
    return read_json(os.path.join(path, "settings.json"))


def read_normalisation(path: str) -> Normalisation:
    """Return how a run normalised its pixels, from its settings.json.

    Raises EglError where the file is missing or damaged.
    """
    try:
        return Normalisation.from_dict(read_settings(path)["normalisation"])
    except (KeyError, TypeError) as error:
        file = os.path.join(path, "settings.json")
        raise EglError(f"{file}: does not say how pixels were normalised; run it again") from error


def read_predictions(path: str) -> Dict[str, np.ndarray]:
    """Return the predictions.h5 of a run folder: {split: p(exudate), (evaluations, samples)}.

    Raises EglError where it is missing or damaged.
    """
    file_path = os.path.join(path, "predictions.h5")
    try:
        return read_safely(
            file_path, _all_predictions, "file of predictions", "remove the run's folder and rerun"
        )
    except DataError as error:
        raise EglError(str(error)) from error
    except OSError as error:
        raise EglError(
            f"{file_path}: cannot be read ({error}); remove the run's folder and rerun"
        ) from error


def _all_predictions(file: h5py.File) -> Dict[str, np.ndarray]:
    return {split: own_values(file, split) for split in file if split != "iteration"}


def read_table(path: str) -> List[Dict[str, str]]:
    """Return a CSV as a list of dicts of text. EglError where it cannot be read."""
    header, *rows = _read_lines(path) or [[]]
    return [dict(zip(header, row)) for row in rows]


def read_rounds(path: str) -> Dict[str, np.ndarray]:
    """Return the rounds.csv of a run folder as {column: float array}.

    Raises EglError where it is missing, damaged or empty.
    """
    file = os.path.join(path, "rounds.csv")
    rows = read_rows(file)
    if not rows:
        raise EglError(f"{file}: has no rows; remove the run's folder and start again")
    try:
        return {
            name: np.array([float(row[index]) for row in rows]) for index, name in enumerate(ROUNDS)
        }
    except (ValueError, IndexError) as error:
        raise EglError(
            f"{file}: is damaged ({error}); remove the run's folder and start again"
        ) from error


def read_rows(path: str) -> List[List[str]]:
    return _read_lines(path)[1:]


def _read_lines(path: str) -> List[List[str]]:
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EglError(
            f"{path}: cannot be read ({_reason(error)}); remove the run's folder and start again"
        ) from error


def read_json(path: str) -> Dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
        if not isinstance(value, dict):
            raise ValueError("it holds no object")
        return value
    except (OSError, ValueError) as error:
        raise EglError(
            f"{path}: cannot be read ({_reason(error)}); remove the run's folder and start again"
        ) from error


def _reason(error: Exception) -> Optional[str]:
    return getattr(error, "strerror", None) or str(error)
