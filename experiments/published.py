"""Curves that somebody has digitised from the paper's figures, in what plot digitisers write.

docs/published-curves.md shows each form: our long table; a CSV of x, y for each curve, called by
its figure, metric and arm; WebPlotDigitizer's table of several curves.
"""

import csv
import io
import os
import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import pandas as pd

from data_prep.files import write_text
from egl.errors import EglError

COLUMNS = ("figure", "pool", "metric", "strategy", "batch", "value")
LONG = ("batch", "metric", "strategy", "value")  # the long table needs these
FILE = "published.csv"  # in the folder of egl reproduce: what was given last
METRICS = {"fig2": ("f_measure", "sensitivity", "specificity"), "fig3": ("interestingness",)}
STRATEGIES = {"fig2": ("random", "egl"), "fig3": ("egl", "sgd")}
POOLS = ("all", "lesion")
NEAR = 0.02  # a digitiser's hand may slip so far beyond 0 and 1, and one batch before 0
NAME = re.compile(
    r"(?P<figure>fig[23])-(?:(?P<pool>all|lesion)-)?(?P<metric>[a-z_]+)-(?P<strategy>[a-z]+)"
)
HOW = "docs/published-curves.md shows what can be read"


class Curve(NamedTuple):
    """What a curve shows."""

    figure: str
    pool: str
    metric: str
    strategy: str


def read_curves(path: str) -> pd.DataFrame:
    """Return the digitised curves of a file, or of all .csv files of a folder: COLUMNS, sorted.

    figure: fig2 or fig3; pool: all or lesion; metric, strategy: of METRICS and STRATEGIES; batch:
    at least 0; value: from 0 to 1 in Fig. 2, and of Fig. 3 the share of the curve's highest value.
    EglError, naming the file and the line, for anything else, and for a curve given twice.
    """
    points: Dict[Curve, List[Tuple[float, float]]] = {}
    for file in _files(path):
        for curve, of_curve in _read(file).items():
            if curve in points:
                raise EglError(f"{file}: {'-'.join(curve)} was given before; keep one of them")
            points[curve] = of_curve
    tables = []
    for curve, of_curve in points.items():
        table = pd.DataFrame(of_curve, columns=["batch", "value"])
        if curve.figure == "fig3":
            table["value"] /= table["value"].max() or 1
        tables.append(table.assign(**curve._asdict()))
    whole = pd.concat(tables, ignore_index=True)[list(COLUMNS)]
    return whole.sort_values(list(COLUMNS), ignore_index=True)


def remembered(out: str, given: Optional[pd.DataFrame]) -> Optional[pd.DataFrame]:
    """Return the curves for a folder of egl reproduce: those given now, else those given last.

    Those given now are kept there, as FILE. EglError where the file there is damaged.
    """
    path = os.path.join(out, FILE)
    if given is not None:
        write_text(path, given.to_csv(index=False))
        return given
    return read_curves(path) if os.path.exists(path) else None


def _files(path: str) -> List[str]:
    if not os.path.isdir(path):
        return [path]
    names = sorted(name for name in os.listdir(path) if name.lower().endswith(".csv"))
    if not names:
        raise EglError(f"{path}: holds no .csv file; {HOW}")
    return [os.path.join(path, name) for name in names]


def _read(path: str) -> Dict[Curve, List[Tuple[float, float]]]:
    rows = _rows(path)
    first = [cell.lower() for cell in rows[0][1]]
    if set(LONG) <= set(first):
        return _read_long(path, rows, first)
    if len(rows) > 1 and _is_xy(rows[1][1]):
        return _read_several(path, rows)
    return {_curve(os.path.splitext(os.path.basename(path))[0], path): _read_xy(path, rows)}


