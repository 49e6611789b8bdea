"""What the paper printed: the numbers in its text, and curves digitised from its figures."""

import csv
import os
from typing import Any, Dict

import numpy as np
import pandas as pd

from egl.errors import EglError

COLUMNS = ("batch", "metric", "strategy", "value")
METRICS = ("f_measure", "sensitivity", "specificity")
STRATEGIES = ("random", "egl")
NUMBERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "published_numbers.csv")


def read_curves(path: str) -> pd.DataFrame:
    """Return the digitised curves of a CSV, with the columns batch,metric,strategy,value.

    metric: f_measure, sensitivity or specificity; strategy: random or egl; batch: at least 0;
    value: from 0 to 1. EglError, naming the file and the line, for anything else.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise EglError(f"{path}: the first line must be {','.join(COLUMNS)}")
            points = [_point(row, f"{path}, line {rows.line_num}") for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EglError(
            f"{path}: cannot be read ({error}); give a CSV file of the columns {','.join(COLUMNS)}"
        ) from error
    table = pd.DataFrame(points, columns=["figure", "pool", *COLUMNS])
    return table.sort_values(["batch", "value"], ignore_index=True)


def _point(row: Dict[str, Any], line: str) -> Dict[str, Any]:
    if row["metric"] not in METRICS or row["strategy"] not in STRATEGIES:
        raise EglError(
            f"{line}: metric is one of {', '.join(METRICS)}, "
            f"strategy one of {', '.join(STRATEGIES)}"
        )
    try:
        batch, value = float(row["batch"]), float(row["value"])
    except (TypeError, ValueError) as error:
        raise EglError(f"{line}: batch and value must be numbers") from error
    if not (np.isfinite(batch) and batch >= 0 and 0 <= value <= 1):
        raise EglError(
            f"{line}: batch {row['batch']} must be at least 0, value {row['value']} from 0 to 1"
        )
    place = {"figure": "fig2", "pool": "all"}
    return {
        **place,
        "batch": batch,
        "metric": row["metric"],
        "strategy": row["strategy"],
        "value": value,
    }
