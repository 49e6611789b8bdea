"""What the paper printed: the numbers of its text, and curves that a reader has read off its figures with a plot digitiser."""

import csv
import os

import numpy as np

from egl.errors import EglError

COLUMNS = ("batch", "metric", "strategy", "value")
METRICS = ("f_measure", "sensitivity", "specificity")
STRATEGIES = ("random", "egl")
NUMBERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "published_numbers.csv")


def read_numbers():
    """Return the numbers of the paper's text: a list of dicts with quantity, value and place (where in the paper)."""
    with open(NUMBERS, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_curves(path):
    """Return {(metric, strategy): (batches, values)}, sorted by batch, from a CSV with the columns batch,metric,strategy,value.

    metric: f_measure, sensitivity or specificity; strategy: random or egl; batch: at least 0; value: from 0 to 1.
    EglError, naming the file and the line, for anything else.
    """
    points = {}
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise EglError("{}: the first line must be {}".format(path, ",".join(COLUMNS)))
            for row in rows:
                key, point = _point(row, f"{path}, line {rows.line_num}")
                points.setdefault(key, []).append(point)
    except (OSError, UnicodeDecodeError) as error:
        raise EglError(
            f"{path}: cannot be read ({error}); give a CSV file of the columns {','.join(COLUMNS)}"
        ) from error
    return {key: tuple(np.array(sorted(values)).T) for key, values in points.items()}


def _point(row, place):
    if row["metric"] not in METRICS or row["strategy"] not in STRATEGIES:
        raise EglError(
            f"{place}: metric is one of {', '.join(METRICS)}, strategy one of {', '.join(STRATEGIES)}"
        )
    try:
        batch, value = float(row["batch"]), float(row["value"])
    except (TypeError, ValueError) as error:
        raise EglError(f"{place}: batch and value must be numbers") from error
    if not (np.isfinite(batch) and batch >= 0 and 0 <= value <= 1):
        raise EglError(
            f"{place}: batch {row['batch']} must be at least 0, value {row['value']} from 0 to 1"
        )
    return (row["metric"], row["strategy"]), (batch, value)