def _rows(path: str) -> List[Tuple[int, List[str]]]:
    """Return (line, cells) of a CSV: without empty lines, and lines that begin with #."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            text = file.read()
        if "\0" in text:
            raise ValueError("it holds a NUL byte")
        separator = next((mark for mark in ";\t" if mark in text), ",")
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        rows = [(lines.line_num, [cell.strip() for cell in row]) for row in lines]
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise EglError(f"{path}: cannot be read ({reason}); {HOW}") from error
    rows = [(line, row) for line, row in rows if any(row) and not row[0].startswith("#")]
    if not rows:
        raise EglError(f"{path}: is empty; {HOW}")
    return rows


def _read_long(path: str, rows: Any, names: Sequence[str]) -> Dict[Curve, List[Any]]:
    points: Dict[Curve, List[Any]] = {}
    for line, cells in rows[1:]:
        where = f"{path}, line {line}"
        if len(cells) != len(names):
            raise EglError(
                f"{where}: has {len(cells)} cells where the first line has {len(names)}; a decimal "
                "comma needs semicolons between the cells"
            )
        row = dict(zip(names, cells))
        known = {"figure": row.get("figure") or "fig2", "pool": row.get("pool") or "all"}
        curve = _known(Curve(metric=row["metric"], strategy=row["strategy"], **known), where)
        points.setdefault(curve, []).append(_point(row["batch"], row["value"], curve, where))
    if not points:
        raise EglError(f"{path}: has no points below its first line; {HOW}")
    return points


def _read_several(path: str, rows: Any) -> Dict[Curve, List[Any]]:
    """Read WebPlotDigitizer's table: names over every second column, X and Y below them."""
    points: Dict[Curve, List[Any]] = {}
    for column in range(0, len(rows[1][1]), 2):
        name = rows[0][1][column] if column < len(rows[0][1]) else ""
        pairs = [(line, cells[column : column + 2]) for line, cells in rows[2:]]
        pairs = [(line, pair) for line, pair in pairs if any(pair)]
        if name or pairs:
            curve = _curve(name, path)
            if curve in points:
                raise EglError(f"{path}: {name} stands there twice; keep one of them")
            points[curve] = _points(pairs, curve, path)
    return points


def _read_xy(path: str, rows: Any) -> List[Any]:
    curve = _curve(os.path.splitext(os.path.basename(path))[0], path)
    try:
        _number(rows[0][1][0])
    except ValueError:
        rows = rows[1:]  # a line of names
    return _points(rows, curve, path)


def _points(rows: Any, curve: Curve, path: str) -> List[Any]:
    found = []
    for line, cells in rows:
        if len(cells) != 2:
            raise EglError(
                f"{path}, line {line}: has {len(cells)} cells where x and y are wanted; a decimal "
                "comma needs semicolons between the cells"
            )
        found.append(_point(cells[0], cells[1], curve, f"{path}, line {line}"))
    if not found:
        raise EglError(f"{path}: has no points of {'-'.join(curve)}; {HOW}")
    return found


def _is_xy(cells: Sequence[str]) -> bool:
    return all(cell.lower() == "xy"[place % 2] for place, cell in enumerate(cells) if cell)


def _curve(name: str, path: str) -> Curve:
    """Return the curve that a file or a column is called after."""
    words = re.sub(r"[\s-]+", "-", name.strip().lower()).replace("f-measure", "f_measure")
    found = NAME.fullmatch(words)
    if not found:
        raise EglError(
            f"{path}: {name!r} does not say which curve it is; call it as in "
            f"fig2-f_measure-egl, fig2-lesion-sensitivity-random or fig3-interestingness-egl; {HOW}"
        )
    parts = found.groupdict()
    return _known(Curve(**{**parts, "pool": parts["pool"] or "all"}), path)


def _known(curve: Curve, where: str) -> Curve:
    if curve.figure not in METRICS:
        raise EglError(f"{where}: figure is one of {', '.join(METRICS)}")
    metrics, strategies = METRICS[curve.figure], STRATEGIES[curve.figure]
    if curve.metric not in metrics or curve.strategy not in strategies or curve.pool not in POOLS:
        raise EglError(
            f"{where}: metric is one of {', '.join(metrics)}, "
            f"strategy one of {', '.join(strategies)}, pool one of {', '.join(POOLS)}"
        )
    return curve


def _number(text: str) -> float:
    """Return a number, whose decimal mark may be a comma. ValueError where it is none."""
    return float(text.replace(",", ".")) if text.count(",") == 1 else float(text)


def _point(x: str, y: str, curve: Curve, where: str) -> Tuple[float, float]:
    try:
        batch, value = _number(x), _number(y)
    except ValueError as error:
        raise EglError(f"{where}: batch and value must be numbers") from error
    highest = 1 + NEAR if curve.figure == "fig2" else np.inf
    if not (np.isfinite(batch) and np.isfinite(value) and batch >= -1):
        raise EglError(f"{where}: batch {x} must be at least 0, value {y} a number")
    if not -NEAR <= value <= highest:
        raise EglError(f"{where}: batch {x}: value {y} must be from 0 to 1, not in percent")
    return max(0.0, batch), max(0.0, min(1.0, value) if curve.figure == "fig2" else value)
