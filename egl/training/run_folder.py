"""The run folder: settings, one CSV row an evaluation, what was asked, predictions (docs/files.md).

A run that is killed at any moment resumes from its last snapshot and ends with the same bytes: the
CSVs are cut back to what they held at the snapshot, and every file is written whole or not at all.
"""

import hashlib
import json
import os
from typing import Any, Dict, Iterable, List, Mapping

import numpy as np

from data_prep.files import TEMPORARY, write_csv, write_json
from data_prep.hdf5 import write_hdf5
from data_prep.links import refuse_links
from data_prep.locks import LOCK
from egl.errors import EglError
from egl.training.run_files import (
    QUERIES,
    ROUNDS,
    read_json,
    read_metrics,
    read_predictions,
    read_rows,
)

LOG = "log.txt"  # Caffe's own log; it begins before anything else is in the folder
BEFORE_WORK = (LOG, LOCK, "settings.json", "solver.prototxt")  # what a run has before its results


class RunFolder:
    """One run's folder, and the rows that are to be written into it."""

    def __init__(self, path: str, settings: Mapping[str, Any]) -> None:
        """Open or make the folder `path` for a run with `settings`, a dict for JSON.

        Another run of which there is nothing but its settings, since they did not fit, is replaced.
        Raises EglError if it holds another run, or files that are no run's, DataError for links.
        """
        self.path = path
        self._settings = json.loads(json.dumps(settings))
        self._rounds: List[List[str]] = []
        self._queries: List[List[str]] = []
        self._predictions: List[Dict[str, np.ndarray]] = []
        refuse_links(path)
        file = self.file("settings.json")
        if os.path.exists(file):
            before = read_json(file)
            if begun(path) or not {"about", "kind"} <= before.keys():
                self._compare(before)
            else:
                write_json(file, self._settings)
        elif os.path.exists(path) and (not os.path.isdir(path) or _foreign(path)):
            raise EglError(f"{path}: exists and is no run folder; give another --out")
        else:
            try:
                os.makedirs(path, exist_ok=True)
            except OSError as error:
                raise EglError(
                    f"{path}: cannot be made ({error.strerror}); give another --out"
                ) from error
            write_json(file, self._settings)

    def _compare(self, before: Dict[str, Any]) -> None:
        differences = _differences(before, self._settings)
        if differences:
            raise EglError(
                f"{self.path}: holds a run with other settings ({'; '.join(differences)}); "
                "give another --out, or remove it"
            )

    def file(self, name: str) -> str:
        """Return the path of a file of this run."""
        return os.path.join(self.path, name)

    @property
    def finished(self) -> bool:
        """Whether the run is whole."""
        return os.path.exists(self.file("metrics.json"))

    def add_round(self, row: Mapping[str, Any], predictions: Mapping[str, np.ndarray]) -> None:
        """Add one evaluation.

        row: a dict with the columns ROUNDS; predictions: {split: p(exudate), (n,) floats}.
        """
        self._rounds.append([_cell(row[name]) for name in ROUNDS])
        self._predictions.append(
            {split: np.asarray(p, np.float32) for split, p in predictions.items()}
        )

    def add_queries(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add what was asked in a round: dicts with the columns QUERIES."""
        self._queries.extend([_cell(row[name]) for name in QUERIES] for row in rows)

    def write(self) -> None:
        """Bring the files up to date, each by one rename."""
        write_csv(self.file("rounds.csv"), ROUNDS, self._rounds)
        write_csv(self.file("queries.csv"), QUERIES, self._queries)
        arrays = {"iteration": np.array([int(row[0]) for row in self._rounds])}
        for split in sorted(self._predictions[0]) if self._predictions else ():
            arrays[split] = np.stack([predictions[split] for predictions in self._predictions])
        write_hdf5(self.file("predictions.h5"), arrays)

    def position(self) -> Dict[str, Any]:
        """Return how much there is, and its checksum, for a snapshot: what `go_back_to` needs."""
        return {
            "rounds": len(self._rounds),
            "queries": len(self._queries),
            "sha256": self._checksum(),
        }

    def _checksum(self) -> str:
        digest = hashlib.sha256(json.dumps([self._rounds, self._queries]).encode("utf-8"))
        for predictions in self._predictions:
            for split in sorted(predictions):
                digest.update(predictions[split].tobytes())
        return digest.hexdigest()

    def go_back_to(self, position: Mapping[str, Any]) -> None:
        """Take up the rows that were there at `position`, and drop later ones.

        Raises EglError where a file holds fewer than that, or others.
        """
        self._rounds = self._first_rows("rounds.csv", position["rounds"])
        self._queries = self._first_rows("queries.csv", position["queries"])
        splits = read_predictions(self.path)
        if any(values.ndim != 2 or len(values) < position["rounds"] for values in splits.values()):
            path = self.file("predictions.h5")
            raise EglError(f"{path}: was cut short; remove the run's folder and start again")
        self._predictions = [
            {name: values[row] for name, values in splits.items()}
            for row in range(position["rounds"])
        ]
        if position.get("sha256", self._checksum()) != self._checksum():
            raise EglError(
                f"{self.path}: rounds.csv, queries.csv or predictions.h5 is not what the snapshot "
                "says; remove the run's folder and start again"
            )

    def _first_rows(self, name: str, n: int) -> List[List[str]]:
        rows = read_rows(self.file(name))
        if len(rows) < n:
            raise EglError(
                f"{self.file(name)}: has {len(rows)} rows where the snapshot says {n}; "
                "remove the run's folder and start again"
            )
        return rows[:n]

    def finish(self, metrics: Mapping[str, Any]) -> Dict[str, Any]:
        """Write metrics.json, whose presence marks a finished run, and return its content.

        The commit is added, where runtime/caffe has told which.
        """
        write_json(self.file("metrics.json"), dict(metrics, commit=os.environ.get("EGL_COMMIT")))
        return read_metrics(self.path)


def begun(path: str) -> bool:
    """Return whether a folder holds more than a run has before its first results."""
    return any(name not in BEFORE_WORK and TEMPORARY not in name for name in os.listdir(path))


def _foreign(path: str) -> List[str]:
    """Return what lies in a folder that no run has left there."""
    ours = (LOG, LOCK)
    return [name for name in os.listdir(path) if name not in ours and TEMPORARY not in name]


def _differences(before: Any, after: Any, name: str = "") -> List[str]:
    """Return "name: before, now after" for each setting that differs between two nested dicts."""
    if isinstance(before, dict) and isinstance(after, dict):
        lines = []
        for key in sorted(set(before) | set(after)):
            dotted = f"{name}.{key}" if name else key
            lines.extend(_differences(before.get(key), after.get(key), dotted))
        return lines
    return [] if before == after else [f"{name} {before} there, {after} given"]


def _cell(value: Any) -> str:
    """Return six significant digits: the same on all machines that compute the same float32."""
    return f"{value:.6g}" if isinstance(value, (float, np.floating)) else str(value)
