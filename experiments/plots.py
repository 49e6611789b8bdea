"""Charts as PNG: each written whole or not at all, of the same data the same bytes."""

import os
from contextlib import contextmanager

import numpy as np

from egl.strategies import STRATEGIES
from experiments.curves import interval

COLOURS = {
    "random": "tab:blue",
    "egl": "tab:green",
    "egl-images": "tab:purple",
    "egl-patches": "tab:olive",
    "sgd": "tab:gray",
}
LABELS = {
    "random": "random",
    "egl": "EGL",
    "egl-images": "EGL images, random patches",
    "egl-patches": "random images, EGL patches",
    "sgd": "plain SGD, all labels",
    "f_measure": "F-measure",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
}


OTHERS = (
    "tab:red",
    "tab:brown",
    "tab:pink",
    "tab:cyan",
    "black",
    "darkorange",
    "navy",
    "darkgreen",
    "crimson",
    "slateblue",
    "goldenrod",
)


def label(arm):
    """Return the words for an arm; a strategy without words of its own has its name."""
    return LABELS.get(arm, arm)


def colour(arm):
    """Return an arm's colour, the same in every figure."""
    if arm in COLOURS:
        return COLOURS[arm]
    return OTHERS[sorted(set(STRATEGIES) - set(COLOURS)).index(arm) % len(OTHERS)]


@contextmanager
def figure(path, columns=1, rows=1, width=5.2, height=4.2, **options):
    """Yield (figure, axes: array rows x columns) and write `path` (PNG) when the block ends well."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    drawing, axes = plt.subplots(
        rows, columns, figsize=(width * columns, height * rows), squeeze=False, **options
    )
    try:
        yield drawing, axes
        drawing.tight_layout()
        drawing.savefig(
            path + ".writing.png", dpi=90, bbox_inches="tight", metadata={"Software": None}
        )
    finally:
        plt.close(drawing)
    os.replace(path + ".writing.png", path)


def band(axis, x, values, label, colour, shade=True, **style):
    """Draw the mean of values (seeds, n) and, with shade, its 95% t-interval."""
    mean, half = interval(values)
    axis.plot(x, mean, color=colour, label=label, **style)
    if shade and not np.isnan(half).all():
        axis.fill_between(x, mean - half, mean + half, color=colour, alpha=0.18, linewidth=0)


def dot(axis, values, place, **style):
    """Draw the mean of values (seeds,) at the height `place` and, of two seeds or more, its 95% t-interval."""
    mean, half = interval(values)
    axis.errorbar(mean, place, xerr=None if np.isnan(half) else half, fmt="o", capsize=3, **style)


def finish(axis, title, xlabel, ylabel="", ylim=None):
    """Give an axis its words and a faint grid."""
    axis.set(title=title, xlabel=xlabel, ylabel=ylabel)
    if ylim:
        axis.set_ylim(*ylim)
    axis.grid(alpha=0.3)
