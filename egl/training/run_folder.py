"""The run folder: settings, one CSV row an evaluation, what was asked, predictions; described in docs/files.md.

Written so that a run that is killed at any moment goes on from its last snapshot and ends with the same bytes: the CSVs
are cut back to what they held at the snapshot, and everything else is written whole or not at all.
"""

import csv
import json
import os
from contextlib import contextmanager

import h5py
import numpy as np

from egl.errors import EglError

ROUNDS = (
    "iteration", "n_labelled", "n_images", "train_loss", "val_loss", "val_accuracy",
    "f_measure", "sensitivity", "specificity", "accuracy", "auc",
)  # fmt: skip
LOG = "log.txt"  # Caffe's own log; it begins before anything else is in the folder
QUERIES = ("iteration", "kind", "image", "patch", "symmetry", "label", "score")


class RunFolder:
    """One run's folder. `resumed` tells whether it holds the same run's earlier part; `finished`, whether all of it."""

    def __init__(self, path, settings):
        """Open or make the folder `path` for a run with `settings` (dict for JSON).

        Raises EglError if it holds another run, or files that are no run's.
        """
        self.path = path
        self._settings = json.loads(json.dumps(settings))
        file = self.file("settings.json")
        self.resumed = os.path.exists(file)
        if self.resumed:
            self._compare(_read_json(file))
        elif os.path.exists(path) and (not os.path.isdir(path) or set(os.listdir(path)) - {LOG}):
            raise EglError(f"{path}: exists and is no run folder; give another --out")
        else:
            try:
                os.makedirs(path, exist_ok=True)
                _write_json(file, self._settings)
            except OSError as error:
                raise EglError(
                    f"{path}: cannot be written ({error.strerror}); give another --out"
                ) from error
        self._rounds, self._queries, self._predictions = [], [], []

    def _compare(self, before):
        names = sorted(set(before) | set(self._settings))
        differ = [name for name in names if before.get(name) != self._settings.get(name)]
        if differ:
            what = ", ".join(
                f"{name} {before.get(name)} instead of {self._settings.get(name)}"
                for name in differ
            )
            raise EglError(
                f"{self.path}: holds a run with other settings ({what}); give another --out, or remove it"
            )

    def file(self, name):
        """Return the path of a file of this run."""
        return os.path.join(self.path, name)

    @property
    def finished(self):
        return os.path.exists(self.file("metrics.json"))

    def add_round(self, row, predictions):
        """Add one evaluation: row, a dict with the columns ROUNDS; predictions: dict split -> p(exudate), (n,) floats."""
        self._rounds.append([_cell(row[name]) for name in ROUNDS])
        self._predictions.append(
            {split: np.asarray(p, np.float32) for split, p in predictions.items()}
        )

    def add_queries(self, rows):
        """Add what was asked in a round: dicts with the columns QUERIES."""
        self._queries.extend([_cell(row[name]) for name in QUERIES] for row in rows)

    def write(self):
        """Bring the files up to date, each by one rename."""
        write_csv(self.file("rounds.csv"), ROUNDS, self._rounds)
        write_csv(self.file("queries.csv"), QUERIES, self._queries)
        temporary = self.file("predictions.h5.writing")
        with h5py.File(temporary, "w") as file:
            iterations = np.array([int(row[0]) for row in self._rounds])
            file.create_dataset("iteration", data=iterations, track_times=False)
            for split in sorted(self._predictions[0]) if self._predictions else ():
                file.create_dataset(
                    split, data=np.stack([p[split] for p in self._predictions]), track_times=False
                )
        os.replace(temporary, self.file("predictions.h5"))

    def position(self):
        """Return how much there is of each file: what `go_back_to` needs, for a snapshot."""
        return {"rounds": len(self._rounds), "queries": len(self._queries)}

    def go_back_to(self, position):
        """Take up the rows that were there at `position`; later ones, of the part that was lost, are dropped."""
        self._rounds = _read_csv(self.file("rounds.csv"))[: position["rounds"]]
        self._queries = _read_csv(self.file("queries.csv"))[: position["queries"]]
        try:
            with h5py.File(self.file("predictions.h5"), "r") as file:
                splits = {name: file[name][...] for name in file if name != "iteration"}
        except OSError as error:
            raise EglError(
                "{}: cannot be read ({}); remove the run's folder".format(
                    self.file("predictions.h5"), error
                )
            ) from error
        self._predictions = [
            {name: p[row] for name, p in splits.items()} for row in range(position["rounds"])
        ]

    def finish(self, metrics):
        """Write metrics.json, which says that the run is whole; with the commit, where runtime/caffe has told which."""
        _write_json(self.file("metrics.json"), dict(metrics, commit=os.environ.get("EGL_COMMIT")))


def read_metrics(path):
    """Return the metrics.json of a finished run folder, a dict. EglError where it is missing or damaged."""
    return _read_json(os.path.join(path, "metrics.json"))


def read_settings(path):
    """Return the settings.json of a run folder, a dict. EglError where it is missing or damaged."""
    return _read_json(os.path.join(path, "settings.json"))


def read_table(path):
    """Return a CSV as a list of dicts, text as it stands there. EglError where it is missing."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise EglError(
            f"{path}: cannot be read ({error.strerror}); remove the run's folder and start again"
        ) from error


def read_rounds(path):
    """Return the rounds.csv of a run folder as a dict column -> float array. EglError where it is missing or damaged."""
    file = os.path.join(path, "rounds.csv")
    rows = _read_csv(file)
    if not rows:
        raise EglError(f"{file}: has no rows; run the command again, it goes on where it was")
    return {
        name: np.array([float(row[place]) for row in rows]) for place, name in enumerate(ROUNDS)
    }


def _cell(value):
    """Six significant digits: the same on every machine that computes the same float32 numbers."""
    return f"{value:.6g}" if isinstance(value, (float, np.floating)) else str(value)


@contextmanager
def open_whole(path, mode="w", encoding="utf-8", newline=None):
    """Open a file for writing; it gets its name when the block ends well, so that it is there whole or not at all."""
    with open(path + ".writing", mode, encoding=encoding, newline=newline) as file:
        yield file
    os.replace(path + ".writing", path)


def write_csv(path, header, rows):
    """Write a CSV whole or not at all."""
    with open_whole(path, newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_arrays(path, arrays):
    """Write a dict of arrays as a compressed .npz, whole or not at all."""
    with open_whole(path, "wb", encoding=None) as file:
        np.savez_compressed(file, **arrays)


def _read_csv(path):
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return list(csv.reader(file))[1:]
    except OSError as error:
        raise EglError(
            f"{path}: cannot be read ({error.strerror}); remove the run's folder and start again"
        ) from error


def _write_json(path, value):
    with open_whole(path) as file:
        json.dump(value, file, indent=1, sort_keys=True)
        file.write("\n")


def _read_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise EglError(
            f"{path}: cannot be read ({error}); remove the run's folder and start again"
        ) from error
