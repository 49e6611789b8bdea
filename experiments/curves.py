"""Curves over seeds, their intervals, and what a difference between two arms of the same seeds amounts to."""

from typing import Any, Callable, Sequence, Tuple

import numpy as np
import pandas as pd
from scipy import stats
from scipy.integrate import trapezoid

# A net that has diverged gives no numbers, so it calls no patch exudate: what its run counts from there on.
AFTER_DIVERGENCE = {"f_measure": 0.0, "sensitivity": 0.0, "specificity": 1.0, "auc": 0.5}


def continued(rounds: pd.DataFrame, iterations: Sequence[int], diverged: bool) -> pd.DataFrame:
    """Return a run's rounds at the iterations of a longer run of the same settings.

    Where the run has ended, its last values go on; if it ended because it diverged, AFTER_DIVERGENCE.
    """
    known = rounds.set_index("iteration").sort_index()
    table = known.reindex(pd.Index(iterations, name="iteration"))
    after = table.index > known.index[-1]
    for column in table.columns if after.any() else ():
        last = known[column].iloc[-1]
        table.loc[after, column] = AFTER_DIVERGENCE.get(column, last) if diverged else last
    return table.reset_index()


def per_run(
    curves: pd.DataFrame, by: Sequence[str], **measures: Callable[[pd.DataFrame], Any]
) -> pd.DataFrame:
    """Return a row for each run of `curves`: the columns `by`, and measure(the run's rounds) for each of `measures`."""
    rows = [
        {**dict(zip(by, key)), **{name: measure(run) for name, measure in measures.items()}}
        for key, run in curves.groupby(list(by), sort=False)
    ]
    return pd.DataFrame(rows, columns=[*by, *measures])


def mean_height(run: pd.DataFrame, column: str, start: float = 0) -> float:
    """Return the area under a column of a run's rounds from the iteration `start` on, divided by its width."""
    return float(area(run["iteration"], [run[column]], start)[0])


def height_at(run: pd.DataFrame, column: str, iteration: float) -> float:
    """Return the height of a column of a run's rounds at an iteration; between two evaluations, on the straight line."""
    return float(np.interp(iteration, run["iteration"], run[column]))


def is_one_class(run: pd.DataFrame) -> bool:
    """Return whether a run ends with a net that calls all patches the same, or has diverged."""
    last = run.loc[run["iteration"].idxmax()]
    return bool(last["sensitivity"] + last["specificity"] == 1 and last["sensitivity"] in (0, 1))


def stacked(curves: pd.DataFrame, column: str) -> Tuple[np.ndarray, np.ndarray]:
    """Return (iterations (n,), values (seeds, n)) of a column of one arm's curves."""
    table = curves.pivot(index="seed", columns="iteration", values=column)
    return table.columns.to_numpy(), np.ascontiguousarray(table.to_numpy(float))


def means(curves: pd.DataFrame, by: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Return the means over seeds of the columns of curves: by, metric, iteration, mean, half_width (of the 95% t-interval), seeds."""
    tables = []
    for key, arm in curves.groupby(list(by), sort=False):
        for column in columns:
            iterations, values = stacked(arm, column)
            mean, half = interval(values)
            table = {"metric": column, "iteration": iterations, "mean": mean, "half_width": half}
            keys = dict(zip(by, key if len(by) > 1 else (key,)))
            tables.append(pd.DataFrame({**keys, **table, "seeds": len(values)}))
    return pd.concat(tables, ignore_index=True)


def where(table: pd.DataFrame, **values: Any) -> pd.DataFrame:
    """Return the rows of a table whose columns have these values: where(scores, arm="egl")."""
    for column, value in values.items():
        table = table[table[column] == value]
    return table


def paired(table: pd.DataFrame, value: str, keys: Sequence[str] = ("seed",)) -> pd.DataFrame:
    """Return a column of a table with a row for each of `keys` and a column for each arm."""
    return table.set_index([*keys, "arm"])[value].unstack("arm").sort_index()


def curves(results, names, column):
    """Return (iterations (n,), values (runs, n)) of a column of rounds.csv over the runs `names`.

    A run that ended early because it diverged goes on with AFTER_DIVERGENCE, any other that is shorter with its last value.
    """
    rounds = [results.rounds(name) for name in names]
    iterations = max((each["iteration"].to_numpy() for each in rounds), key=len)
    values = np.empty((len(names), len(iterations)))
    for row, name, each in zip(values, names, rounds):
        n = len(each[column])
        row[:n] = each[column].to_numpy()
        row[n:] = (
            AFTER_DIVERGENCE.get(column, row[n - 1])
            if results.metrics(name)["diverged"]
            else row[n - 1]
        )
    return iterations, values


def interval(values):
    """Return (mean, half width of the 95% t-interval) over the first axis; the half width is nan for one seed."""
    values = np.asarray(values, float)
    n = len(values)
    if n < 2:
        return values.mean(axis=0), np.full(values.shape[1:], np.nan)
    return values.mean(axis=0), stats.t.ppf(0.975, n - 1) * values.std(axis=0, ddof=1) / np.sqrt(n)


def area(iterations, values, start=0):
    """Return the area under curves (runs, n) from the iteration `start` on, divided by its width: the mean height, (runs,).

    Between two evaluations a curve is a straight line, and `start` may lie there.
    """
    iterations = np.asarray(iterations, float)
    start = max(start, iterations[0])
    after = iterations > start
    x = np.concatenate([[start], iterations[after]])
    y = np.stack(
        [
            np.concatenate([[np.interp(start, iterations, row)], row[after]])
            for row in np.asarray(values, float)
        ]
    )
    return trapezoid(y, x, axis=1) / (x[-1] - x[0]) if len(x) > 1 else y[:, 0]


def at(iterations, values, iteration):
    """Return the height of curves (runs, n) at an iteration, between two evaluations on the straight line: (runs,)."""
    return np.array([np.interp(iteration, iterations, row) for row in values])


def first_at(x, values, wanted):
    """Return the x (runs,) at which curves are first as high as `wanted`, nan where they never are; a height of 0 never counts.

    x, values: (runs, n).
    """
    reached = (values >= wanted) & (values > 0)
    return np.where(reached.any(axis=1), x[np.arange(len(x)), reached.argmax(axis=1)], np.nan)


def until(iterations, values, last):
    """Return the part of curves (runs, n) up to the iteration `last`: (iterations, values)."""
    return iterations[iterations <= last], values[:, iterations <= last]


def one_class(results, names, last=np.inf):
    """Return how many of the runs call every patch healthy, or every one exudate, or have diverged, at the iteration `last`."""
    yes, no = (
        until(*curves(results, names, column), last)[1][:, -1]
        for column in ("sensitivity", "specificity")
    )
    return int(((yes + no == 1) & np.isin(yes, (0, 1))).sum())


def text(mean, half, digits=3):
    """Return a mean and the half width of its interval as text."""
    return f"{mean:.{digits}f}" if np.isnan(half) else f"{mean:.{digits}f} ± {half:.{digits}f}"


def mean_text(values, digits=3):
    """Return mean ± half width of the 95% t-interval of values (seeds,) as text."""
    return text(*interval(values), digits)
