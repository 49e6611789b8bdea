"""results.csv: every evaluation of every run in one long table, so that anybody can redo a test."""

import gzip
import os
import re
from types import ModuleType
from typing import List, Mapping

import pandas as pd

from data_prep.files import written_whole
from experiments.results import Results

FILE, LARGEST = "results.csv", 1_000_000  # bytes; what is larger is compressed
COLUMNS = ["experiment", "arm", "seed", "iteration", "metric", "value"]
NAME = re.compile(r"(?P<arm>.+)-seed(?P<seed>\d+)")


def long_table(results: Results, experiments: Mapping[str, ModuleType]) -> pd.DataFrame:
    """Return COLUMNS of all finished runs that train a net, each under the first that asks for it.

    arm: the run's name, without the experiment's and without the seed; metric: a column of
    rounds.csv, or "diverged", which is 1 at the last evaluation of a run that diverged after it
    (iteration 0: before its first one) and 0 otherwise
    """
    tables: List[pd.DataFrame] = []
    seen = set()
    for experiment, module in experiments.items():
        for run in module.tasks(results.protocol):
            parts = NAME.fullmatch(run)
            if run not in seen and parts and results.finished(run) and _trains(results, run):
                arm = parts["arm"]
                if arm.startswith(experiment + "-"):
                    arm = arm[len(experiment) + 1 :]
                keys = {"experiment": experiment, "arm": arm, "seed": int(parts["seed"])}
                tables.append(_values(results, run).assign(**keys))
            seen.add(run)
    if not tables:
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat(tables, ignore_index=True)[COLUMNS]


def _trains(results: Results, run: str) -> bool:
    has_rounds = os.path.exists(os.path.join(results.run(run), "rounds.csv"))
    return has_rounds or bool(results.metrics(run).get("diverged"))


def _values(results: Results, run: str) -> pd.DataFrame:
    diverged = {"metric": "diverged", "value": float(bool(results.metrics(run)["diverged"]))}
    if not os.path.exists(os.path.join(results.run(run), "rounds.csv")):
        return pd.DataFrame([{"iteration": 0, **diverged}])
    rounds = results.rounds(run)
    last = pd.DataFrame([{"iteration": rounds["iteration"].max(), **diverged}])
    return pd.concat([rounds.melt("iteration", var_name="metric"), last])


def write_long_table(table: pd.DataFrame, folder: str) -> str:
    """Write FILE into a folder, or FILE.gz where it is large; return its name."""
    text = table.to_csv(index=False, float_format="%.6g").encode()
    large = len(text) > LARGEST
    name, other = (FILE + ".gz", FILE) if large else (FILE, FILE + ".gz")
    with written_whole(os.path.join(folder, name)) as temporary, open(temporary, "wb") as file:
        file.write(gzip.compress(text, mtime=0) if large else text)
    if os.path.exists(os.path.join(folder, other)):
        os.remove(os.path.join(folder, other))
    return name
