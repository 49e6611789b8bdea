"""The paper's grid search: learning rates and batch sizes over equally many samples (claim C5)."""

from itertools import product
from typing import Any, Dict

import numpy as np
import pandas as pd

from egl.training.settings import FullTrainingSettings
from experiments import plots, work
from experiments.claims import NOT_REPRODUCED, REPRODUCED, UNDECIDED
from experiments.curves import AFTER_DIVERGENCE, share_text, where
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Task, Tasks, Verdicts
from experiments.tasks import with_trainer

# What C5 is about, and how near the best cell's mean F is near enough.
RATE, BATCHES, NEAR = 0.01, (32, 64), 0.02
SHADES = 0.1  # the heat map's shades reach so far below the best cell's mean F


def name(rate: float, batch: int, seed: int) -> str:
    """Return the name of a cell's run."""
    return f"grid-rate{rate:g}-batch{batch}-seed{seed:02d}"


def tasks(protocol: Protocol) -> Tasks:
    """Return the runs: plain SGD at each rate, batch size and seed, over equally many samples."""
    result = {}
    for seed in protocol.run_seeds(protocol.grid_seeds):
        for rate, batch in product(protocol.grid_rates, protocol.grid_batches):
            trainer = with_trainer(protocol.images, seed=seed, rate=rate, batch=batch).trainer
            n = iterations(protocol, batch)
            settings = FullTrainingSettings(
                trainer, stop_early=False, iterations=n, evaluate_every=n
            )
            result[name(rate, batch, seed)] = Task(work.train_or_diverge, "all", settings)
    return result


def seen(protocol: Protocol) -> float:
    """Return the samples that a run sees: epochs of as many as the store was asked for."""
    return protocol.grid_epochs * 2 * protocol.prepare.n_train


def iterations(protocol: Protocol, batch: int) -> int:
    """Return the SGD iterations of a run."""
    return max(1, round(seen(protocol) / batch))


def measure(results: Results) -> Tables:
    """Return the tables of the finished runs.

    runs: rate, batch, seed, f_measure and auc (on the test samples at the end), diverged, one_class
    cells: rate, batch, iterations, runs, diverged, f (mean, nan without runs), best, for each rate
    and batch size of the protocol
    """
    protocol = results.protocol
    all_cells = list(product(protocol.grid_rates, protocol.grid_batches))
    keys = [(*cell, seed) for cell in all_cells for seed in protocol.run_seeds(protocol.grid_seeds)]
    finished = [key for key in keys if results.finished(name(*key))]
    if not finished:
        return {}
    ends = pd.DataFrame(_end(results.metrics(name(*key))) for key in finished)
    runs = pd.DataFrame(finished, columns=["rate", "batch", "seed"]).join(ends)
    cells = pd.DataFrame(all_cells, columns=["rate", "batch"])
    cells["iterations"] = [iterations(protocol, batch) for batch in cells["batch"]]
    of_cells = [where(runs, rate=rate, batch=batch) for rate, batch in all_cells]
    cells["runs"] = [len(of_cell) for of_cell in of_cells]
    cells["diverged"] = [of_cell["diverged"].sum() for of_cell in of_cells]
    cells["f"] = [np.mean(of_cell["f_measure"].tolist() or [np.nan]) for of_cell in of_cells]
    cells["best"] = cells.index == cells["f"].idxmax()
    samples = len(results.stores["all"].samples("train"))
    numbers = {"samples": samples, "seeds": protocol.seeds, "seen": seen(protocol)}
    return {"runs": runs, "cells": cells, **numbers}


def _end(metrics: Dict[str, Any]) -> Dict[str, Any]:
    diverged = bool(metrics["diverged"])
    test = AFTER_DIVERGENCE if diverged else metrics["test"]
    one_class = not diverged and sorted((test["sensitivity"], test["specificity"])) == [0, 1]
    scores = {"f_measure": test["f_measure"], "auc": test["auc"]}
    return {**scores, "diverged": diverged, "one_class": one_class}


def draw(tables: Tables) -> Figures:
    """Yield a heat map of the cells' mean F."""
    cells = tables["cells"]
    means = cells.pivot(index="rate", columns="batch", values="f")
    rates, batches, highest = list(means.index), list(means.columns), cells["f"].max()
    figure, axes = plots.panels(width=1.7 * len(batches) + 2, height=0.9 * len(rates) + 1.4)
    axis = axes[0, 0]
    axis.set_facecolor("lightgray")  # a cell without runs
    shades = axis.imshow(means, aspect="auto", cmap="viridis", vmin=highest - SHADES, vmax=highest)
    figure.colorbar(shades, ax=axis, extend="min", label="mean F-measure")
    for cell in cells.itertuples():
        column, row = batches.index(cell.batch), rates.index(cell.rate)
        runs = where(tables["runs"], rate=cell.rate, batch=cell.batch)
        axis.text(
            column, row, _annotation(runs, tables["seeds"]), ha="center", va="center",
            color="white" if cell.f < highest - SHADES / 3 else "black",
            weight="bold" if cell.best else "normal",
        )  # fmt: skip
        if cell.rate == RATE and cell.batch in BATCHES:
            x = column + 0.47 * np.array([-1, 1, 1, -1, -1])
            y = row + 0.46 * np.array([-1, -1, 1, 1, -1])
            axis.plot(x, y, color="white", linewidth=5)
            axis.plot(x, y, color="black", linewidth=2)
    axis.set(xticks=range(len(batches)), xticklabels=batches, xlabel="batch size (samples)")
    labels = [f"{rate:g}" for rate in rates]
    axis.set(yticks=range(len(rates)), yticklabels=labels, ylabel="learning rate")
    axis.set_title("Test F-measure, equally many samples")
    yield "grid.png", figure


def _annotation(runs: pd.DataFrame, seeds: int) -> str:
    if runs.empty:
        return "no run"
    lines = [share_text(runs["f_measure"], between="\n")]
    if runs["diverged"].any():
        lines.append(f"{runs['diverged'].sum()} diverged")
    if len(runs) < seeds:
        lines.append(f"{len(runs)} of {seeds} runs")
    return "\n".join(lines)


def seeds(tables: Tables) -> int:
    """Return how many seeds are behind the verdict: those of the cell with the fewest."""
    return int(tables["cells"]["runs"].min())


def verdict(tables: Tables) -> Verdicts:
    """Return the verdict on C5; a cell without a run may leave it undecided."""
    cells = tables["cells"]
    claimed = cells[(cells["rate"] == RATE) & cells["batch"].isin(BATCHES)]
    # The last term: a mean that is too low by the rounding of a float alone is near enough.
    least = cells["f"].max() - NEAR - 1e-9
    if ((claimed["f"] < least) | (claimed["diverged"] > 0)).any():
        return {"C5": NOT_REPRODUCED}
    whole = len(claimed) == len(BATCHES) and (cells["runs"] > 0).all()
    return {"C5": REPRODUCED if whole else UNDECIDED}


def csvs(tables: Tables) -> Csvs:
    """Return every run's end."""
    runs = tables["runs"].drop(columns="one_class")
    return {"grid.csv": runs.assign(rate=runs["rate"].map("{:g}".format))}
