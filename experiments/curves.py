"""Curves over seeds, their intervals, and what a difference between two arms of the same seeds amounts to."""

import numpy as np
from scipy import stats
from scipy.integrate import trapezoid

# A net that has diverged gives no numbers, so it calls no patch exudate: what its run counts from there on.
AFTER_DIVERGENCE = {"f_measure": 0.0, "sensitivity": 0.0, "specificity": 1.0, "auc": 0.5}


def curves(results, names, column):
    """Return (iterations (n,), values (runs, n)) of a column of rounds.csv over the runs `names`.

    A run that ended early because it diverged goes on with AFTER_DIVERGENCE, any other that is shorter with its last value.
    """
    rounds = [results.rounds(name) for name in names]
    iterations = max((each["iteration"] for each in rounds), key=len)
    values = np.empty((len(names), len(iterations)))
    for row, name, each in zip(values, names, rounds):
        n = len(each[column])
        row[:n] = each[column]
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
