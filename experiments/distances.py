"""How far our curves are from the paper's, in numbers."""

from typing import Any, Callable, Dict, List, Sequence

import numpy as np
import pandas as pd

from experiments.curves import where

NEARLY = 0.95  # of its last value


def reaches_end(x: Any, y: Any) -> float:
    """Return the x at which a curve is first at NEARLY its last value; nan where that is 0."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    return float(x[np.argmax(y >= NEARLY * y[-1])]) if len(y) and y[-1] > 0 else float("nan")


def falls_below(limit: float) -> Callable[[Any, Any], float]:
    """Return a function of x and y: the x at which a curve is first below `limit`, nan: never."""

    def first(x: Any, y: Any) -> float:
        below = np.flatnonzero(np.asarray(y, float) < limit)
        return float(np.asarray(x, float)[below[0]]) if len(below) else float("nan")

    return first


def distances(
    published: pd.DataFrame,
    ours: pd.DataFrame,
    keys: Sequence[str],
    moment: Callable[[Any, Any], float],
) -> pd.DataFrame:
    """Return the keys, distance, theirs and ours for each curve that is in both tables.

    published, ours: keys, batch, value; distance: mean absolute difference at our batches that lie
    within the printed curve, which is straight between its points (nan where there are none);
    theirs, ours: moment(x, y) of each
    """
    rows: List[Dict[str, Any]] = []
    for _, printed in published.groupby(list(keys), sort=False):
        names = printed[list(keys)].iloc[0].to_dict()
        mine = where(ours, **names).sort_values("batch")
        if mine.empty:
            continue
        # A curve digitised by hand may have two points at one batch.
        printed = printed.groupby("batch")["value"].mean()
        inside = mine[mine["batch"].between(printed.index[0], printed.index[-1])]
        heights = np.interp(inside["batch"], printed.index, printed)
        gap = np.abs(heights - inside["value"]).mean() if len(inside) else np.nan
        at = {
            "theirs": moment(printed.index, printed),
            "ours": moment(mine["batch"], mine["value"]),
        }
        rows.append({**names, "distance": gap, **at})
    return pd.DataFrame(rows, columns=[*keys, "distance", "theirs", "ours"])
