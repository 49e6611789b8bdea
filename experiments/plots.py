"""Charts as PNG: of the same data the same bytes."""

import zlib
from typing import Any, Optional, Sequence, Tuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from data_prep.files import written_whole
from experiments.curves import interval, stacked

COLOURS = {
    "random": "tab:blue",
    "egl": "tab:green",
    "ip1": "tab:green",
    "egl-images": "tab:purple",
    "egl-patches": "tab:olive",
    "lesion-share": "darkorange",
    "sgd": "tab:gray",
    "badge": "tab:red",
    "bag-egl": "tab:brown",
    "bag-egl-softmax": "tab:pink",
    "committee-kl": "tab:cyan",
    "core-set": "black",
    "egl-diverse": "darkorange",
    "entropy": "navy",
    "least-confidence": "darkgreen",
    "margin": "crimson",
    "output-change": "slateblue",
    "vote-entropy": "goldenrod",
}
FURTHER_COLOURS = ("teal", "indigo", "sienna", "deeppink", "steelblue", "olivedrab", "darkviolet")
LABELS = {
    "random": "random",
    "egl": "EGL",
    "egl-images": "EGL images, random patches",
    "egl-patches": "random images, EGL patches",
    "lesion-share": "random images at EGL's share of lesion images",
    "sgd": "plain SGD, all labels",
    "f_measure": "F-measure",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
}


def label(arm: str) -> str:
    """Return the words for an arm; one that has none is called by its name."""
    return LABELS.get(arm, arm)


def colour(arm: str) -> str:
    """Return an arm's colour, the same in every figure; that of an unknown arm is by its name."""
    further = FURTHER_COLOURS[zlib.crc32(arm.encode()) % len(FURTHER_COLOURS)]
    return COLOURS.get(arm, further)


def panels(
    columns: int = 1, rows: int = 1, width: float = 5.2, height: float = 4.2, **options: Any
) -> Tuple[Figure, np.ndarray]:
    """Return (figure, axes: array rows x columns); width, height: of one panel, in inches."""
    figure = Figure(figsize=(width * columns, height * rows))
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def save(figure: Figure, path: str) -> None:
    """Write a figure as PNG."""
    figure.tight_layout()
    with written_whole(path) as temporary:
        figure.savefig(temporary, dpi=90, bbox_inches="tight", metadata={"Software": None})


def band(
    axis: Axes, x: Any, values: Any, label: str, colour: str, shade: bool = True, **style: Any
) -> None:
    """Draw the mean of values (seeds, n) and, with shade, its 95% t-interval."""
    mean, half = interval(values)
    axis.plot(x, mean, color=colour, label=label, **style)
    if shade and not np.isnan(half).all():
        axis.fill_between(x, mean - half, mean + half, color=colour, alpha=0.18, linewidth=0)


def bands(
    axis: Axes, curves: pd.DataFrame, column: str, x: str = "iteration", thin: float = 0.0
) -> None:
    """Draw a column of curves: a band for each arm and, if thin > 0, a line for each seed.

    thin: the opacity of these lines
    """
    for arm, of_arm in curves.groupby("arm", sort=False):
        positions, values = stacked(of_arm, column, x)
        band(axis, positions, values, label(arm), colour(arm))
        if thin:
            axis.plot(positions, values.T, color=colour(arm), linewidth=0.5, alpha=thin)


def dot(axis: Axes, values: Any, height: float, **style: Any) -> None:
    """Draw the mean of values (seeds,) at a height and, of two or more, its 95% t-interval."""
    mean, half = interval(values)
    axis.errorbar(mean, height, xerr=None if np.isnan(half) else half, fmt="o", capsize=3, **style)


def name_rows(axis: Axes, names: Sequence[str]) -> None:
    """Name the heights 0, 1, ... of an axis, from the top down, and mark the 0 of x."""
    axis.axvline(0, color="0.3", linewidth=0.8)
    axis.set_yticks(range(len(names)))
    axis.set_yticklabels(names)
    axis.invert_yaxis()


def finish(
    axis: Axes,
    title: str,
    xlabel: str,
    ylabel: str = "",
    ylim: Optional[Tuple[float, float]] = None,
) -> None:
    """Give an axis its words and a faint grid."""
    axis.set(title=title, xlabel=xlabel, ylabel=ylabel)
    if ylim:
        axis.set_ylim(*ylim)
    axis.grid(alpha=0.3)
