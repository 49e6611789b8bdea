"""Strategies beside EGL and random choice: what they reach, with how many labels, at what cost."""

from dataclasses import replace
from functools import partial
from typing import Any, Dict, Iterable, Optional

import numpy as np
import pandas as pd

from egl.strategies import STRATEGIES
from experiments import plots
from experiments.curves import first_at_height, interval, intervals, per_run, scores, where
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
# The colours of two; the names beside the dots tell the others apart.
SHOWN = {"egl": plots.GREEN, "random": plots.BLUE}
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
    """Return the name of a run of EGL on a sampled pool; the protocol's own is of `patches`."""
    selection = protocol.patches.selection
    if SAMPLED[variant] == (selection.candidates, selection.sampling):
        return patches.name("egl", seed)
    return f"strategies-egl-{variant.replace(' ', '-')}-seed{seed:02d}"


def measure(results: Results) -> Tables:
    """Return the tables, over the seeds in which EGL and random choice are finished.

    scores: strategy, seed, mean_f, last_f, minus_random, minus_egl, broken (diverged, or one class
    for all), seconds (a query; nan: unknown), and of Algorithm 1 patches_minus_random (mean F),
    labels (when F is first ENOUGH; nan: never), labels_minus_random; what is of one algorithm is
    nan in a seed of the other.
    samples: arm (of SAMPLED), seed, mean_f, last_f, seconds
    """
    protocol, seeds = results.protocol, results.protocol.compared_seeds
    by_image = {strategy: partial(fig2.name, "all", strategy) for strategy in STRATEGIES}
    by_patch = {strategy: partial(patches.name, strategy) for strategy in STRATEGIES}
    whole = results.seeds(seeds, by_image["egl"], by_image["random"])
    images = _scores(results, _finished(results, by_image, whole), protocol.images)
    found = list(images["arm"].unique())
    if not set(found) - {"egl", "random"}:
        return {}
    of_patches = results.seeds(seeds, by_patch["random"])
    alone = _scores(results, _finished(results, by_patch, of_patches), protocol.patches)
    alone = alone[["arm", "seed", "minus_random", "labels", "labels_minus_random"]]
    alone = alone.rename(columns={"minus_random": "patches_minus_random", "arm": "chooser"})
    images = images.drop(columns=["labels", "labels_minus_random"]).rename(
        columns={"arm": "strategy"}
    )
    tables = []
    for strategy in found:
        chosen = where(alone, chooser=SAME_PATCHES.get(strategy, strategy))
        table = where(images, strategy=strategy).merge(chosen, "outer", "seed")
        tables.append(table.assign(strategy=strategy))
    order = sorted(found, key=lambda arm: -interval(where(images, strategy=arm)["mean_f"])[0])
    variants = {variant: partial(sampled, protocol, variant) for variant in SAMPLED}
    samples = _scores(results, results.paired(seeds, variants), protocol.patches, start=0)
    merged = pd.concat(tables, ignore_index=True)
    return {"scores": merged, "samples": samples, "order": order, "whole": len(whole)}


def _finished(results: Results, named: Any, seeds: Iterable[int]) -> Dict[str, Dict[int, str]]:
    return {
        arm: {seed: name(seed) for seed in results.seeds(seeds, name)}
        for arm, name in named.items()
    }


def _scores(
    results: Results, runs: Any, settings: Any, start: Optional[int] = None
) -> pd.DataFrame:
    """Return the scores of runs; with labels (to ENOUGH), seconds, differences to two arms."""
    first = settings.initial_iterations
    curves = results.curves(runs)
    enough = partial(first_at_height, x="n_labelled", column="f_measure", wanted=ENOUGH)
    table = scores(curves, start=first if start is None else start)
    table["labels"] = per_run(curves, ["arm", "seed"], labels=enough)["labels"]
    metrics = [results.metrics(runs[row.arm][row.seed]) for row in table.itertuples()]
    table["seconds"] = [
        of_run.get("seconds_choosing", np.nan) / max(1, of_run.get("rounds", 0) - first)
        for of_run in metrics
    ]
    for other in ("random", "egl"):
        of_other = where(table, arm=other).set_index("seed")
        table[f"minus_{other}"] = table["mean_f"] - table["seed"].map(of_other["mean_f"])
        table[f"labels_minus_{other}"] = table["labels"] - table["seed"].map(of_other["labels"])
    return table


def draw(tables: Tables) -> Figures:
    """Yield each strategy's lead over random choice, by both algorithms."""
    order, table = tables["order"], tables["scores"]
    figure, axes = plots.panels(2, width=5, height=0.9 + 0.36 * len(order), sharey=True)
    titles = ("images and patches (Algorithm 2)", "patches alone (Algorithm 1)")
    for axis, title, column in zip(axes[0], titles, ("minus_random", "patches_minus_random")):
        for row, strategy in enumerate(order):
            values = where(table, strategy=strategy)[column].dropna().to_numpy()
            same = column == "patches_minus_random" and strategy in SAME_PATCHES
            if len(values):
                axis.plot(values, np.full(len(values), row), ".", color="0.6", markersize=5)
                fill = {"markerfacecolor": "white"} if same else {}
                plots.dot(axis, values, row, color=SHOWN.get(strategy, plots.BLACK), **fill)
        axis.locator_params(axis="x", nbins=7)
        plots.finish(axis, title, "mean F minus that of random choice, same seed")
    plots.name_rows(axes[0, 0], [plots.label(strategy) for strategy in order])
    axes[0, 1].axvline(0, color="0.3", linewidth=0.8)
    known = {SAME_PATCHES.get(strategy, strategy) for strategy in order if strategy in SAME_PATCHES}
    if known:
        words = "hollow: chooses the same patches as " + " or ".join(sorted(known))
        place = {"transform": axes[0, 1].transAxes, "va": "top", "ha": "center"}
        axes[0, 1].text(0.5, -0.16, words, **place)
    yield "strategies.png", figure


def csvs(tables: Tables) -> Csvs:
    """Return the intervals, a cell empty where too few seeds are known."""
    table = intervals(tables["scores"], ["strategy"], WRITTEN)
    return {"strategies.csv": table.astype(object).where(table.notna(), "")}
