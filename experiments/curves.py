"""Curves of runs as tables, what is measured of each run, and intervals over seeds.

A table of curves has a row for each run and iteration: arm, seed, iteration, the metrics.
"""

from functools import partial
from typing import Any, Callable, Dict, Iterator, Mapping, Sequence, Tuple

import numpy as np
import pandas as pd
from scipy import stats
from scipy.integrate import trapezoid

from egl.training.run_files import ROUNDS
from experiments.bootstrap import over_seeds

# A net that has diverged gives no numbers, so it calls no patch exudate: what its run counts from
# there on.
AFTER_DIVERGENCE = {"f_measure": 0.0, "sensitivity": 0.0, "specificity": 1.0, "auc": 0.5}
BY_RUN = ("arm", "seed")
FEWEST = 3  # seeds for which an interval is shown


def continued(rounds: pd.DataFrame, iterations: Sequence[int], diverged: bool) -> pd.DataFrame:
    """Return a run's rounds at the iterations of a longer run of the same settings.

    Where the run has ended, its last values go on; if it diverged, AFTER_DIVERGENCE.
    """
    known = rounds.set_index("iteration").sort_index()
    table = known.reindex(pd.Index(iterations, name="iteration"))
    after = table.index > known.index[-1]
    for column in table.columns if after.any() else ():
        value = known[column].iloc[-1]
        table.loc[after, column] = AFTER_DIVERGENCE.get(column, value) if diverged else value
    return table.reset_index()


def joined(arms: Mapping[str, Mapping[int, Tuple[pd.DataFrame, bool]]]) -> pd.DataFrame:
    """Return the curves of runs {arm: {seed: (rounds, whether it diverged)}}.

    All runs of an arm have the iterations of its longest one, as `continued` says.
    """
    tables = []
    for arm, runs in arms.items():
        iterations = max((rounds["iteration"] for rounds, _ in runs.values()), key=len, default=())
        for seed, (rounds, diverged) in runs.items():
            table = continued(rounds, iterations, diverged)
            tables.append(table.assign(arm=arm, seed=seed))
    if not tables:
        types = {"arm": str, "seed": int, "iteration": int, **dict.fromkeys(ROUNDS[1:], float)}
        return pd.DataFrame(columns=list(types)).astype(types)
    return pd.concat(tables, ignore_index=True)[[*BY_RUN, *ROUNDS]]


def where(table: pd.DataFrame, **values: Any) -> pd.DataFrame:
    """Return the rows of a table whose columns have these values: where(scores, arm="egl")."""
    for column, value in values.items():
        table = table[table[column] == value]
    return table


def grouped(
    table: pd.DataFrame, by: Sequence[str]
) -> Iterator[Tuple[Dict[str, Any], pd.DataFrame]]:
    """Yield ({column: value}, rows) for the values that the columns `by` have, as they appear."""
    for key, rows in table.groupby(list(by), sort=False):
        # pandas 1 gives the value itself where `by` has one column, pandas 2 a tuple of one.
        yield dict(zip(by, key if isinstance(key, tuple) else (key,))), rows


def paired(table: pd.DataFrame, value: str, keys: Sequence[str] = ("seed",)) -> pd.DataFrame:
    """Return a column of a table with a row for each of `keys` and a column for each arm."""
    return table.set_index([*keys, "arm"])[value].unstack("arm").sort_index()


# Of one run's rounds:


def mean_height(run: pd.DataFrame, column: str, start: float = 0) -> float:
    """Return the area under a column from the iteration `start` on, divided by its width.

    Between two evaluations the curve is a straight line, and `start` may lie there.
    """
    iterations, values = run["iteration"].to_numpy(float), run[column].to_numpy(float)
    start = max(start, iterations[0])
    after = iterations > start
    x = np.concatenate([[start], iterations[after]])
    y = np.concatenate([[np.interp(start, iterations, values)], values[after]])
    return float(trapezoid(y, x) / (x[-1] - x[0])) if len(x) > 1 else float(y[0])


def height_at(run: pd.DataFrame, column: str, iteration: float) -> float:
    """Return a column's value at an iteration; between two evaluations, on the straight line."""
    return float(np.interp(iteration, run["iteration"], run[column]))


def first_at_height(run: pd.DataFrame, x: str, column: str, wanted: float) -> float:
    """Return the x at which a column first is as high as `wanted`, nan where it never is.

    A height of 0 never counts: where nothing is learned, nothing is reached.
    """
    run = run.sort_values("iteration")
    reached = run[(run[column] >= wanted) & (run[column] > 0)]
    return float(reached[x].iloc[0]) if len(reached) else float("nan")


def last(run: pd.DataFrame, column: str) -> float:
    """Return a column's last value."""
    return float(run.loc[run["iteration"].idxmax(), column])


def is_one_class(run: pd.DataFrame) -> bool:
    """Return whether a run ends with a net that calls all patches the same, or has diverged."""
    sensitivity, specificity = last(run, "sensitivity"), last(run, "specificity")
    return sensitivity + specificity == 1 and sensitivity in (0, 1)


