"""The curve: F-measure against minutes, in both orders."""

from typing import Any, List

import numpy as np
import pandas as pd

from experiments import plots
from experiments.curves import interval, where
from experiments.ophthalmologist.course import RANDOM, RANKED

LABELS = {RANKED: "in the order of the ranking", RANDOM: "in random order"}
COLOURS = {RANKED: plots.colour("egl"), RANDOM: plots.colour("random")}


def at_minutes(table: pd.DataFrame, order: str, minutes: np.ndarray) -> np.ndarray:
    """Return the F-measure of each seed at these minutes, (seeds, n): linear between learnings.

    A person who has fewer minutes' work in 40 photographs keeps the last F-measure.
    """
    runs = [run for _, run in where(table, order=order).groupby("seed")]
    return np.array([np.interp(minutes, run["minutes"], run["f_measure"]) for run in runs])


def draw(table: pd.DataFrame, path: str) -> None:
    """Draw the curve to `path` (.png); table: the rows of course.rows_of_seed."""
    figure, axes = plots.panels(width=7, height=4)
    axis = axes[0, 0]
    minutes = np.linspace(0, table["minutes"].max(), 200)
    for order, label in LABELS.items():
        values = at_minutes(table, order, minutes)
        axis.plot(minutes, values.mean(axis=0), color=COLOURS[order], label=label)
        axis.plot(minutes, values.T, color=COLOURS[order], linewidth=0.5, alpha=0.5)
    axis.set(xlabel="minutes of the person", ylabel="F-measure on photographs kept out")
    axis.legend(loc="lower right")
    plots.save(figure, path)


def summary(table: pd.DataFrame) -> List[str]:
    """Return a line for each step: labelled photographs, and the gain over random order."""
    lines = []
    for photographs, part in table.groupby("photographs"):
        by = {order: where(part, order=order).set_index("seed") for order in LABELS}
        gain: Any = by[RANKED]["f_measure"] - by[RANDOM]["f_measure"]
        mean, half = interval(gain.to_numpy())
        minutes = {order: rows["minutes"].mean() for order, rows in by.items()}
        lines.append(
            f"{photographs} photographs: {minutes[RANKED]:.0f} minutes ranked, "
            f"{minutes[RANDOM]:.0f} at random; F-measure ranked minus random {mean:+.3f} ± "
            f"{half:.3f} ({len(gain)} seeds)"
        )
    return lines
