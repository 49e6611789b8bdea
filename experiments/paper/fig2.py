"""Fig. 2: F, sensitivity and specificity by batch, by EGL or at random (claim C1)."""

from dataclasses import replace
from functools import partial
from typing import Any, Dict, Tuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from egl.selection.start import image_pool
from experiments import plots, work
from experiments.claims import by_interval
from experiments.curves import (
    first_at_height,
    heights,
    interval,
    last,
    means,
    paired,
    per_run,
    scores,
    stacked,
    where,
)
from experiments.distances import NEARLY, distances, reaches_end
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Task, Tasks, Verdicts
from experiments.tasks import with_trainer

# What chooses images and what chooses patches: the paper's arms, and two that show which part
# works.
ARMS = {
    "random": ("random", "random"),
    "egl": ("egl", "egl"),
    "egl-images": ("egl", "random"),
    "egl-patches": ("random", "egl"),
}
POOLS = {"all": "images with exudates and healthy ones", "lesion": "images with exudates alone"}
METRICS = ["f_measure", "sensitivity", "specificity"]
BATCHES = (10, 15, 20, 30, 45, 60)  # rows of the table
PRINTED = ("random", "egl")  # the arms of the paper's figure
CONVERGED = 15  # batches after which the paper says that EGL has converged


def name(pool: str, arm: str, seed: int) -> str:
    """Return the name of an arm's run."""
    return f"fig2-{pool}-{arm}-seed{seed:02d}"


def tasks(protocol: Protocol) -> Tasks:
    """Return the runs: each pool's arms of a seed begin with the same images and batches."""
    return {
        name(pool, arm, seed): task(protocol, pool, arm, seed)
        for seed in protocol.run_seeds(protocol.fig2_seeds)
        for pool in protocol.pools
        for arm in arms(protocol, pool)
    }


def arms(protocol: Protocol, pool: str) -> Tuple[str, ...]:
    """Return a pool's arms; further strategies are in the pool with healthy images."""
    return (*ARMS, *(protocol.strategies if pool == "all" else ()))


def task(protocol: Protocol, pool: str, arm: str, seed: int) -> Task:
    """Return the Task of an arm; one that is not in ARMS is a strategy, for images and patches."""
    images, patches = ARMS.get(arm, (arm, arm))
    settings = with_trainer(protocol.images, seed=seed)
    settings = replace(settings, strategy=images, patch_strategy=patches)
    if (pool, arm) == ("all", "egl"):
        settings = replace(settings, keep_weights=protocol.kept)
    return Task(work.select, pool, settings)


def measure(results: Results) -> Tables:
    """Return the tables of Fig. 2, over the seeds in which all arms of a pool are finished.

    curves: pool, arm, seed, iteration, metrics; scores: pool, arm, seed, mean_f (from the first
    choice on), broken; heights: pool, arm, seed, batch, f; reached: pool, arm, seed, batch (where
    F first is at NEARLY its last value); pools: pool, seeds, with_exudates, healthy
    """
    protocol, tables, pools = results.protocol, [], []
    for pool in protocol.pools:
        named = {arm: partial(name, pool, arm) for arm in arms(protocol, pool)}
        curves = results.paired_curves(protocol.run_seeds(protocol.fig2_seeds), named)
        tables.append(curves.assign(pool=pool))
        if len(curves):
            seeds, images = curves["seed"].nunique(), _images(protocol, results.stores[pool])
            pools.append({"pool": pool, "seeds": seeds, **images})
    curves, by = pd.concat(tables), ["pool", "arm", "seed"]
    if curves.empty:
        return {}
    first = protocol.images.initial_iterations
    scored, at = scores(curves, by, first), heights(curves, BATCHES, by)
    found = {"curves": curves, "scores": scored, "heights": at, "pools": pd.DataFrame(pools)}
    found["reached"] = per_run(curves, by, batch=near_the_end)
    ends = {"first": first, "last": curves["iteration"].max()}
    published = results.published
    if published is not None:
        published = where(published, figure="fig2")
        ours = means(curves, ["pool", "arm"], METRICS)
        names = {"iteration": "batch", "arm": "strategy", "mean": "value"}
        keys = ["pool", "metric", "strategy"]
        found["distances"] = distances(published, ours.rename(columns=names), keys, reaches_end)
    return {**found, **ends, "published": published}


def near_the_end(run: pd.DataFrame) -> float:
    """Return the batch at which a run's F first is at NEARLY its last value; nan for an F of 0."""
    return first_at_height(run, "iteration", "f_measure", NEARLY * last(run, "f_measure"))


