"""The finished runs of one folder as tables: read once, typed, whatever the order of their rows.

A run with a damaged file counts as not finished, so that the others can be reported.
"""

import os
from functools import partial
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple
from zipfile import BadZipFile

import h5py
import numpy as np
import pandas as pd

from egl.errors import EglError
from egl.training.run_files import ROUNDS, read_metrics, read_predictions, read_rounds
from experiments.curves import joined
from experiments.protocols import Protocol


class DamagedRun(EglError):
    """A file of a finished run cannot be read. run: its name."""

    def __init__(self, run: str, message: str) -> None:
        super().__init__(message)
        self.run = run


class Metrics(Dict[str, Any]):
    """A run's metrics.json; a number that it lacks is damage, not a bug."""

    def __init__(self, run: str, path: str, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._run, self._path = run, path

    def __missing__(self, key: str) -> Any:
        raise DamagedRun(self._run, f"{self._path}: has no {key}; {REMEDY}")


NameOf = Callable[[int], str]  # the name of a seed's run
REMEDY = "remove the run's folder and run egl reproduce again"
COUNTS = ("iteration", "n_labelled", "n_images")  # the columns of rounds.csv that hold integers


class Results:
    """The finished runs under OUT/runs, for the experiments' `measure`. A table is read once.

    out: folder of figures, CSVs and the report; stores: {name: PatchStore}; protocol: the Protocol
    of the runs;
    published: curves digitised from the paper's figure (see experiments.published.read_curves), or
    None
    """

    def __init__(
        self,
        out: str,
        protocol: Protocol,
        stores: Mapping[str, Any],
        published: Optional[pd.DataFrame] = None,
    ) -> None:
        self.out, self.protocol, self.stores, self.published = out, protocol, stores, published
        self.forget()

    def forget(self) -> None:
        """Read every file anew when it is next asked for."""
        self._tables: Dict[Tuple[str, str], pd.DataFrame] = {}
        self._whole: Dict[str, bool] = {}
        self.damaged: Dict[str, str] = {}  # run -> what is wrong, and the remedy

    def run(self, name: str) -> str:
        """Return the folder of a run."""
        return os.path.join(self.out, "runs", name)

    def file(self, name: str) -> str:
        """Return the path of a file beside the report."""
        return os.path.join(self.out, name)

    def finished(self, *names: str) -> bool:
        """Return whether all these runs are finished, and not known as damaged."""
        return all(self._is_whole(name) for name in names)

    def damage(self, error: DamagedRun) -> None:
        """Count a run as not finished from now on."""
        self.damaged[error.run] = str(error)
        self._whole[error.run] = False

    def _is_whole(self, name: str) -> bool:
        if not os.path.exists(os.path.join(self.run(name), "metrics.json")):
            return False
        if name not in self._whole:
            self._whole[name] = True
            try:
                self._check(name)
            except DamagedRun as error:
                self.damage(error)
        return self._whole[name]

    def _check(self, name: str) -> None:
        """Raise DamagedRun where a run's metrics, rounds and predictions do not fit together."""
        self.metrics(name)
        if not os.path.exists(os.path.join(self.run(name), "rounds.csv")):
            return  # no run that trains a net, or one that diverged at once
        iterations = self.rounds(name)["iteration"].tolist()
        path = os.path.join(self.run(name), "predictions.h5")
        try:
            with h5py.File(path, "r") as file:
                evaluated = file["iteration"][...].tolist()
                lengths = {len(file[split]) for split in file}
        except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise DamagedRun(name, f"{path}: cannot be read ({error}); {REMEDY}") from error
        if evaluated != iterations or lengths != {len(iterations)}:
            raise DamagedRun(
                name, f"{path}: has other evaluations than rounds.csv beside it; {REMEDY}"
            )

    def read(self, name: str, reader: Callable[[str], Any]) -> Any:
        """Return reader(folder of a run); DamagedRun, with a remedy, where it fails."""
        try:
            return reader(self.run(name))
        except DamagedRun:
            raise
        except EglError as error:
            raise DamagedRun(name, str(error)) from error
        except (OSError, KeyError, TypeError, ValueError, RuntimeError, BadZipFile) as error:
            reason = f"{type(error).__name__}: {error}"
            raise DamagedRun(
                name, f"{self.run(name)}: cannot be read ({reason}); {REMEDY}"
            ) from error

    def seeds(self, seeds: Iterable[int], *name_of: NameOf) -> List[int]:
        """Return those of `seeds` for which every name_of(seed) is finished."""
        return [seed for seed in seeds if self.finished(*(name(seed) for name in name_of))]

    def paired(self, seeds: Iterable[int], arms: Mapping[str, NameOf]) -> Dict[str, Dict[int, str]]:
        """Return {arm: {seed: run}}, over the seeds in which every arm is finished."""
        whole = self.seeds(seeds, *arms.values())
        return {arm: {seed: name(seed) for seed in whole} for arm, name in arms.items()}

    def curves(
        self, runs: Mapping[str, Mapping[int, str]], columns: Sequence[str] = ROUNDS[1:]
    ) -> pd.DataFrame:
        """Return the curves of runs {arm: {seed: run}}: see experiments.curves.joined."""
        arms = {
            arm: {
                seed: (self.rounds(name), bool(self.metrics(name)["diverged"]))
                for seed, name in by_seed.items()
            }
            for arm, by_seed in runs.items()
        }
        return joined(arms)[["arm", "seed", "iteration", *columns]]

    def paired_curves(self, seeds: Iterable[int], arms: Mapping[str, NameOf]) -> pd.DataFrame:
        """Return the curves of arms over the seeds in which every arm is finished."""
        return self.curves(self.paired(seeds, arms))

    def rounds(self, name: str) -> pd.DataFrame:
        """Return a run's rounds.csv; DamagedRun where it is missing or has no rows."""
        key = name, "rounds.csv"
        if key not in self._tables:
            self._tables[key] = self.read(name, _rounds)
        return self._tables[key]

    def metrics(self, name: str) -> Dict[str, Any]:
        """Return a run's metrics.json; DamagedRun where it, or a number asked for, is not there."""
        path = os.path.join(self.run(name), "metrics.json")
        return Metrics(name, path, self.read(name, read_metrics))

    def predictions(self, name: str) -> Dict[str, np.ndarray]:
        """Return a run's predictions.h5: {split: p(exudate), (evaluations, samples)}."""
        predictions: Dict[str, np.ndarray] = self.read(name, read_predictions)
        return predictions

    def table(self, name: str, file: str, text: Sequence[str] = ()) -> pd.DataFrame:
        """Return a CSV of a run.

        text: the columns of words, or of numbers that are names. DamagedRun where it is missing or
        was cut: its last line then has no end.
        """
        key = name, file
        if key not in self._tables:
            self._tables[key] = self.read(name, partial(_table, file=file, text=text))
        return self._tables[key]


def _rounds(run: str) -> pd.DataFrame:
    return pd.DataFrame(read_rounds(run)).astype(dict.fromkeys(COUNTS, int))


def _table(run: str, file: str, text: Sequence[str]) -> pd.DataFrame:
    path = os.path.join(run, file)
    try:
        with open(path, "rb") as opened:
            content = opened.read()
        if not content.endswith(b"\n") or b"\0" in content:
            raise ValueError("it was cut short, or holds something else")
        return pd.read_csv(
            path,
            float_precision="round_trip",
            converters=dict.fromkeys(text, str),
            keep_default_na=False,  # a photograph may be called NA
            na_values=["nan", ""],
        )
    except (OSError, ValueError) as error:
        raise EglError(f"{path}: cannot be read ({error}); {REMEDY}") from error
