"""Strategies beside EGL and random choice: what they reach, with how many labels, at what cost."""

from dataclasses import replace
from functools import partial
from typing import Any, Iterable

import numpy as np
import pandas as pd

from egl.strategies import STRATEGIES
from experiments import plots
from experiments.curves import first_at_height, intervals, per_run, scores, where
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Task, Tasks
from experiments.paper import fig2, patches
from experiments.tasks import with_selection

ENOUGH = 0.85  # the F whose price in labels is asked
# Strategies that choose the same patches as another one: with two classes there is one order of
# uncertainty, and a bag is for images.
SAME_PATCHES = {
    "margin": "least-confidence",
    "entropy": "least-confidence",
    "bag-egl": "egl",
    "bag-egl-softmax": "egl",
}
# The pool sampled before it is scored: (candidates, how they are drawn). The default is among them.
DEFAULT = "400 uniform"
SAMPLED = {
    "100 uniform": (100, "uniform"),
    DEFAULT: (400, "uniform"),
    "400 stratified": (400, "stratified"),
    "2000 uniform": (2000, "uniform"),
}
# The columns of strategies.csv, each with its half width.
WRITTEN = ["mean_f", "minus_random", "minus_egl"]
WRITTEN += ["patches_minus_random", "labels", "labels_minus_random"]


def tasks(protocol: Protocol) -> Tasks:
    """Return the runs: for each seed and strategy Algorithm 2 (as in fig2) and 1 (as in patches),
    and EGL on sampled pools."""
    result = {}
    for seed in protocol.compared_seeds:
        for strategy in STRATEGIES:
            result[fig2.name("all", strategy, seed)] = fig2.task(protocol, "all", strategy, seed)
            chooser = SAME_PATCHES.get(strategy, strategy)
            result[patches.name(chooser, seed)] = patches.task(protocol, chooser, seed)
        default = patches.task(protocol, "egl", seed)
        for variant, (candidates, sampling) in SAMPLED.items():
            settings = with_selection(default.settings, candidates=candidates, sampling=sampling)
            if settings != default.settings:
                settings = replace(settings, keep_weights=())
            result[sampled(protocol, variant, seed)] = Task(default.work, default.store, settings)
    return result


def sampled(protocol: Protocol, variant: str, seed: int) -> str:
    """Return the name of a run of EGL on a sampled pool; the protocol's own sample is that of `patches`."""
    selection = protocol.patches.selection
    if SAMPLED[variant] == (selection.candidates, selection.sampling):
        return patches.name("egl", seed)
    return f"strategies-egl-{variant.replace(' ', '-')}-seed{seed:02d}"


def measure(results: Results) -> Tables:
    """Return the tables, over the seeds in which EGL and random choice are finished; {} with no other.

    scores: strategy, seed, mean_f, last_f, minus_random, minus_egl, broken (diverged, or one class for all),
    seconds (a query; nan: unknown), and of Algorithm 1 patches_minus_random (mean F), labels (when F is
    first ENOUGH; nan: never), labels_minus_random; what is of one algorithm is nan in a seed of the other.
    samples: arm (of SAMPLED), seed, mean_f, last_f, seconds
    """
    named = {strategy: partial(fig2.name, "all", strategy) for strategy in STRATEGIES}
    compared = results.protocol.compared_seeds
    whole = results.seeds(compared, named["egl"], named["random"])
    runs = {
        arm: {seed: name(seed) for seed in results.seeds(whole, name)}
        for arm, name in named.items()
    }
    found = [strategy for strategy in runs if runs[strategy]]
    if not set(found) - {"egl", "random"}:
        return {}
    by_image, by_patch = _by_image(results, runs), _by_patch(results)
    tables = []
    for strategy in found:
        of_patches = where(by_patch, arm=SAME_PATCHES.get(strategy, strategy)).drop(columns="arm")
        table = where(by_image, arm=strategy).drop(columns="arm")
        tables.append(table.merge(of_patches, "outer", "seed").assign(strategy=strategy))
    merged = pd.concat(tables, ignore_index=True)
    means = {arm: where(by_image, arm=arm)["mean_f"].to_numpy().mean() for arm in found}
    order = sorted(found, key=lambda arm: -means[arm])
    return {"scores": merged, "order": order, "samples": _samples(results), "whole": len(whole)}