# Of all runs of a table of curves:


def per_run(
    curves: pd.DataFrame, by: Sequence[str], **measures: Callable[[pd.DataFrame], Any]
) -> pd.DataFrame:
    """Return a row for each run: the columns `by`, and each of `measures` of its rounds."""
    rows = [
        {**keys, **{name: measure(run) for name, measure in measures.items()}}
        for keys, run in grouped(curves, by)
    ]
    return pd.DataFrame(rows, columns=[*by, *measures])


def scores(curves: pd.DataFrame, by: Sequence[str] = BY_RUN, start: float = 0) -> pd.DataFrame:
    """Return a row for each run: by, mean_f, last_f, labels, broken.

    mean_f: mean height of F from the iteration `start` on; labels: used at the end; broken: whether
    it ends with one class for all patches, or diverged
    """
    return per_run(
        curves,
        by,
        mean_f=lambda run: mean_height(run, "f_measure", start),
        last_f=lambda run: last(run, "f_measure"),
        labels=lambda run: last(run, "n_labelled"),
        broken=is_one_class,
    )


def heights(
    curves: pd.DataFrame, batches: Sequence[int], by: Sequence[str] = BY_RUN
) -> pd.DataFrame:
    """Return F at each of `batches`: a row for each batch and run with by, f, batch."""
    tables = []
    for batch in batches:
        height = partial(height_at, column="f_measure", iteration=batch)
        table = per_run(curves, by, f=height)
        tables.append(table.assign(batch=batch))
    return pd.concat(tables, ignore_index=True)


# Over seeds:


def interval(values: Any, comparisons: int = 1) -> Tuple[Any, Any]:
    """Return (mean, half width of the 95% t-interval) over the first axis.

    comparisons: how many intervals hold together with 95%, by Bonferroni's correction. The half
    width is nan for one seed.
    """
    values = np.asarray(values, float)
    n = len(values)
    if n < 2:
        return values.mean(axis=0), np.full(values.shape[1:], np.nan)
    quantile = stats.t.ppf(1 - 0.025 / comparisons, n - 1)
    return values.mean(axis=0), quantile * values.std(axis=0, ddof=1) / np.sqrt(n)


def mean_text(values: Any, digits: int = 3) -> str:
    """Return mean ± half of the 95% t-interval of values (seeds,) as text.

    Of fewer seeds than FEWEST it is the mean alone.
    """
    mean, half = interval(values)
    few = len(np.asarray(values)) < FEWEST
    rounded = round(float(mean), digits) + 0.0  # no -0.000
    return f"{rounded:.{digits}f}" if few else f"{rounded:.{digits}f} ± {half:.{digits}f}"


def share_text(values: Any, digits: int = 3, between: str = " ") -> str:
    """Return the mean of a measure from 0 to 1 and its bootstrap interval over seeds, as text.

    For example 0.812 (0.790 to 0.851); of fewer seeds than FEWEST it is the mean alone.
    """
    mean, low, high = over_seeds(values)
    if len(np.asarray(values)) < FEWEST:
        return f"{mean:.{digits}f}"
    return f"{mean:.{digits}f}{between}({low:.{digits}f} to {high:.{digits}f})"


def stacked(
    curves: pd.DataFrame, column: str, x: str = "iteration"
) -> Tuple[np.ndarray, np.ndarray]:
    """Return (x (n,), values (seeds, n)) of a column of one arm's curves."""
    table = curves.pivot(index="seed", columns=x, values=column)
    return table.columns.to_numpy(), np.ascontiguousarray(table.to_numpy(float))


def means(
    curves: pd.DataFrame, by: Sequence[str], columns: Sequence[str], x: str = "iteration"
) -> pd.DataFrame:
    """Return the means over seeds of the columns of curves, at every x.

    The columns are `by`, metric, x, mean, low and high (95% bootstrap interval), and seeds.
    """
    tables = []
    for keys, arm in grouped(curves, by):
        for column in columns:
            positions, values = stacked(arm, column, x)
            mean, low, high = over_seeds(values)
            table = {"metric": column, x: positions, "mean": mean, "low": low, "high": high}
            tables.append(pd.DataFrame({**keys, **table, "seeds": len(values)}))
    return pd.concat(tables, ignore_index=True)


def intervals(table: pd.DataFrame, by: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Return the mean and interval of columns for each combination of `by`, over the seeds.

    The columns are `by`, seeds (where the first column is known), and for each column its mean and,
    as column_half_width, half of its 95% t-interval, over the seeds where it is known; nan where
    none is, or one.
    """
    rows = []
    for keys, part in grouped(table, by):
        row = {**keys, "seeds": part[columns[0]].count()}
        for column in columns:
            known = part[column].dropna().to_numpy()
            mean, half = interval(known) if len(known) else (np.nan, np.nan)
            row.update({column: float(mean), f"{column}_half_width": float(half)})
        rows.append(row)
    return pd.DataFrame(rows)
