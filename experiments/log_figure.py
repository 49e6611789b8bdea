"""The curves in Caffe's logs: loss, accuracy and whatever else the net puts out, by iteration."""

from typing import List, Sequence

import pandas as pd
from matplotlib.figure import Figure

from egl.training.caffe_log import RATE, SMOOTHED, Row, read_log
from experiments import plots

STYLES = {"train": "-", "test": "o--"}


def log_table(paths: Sequence[str]) -> pd.DataFrame:
    """Return the numbers of all logs: log, phase, iteration, seconds, name, value."""
    parts = [pd.DataFrame(read_log(path), columns=Row._fields) for path in paths]
    for path, part in zip(paths, parts):
        part.insert(0, "log", path)
    return pd.concat(parts, ignore_index=True)


def log_figure(table: pd.DataFrame) -> Figure:
    """Return a panel for each output of the nets: lines for training, points for tests."""
    table = table[table.name != RATE]
    if ((table.phase == "train") & (table.name != SMOOTHED)).any():
        table = table[table.name != SMOOTHED]  # the net has a loss that it puts out itself
    names = sorted(set(table.name), key=_order)
    figure, axes = plots.panels(len(names))
    logs: List[str] = list(dict.fromkeys(table.log))
    for name, panel in zip(names, axes[0]):
        for number, log in enumerate(logs):
            for phase, style in STYLES.items():
                rows = table[(table.log == log) & (table.phase == phase) & (table.name == name)]
                if len(rows):
                    label = f"{log}, {phase}" if len(logs) > 1 else phase
                    panel.plot(
                        rows.iteration, rows.value, style, color=f"C{number}", ms=4, label=label
                    )
        panel.set(title=name, xlabel="iteration")
        panel.grid(alpha=0.3)
        panel.legend(fontsize="small")
    return figure


def _order(name: str) -> str:
    """Return a key that puts the loss first."""
    return "" if name == "loss" else name