def _by_image(results: Results, runs: Any) -> pd.DataFrame:
    first = results.protocol.images.initial_iterations
    table = scores(results.curves(runs), start=first).drop(columns="labels")
    table["seconds"] = list(_seconds(results, table, runs, first))
    for other in ("random", "egl"):
        table[f"minus_{other}"] = table["mean_f"] - _of(table, other, "mean_f")
    return table


def _by_patch(results: Results) -> pd.DataFrame:
    named = {strategy: partial(patches.name, strategy) for strategy in STRATEGIES}
    compared, runs = results.protocol.compared_seeds, {}
    for arm, name in named.items():
        runs[arm] = {seed: name(seed) for seed in results.seeds(compared, name, named["random"])}
    curves, by = results.curves(runs), ["arm", "seed"]
    enough = partial(first_at_height, x="n_labelled", column="f_measure", wanted=ENOUGH)
    table = per_run(curves, by, labels=enough)
    table["mean_f"] = scores(curves, by, results.protocol.patches.initial_iterations)["mean_f"]
    table["patches_minus_random"] = table["mean_f"] - _of(table, "random", "mean_f")
    table["labels_minus_random"] = table["labels"] - _of(table, "random", "labels")
    return table.drop(columns="mean_f")


def _of(table: pd.DataFrame, arm: str, column: str) -> pd.Series:
    """Return, for each row, a column of that arm in the same seed."""
    return table["seed"].map(where(table, arm=arm).set_index("seed")[column])


def _seconds(results: Results, table: pd.DataFrame, runs: Any, first: int) -> Iterable[float]:
    """Return the mean seconds that a query took in each run of a table; nan where the run does not say."""
    for row in table.itertuples():
        metrics = results.metrics(runs[row.arm][row.seed])
        choosing = metrics.get("seconds_choosing", np.nan)
        yield choosing / max(1, metrics.get("rounds", 0) - first)


def _samples(results: Results) -> pd.DataFrame:
    protocol = results.protocol
    named = {variant: partial(sampled, protocol, variant) for variant in SAMPLED}
    runs = results.paired(protocol.compared_seeds, named)
    table = scores(results.curves(runs))
    first = protocol.patches.initial_iterations
    return table.assign(seconds=list(_seconds(results, table, runs, first)))


def draw(tables: Tables) -> Figures:
    """Yield each strategy's lead over random choice, by both algorithms."""
    order, table = tables["order"], tables["scores"]
    figure, axes = plots.panels(2, width=5, height=0.9 + 0.36 * len(order), sharey=True)
    titles = ("images and patches (Algorithm 2)", "patches alone (Algorithm 1)")
    for axis, title, column in zip(axes[0], titles, ("minus_random", "patches_minus_random")):
        for row, strategy in enumerate(order):
            values = where(table, strategy=strategy)[column].dropna().to_numpy()
            if len(values):
                axis.plot(values, np.full(len(values), row), ".", color="0.6", markersize=5)
                plots.dot(axis, values, row, color=plots.colour(strategy))
        axis.locator_params(axis="x", nbins=7)
        plots.finish(axis, title, "mean F minus that of random choice, same seed")
    plots.name_rows(axes[0, 0], [plots.label(strategy) for strategy in order])
    axes[0, 1].axvline(0, color="0.3", linewidth=0.8)
    yield "strategies.png", figure


def csvs(tables: Tables) -> Csvs:
    """Return the intervals; a cell is empty where there is no seed, a half width where there is one."""
    table = intervals(tables["scores"], "strategy", WRITTEN)
    return {"strategies.csv": table.astype(object).where(table.notna(), "")}