def _images(protocol: Protocol, store: Any) -> Dict[str, int]:
    """Return how many images of each kind a run chooses from: in every seed as many."""
    pool = image_pool(store, protocol.images.lesion_share, protocol.first_seed)
    with_exudates = sum(pool.values())
    return {"with_exudates": with_exudates, "healthy": len(pool) - with_exudates}


def draw(tables: Tables) -> Figures:
    """Yield for each pool Fig. 2 as printed, then EGL minus random, then all arms."""
    for pool, curves in tables["curves"].groupby("pool", sort=False):
        printed = curves["arm"].isin(PRINTED)
        yield f"fig2-{pool}.png", _draw_arms(curves[printed], tables, tables["published"], pool)
        yield f"fig2-{pool}-difference.png", _draw_differences(curves, tables)
        yield f"fig2-{pool}-mixed.png", _draw_arms(curves, tables)


def _draw_arms(
    curves: pd.DataFrame, tables: Tables, published: Any = None, pool: str = ""
) -> Figure:
    figure, axes = plots.panels(len(METRICS), width=4.6, height=3.8)
    for axis, metric in zip(axes[0], METRICS):
        for arm, of_arm in curves.groupby("arm", sort=False):
            line = "-" if arm in PRINTED else "--"
            style, shade = (plots.label(arm), plots.colour(arm)), arm in ARMS
            plots.band(axis, *stacked(of_arm, metric), *style, shade=shade, linestyle=line)
        if published is not None:
            _draw_published(axis, where(published, pool=pool, metric=metric))
        _mark(axis, tables)
        words = (plots.label(metric), "batches (SGD iterations)")
        plots.finish(axis, *words, ylim=plots.SHARE)
    axes[0, 0].set_ylabel("on the test patches")
    plots.legend_above(figure, axes[0, 0])
    return figure


def _mark(axis: Axes, tables: Tables) -> None:
    """Mark the end of the initial images, and the batch that the paper names."""
    axis.axvline(tables["first"], color=plots.ORANGE, label="initial images alone until here")
    if tables["last"] >= CONVERGED:
        axis.axvline(CONVERGED, color="0.4", linestyle=":", label=f"{CONVERGED} batches")


def _draw_differences(curves: pd.DataFrame, tables: Tables) -> Figure:
    figure, axes = plots.panels(len(METRICS), width=4.6, height=3.4, sharey=True)
    for axis, metric in zip(axes[0], METRICS):
        pairs = paired(curves, metric, ["seed", "iteration"])
        pairs = pairs.assign(difference=pairs["egl"] - pairs["random"]).reset_index()
        x, difference = stacked(pairs, "difference")
        for number, of_seed in enumerate(difference):
            words = "a seed" if not number else None
            axis.plot(x, of_seed, color="0.6", linewidth=0.7, label=words)
        plots.band(axis, x, difference, "mean", plots.BLACK)
        axis.axhline(0, color="0.3", linewidth=0.8)
        _mark(axis, tables)
        plots.finish(axis, plots.label(metric), "batches (SGD iterations)")
    furthest = min(1.02, max(abs(end) for end in axes[0, 0].get_ylim()))
    axes[0, 0].set_ylim(-furthest, furthest)
    axes[0, 0].set_ylabel("EGL − random, same seed")
    plots.legend_above(figure, axes[0, 0])
    return figure


def _draw_published(axis: Axes, published: pd.DataFrame) -> None:
    for strategy, curve in published.groupby("strategy", sort=False):
        style = {"linestyle": ":", "marker": "x", "markersize": 4}
        words = f"{plots.label(strategy)}, as printed in the paper"
        axis.plot(
            curve["batch"], curve["value"], label=words, color=plots.colour(strategy), **style
        )


def seeds(tables: Tables) -> int:
    """Return how many seeds of the pool with healthy images are behind the verdict."""
    return int(where(tables["scores"], pool="all")["seed"].nunique())


def verdict(tables: Tables) -> Verdicts:
    """Return the verdict on C1; none where the pool with healthy images has no whole seed."""
    of_pool = where(tables["scores"], pool="all")
    if of_pool.empty:
        return {}
    mean_f = paired(of_pool, "mean_f")
    return {"C1": by_interval(*interval(mean_f["egl"] - mean_f["random"]))}


def csvs(tables: Tables) -> Csvs:
    """Return what the figures show."""
    table = means(tables["curves"], ["pool", "arm"], METRICS)
    return {"fig2.csv": table.rename(columns={"iteration": "batch"})}
