"""The finished runs of one folder as tables: read once, typed, whatever the order of their rows."""

import os
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import pandas as pd

from egl.errors import EglError
from egl.training.run_folder import ROUNDS, read_metrics, read_predictions, read_rounds
from experiments.curves import joined
from experiments.protocols import Protocol

NameOf = Callable[[int], str]  # the name of a seed's run
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
        """Read every table anew when it is next asked for."""
        self._tables: Dict[Tuple[str, str], pd.DataFrame] = {}

    def run(self, name: str) -> str:
        """Return the folder of a run."""
        return os.path.join(self.out, "runs", name)

    def file(self, name: str) -> str:
        """Return the path of a file beside the report."""
        return os.path.join(self.out, name)

    def finished(self, *names: str) -> bool:
        """Return whether all these runs are finished."""
        return all(os.path.exists(os.path.join(self.run(name), "metrics.json")) for name in names)

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
        """Return a run's rounds.csv; EglError where it is missing or has no rows."""
        key = name, "rounds.csv"
        if key not in self._tables:
            table = pd.DataFrame(read_rounds(self.run(name)))
            self._tables[key] = table.astype(dict.fromkeys(COUNTS, int))
        return self._tables[key]

    def metrics(self, name: str) -> Dict[str, Any]:
        """Return a run's metrics.json."""
        return read_metrics(self.run(name))

    def predictions(self, name: str) -> Dict[str, np.ndarray]:
        """Return a run's predictions.h5: {split: p(exudate), (evaluations, samples)}."""
        return read_predictions(self.run(name))

    def table(self, name: str, file: str, text: Sequence[str] = ()) -> pd.DataFrame:
        """Return a CSV of a run.

        text: the columns of words, or of numbers that are names. EglError where it is missing.
        """
        key = name, file
        if key not in self._tables:
            path = os.path.join(self.run(name), file)
            try:
                self._tables[key] = pd.read_csv(
                    path,
                    float_precision="round_trip",
                    converters=dict.fromkeys(text, str),
                    keep_default_na=False,  # a photograph may be called NA
                    na_values=["nan", ""],
                )
            except (OSError, ValueError) as error:
                raise EglError(
                    f"{path}: cannot be read ({error}); remove the run's folder and rerun"
                ) from error
        return self._tables[key]
