"""Charts as PNG and SVG: of the same data the same bytes."""

import zlib
from typing import Any, Optional, Sequence, Tuple

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from data_prep.files import written_whole
from experiments.bootstrap import over_seeds
from experiments.curves import FEWEST, interval, stacked

# The colours of Okabe and Ito (2008), which the colour-blind can tell apart.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
CYCLE = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, BLACK, YELLOW)
COLOURS = {
    "random": BLUE,
    "egl": GREEN,
    "ip1": GREEN,
    "egl-images": PURPLE,
    "egl-patches": VERMILION,
    "sgd": "#777777",
    "lesion-share": SKY,
    # The "muted" colours of Paul Tol, and what is left of those above:
    "badge": "#332288",
    "bag-egl": "#44AA99",
    "bag-egl-softmax": "#117733",
    "committee-kl": "#88CCEE",
    "core-set": BLACK,
    "egl-diverse": ORANGE,
    "entropy": "#999933",
    "least-confidence": "#882255",
    "margin": "#CC6677",
    "output-change": "#AA4499",
    "vote-entropy": "#DDCC77",
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
DPI = 110
SHARE = (-0.02, 1.02)  # the limits of an axis from 0 to 1


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


def svg_of(file: str) -> str:
    """Return the name of the SVG beside a PNG."""
    return file[: -len(".png")] + ".svg"


def save(figure: Figure, path: str) -> None:
    """Write a figure as PNG, whose path is given, and as SVG beside it."""
    figure.tight_layout()
    # Measured once for both: to lay a figure out takes as long as to draw it.
    box = figure.get_tightbbox(figure.canvas.get_renderer()).padded(0.1)
    with written_whole(path) as temporary:
        figure.savefig(temporary, dpi=DPI, bbox_inches=box, metadata={"Software": None})
    # Without a salt of ours the names inside an SVG are random.
    with rc_context({"svg.hashsalt": "egl"}), written_whole(svg_of(path)) as temporary:
        figure.savefig(temporary, dpi=DPI, bbox_inches=box, metadata={"Date": None})


def band(
    axis: Axes, x: Any, values: Any, label: str, colour: str, shade: bool = True, **style: Any
) -> None:
    """Draw the mean of values (seeds, n) and, with shade, its 95% bootstrap interval over seeds.

    The interval lies between the lowest and the highest seed. Fewer seeds than FEWEST have none:
    then each of them is a thin line.
    """
    values = np.asarray(values, float)
    mean, low, high = over_seeds(values)
    axis.plot(x, mean, color=colour, label=label, **style)
    if shade and len(values) >= FEWEST:
        axis.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
    elif shade and len(values) > 1:
        axis.plot(x, values.T, color=colour, linewidth=0.6, alpha=0.6)


def bands(
    axis: Axes, curves: pd.DataFrame, column: str, x: str = "iteration", thin: float = 0.0
) -> None:
    """Draw a column of curves: a band for each arm and, if thin > 0, a line for each seed.

    thin: the opacity of these lines
    """
    for arm, of_arm in curves.groupby("arm", sort=False):
        positions, values = stacked(of_arm, column, x)
        band(axis, positions, values, label(arm), colour(arm))
        if thin and len(values) >= FEWEST:
            axis.plot(positions, values.T, color=colour(arm), linewidth=0.5, alpha=thin)


def dot(axis: Axes, values: Any, height: float, **style: Any) -> None:
    """Draw the mean of values (seeds,) at a height and its 95% t-interval.

    The interval is that of the verdicts; fewer seeds than FEWEST have none.
    """
    mean, half = interval(values)
    known = len(values) >= FEWEST
    axis.errorbar(mean, height, xerr=half if known else None, fmt="o", capsize=3, **style)


def within(axis: Axes, low: float, high: float) -> None:
    """Keep the limits of x, where an interval is wider, within what a measure can be."""
    left, right = axis.get_xlim()
    axis.set_xlim(max(left, low), min(right, high))


def name_rows(axis: Axes, names: Sequence[str]) -> None:
    """Name the heights 0, 1, ... of an axis, from the top down, and mark the 0 of x."""
    axis.axvline(0, color="0.3", linewidth=0.8)
    axis.set_yticks(range(len(names)))
    axis.set_yticklabels(names)
    axis.invert_yaxis()


def plain_ticks(axis: Any, ticks: Sequence[float]) -> None:
    """Mark an x or y axis, logarithmic or not, at these numbers alone, written out."""
    axis.set_ticks(list(ticks))
    axis.set_ticks([], minor=True)
    axis.set_major_formatter("{x:g}")


def legend_above(figure: Figure, axis: Axes, columns: int = 4) -> None:
    """Give a figure one legend, that of an axis, above its panels."""
    handles, labels = axis.get_legend_handles_labels()
    place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1)}
    figure.legend(handles, labels, ncol=columns, **place)


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
