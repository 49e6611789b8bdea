"""Fig. 2: F-measure, sensitivity and specificity against batches, for images and patches chosen by EGL or at random."""

from functools import partial
from typing import Any, Dict, Iterator, Tuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments import plots, work
from experiments.claims import by_interval
from experiments.curves import (
    height_at,
    interval,
    is_one_class,
    mean_height,
    means,
    paired,
    per_run,
    stacked,
    where,
)
from experiments.frame import Tables
from experiments.protocols import Protocol
from experiments.results import Results
from experiments.tasks import Task

# What chooses images and what chooses patches: the paper's two arms, and two that tell which part does the work.
ARMS = {
    "random": ("random", "random"),
    "egl": ("egl", "egl"),
    "egl-images": ("egl", "random"),
    "egl-patches": ("random", "egl"),
}
POOLS = {"all": "images with exudates and healthy ones", "lesion": "images with exudates alone"}
METRICS = ["f_measure", "sensitivity", "specificity"]
BATCHES = (10, 15, 20, 30, 45, 60)  # where the table stands


def name(pool: str, arm: str, seed: int) -> str:
    """Return the name of an arm's run."""
    return f"fig2-{pool}-{arm}-seed{seed:02d}"


def tasks(protocol: Protocol) -> Dict[str, Task]:
    """Return {name: Task}: for each pool and seed four arms, which begin with the same images and batches."""
    return {
        name(pool, arm, seed): task(protocol, pool, arm, seed)
        for seed in range(1, protocol.fig2_seeds + 1)
        for pool in POOLS
        for arm in arms(protocol, pool)
    }


def arms(protocol: Protocol, pool: str) -> Tuple[str, ...]:
    """Return the names of a pool's arms: the four, and in the pool with healthy images the protocol's further strategies."""
    return (*ARMS, *(protocol.strategies if pool == "all" else ()))


def task(protocol: Protocol, pool: str, arm: str, seed: int) -> Task:
    """Return the Task of an arm; one that is not in ARMS is a strategy, for images and patches."""
    strategy, patch_strategy = ARMS.get(arm, (arm, arm))
    trainer = protocol.images.trainer._replace(seed=seed)
    settings = protocol.images._replace(
        strategy=strategy, patch_strategy=patch_strategy, trainer=trainer
    )
    if (pool, arm) == ("all", "egl"):
        settings = settings._replace(keep_weights=protocol.kept)
    return Task(work.select, pool, settings)


def measure(results: Results) -> Tables:
    """Return the tables of Fig. 2, over the seeds in which all arms of a pool are finished.

    curves: pool, arm, seed, iteration, METRICS; scores, a row a run: pool, arm, seed, mean_f (from the first choice on),
    one_class; heights: pool, arm, seed, batch, f; pools: pool, seeds, with_exudates, healthy (images to choose from)
    """
    protocol, tables = results.protocol, []
    for pool in POOLS:
        named = {arm: partial(name, pool, arm) for arm in arms(protocol, pool)}
        runs = results.paired(range(1, protocol.fig2_seeds + 1), named)
        tables.append(results.curves(runs, METRICS).assign(pool=pool))
    curves = pd.concat(tables, ignore_index=True)
    if curves.empty:
        return {}
    keys, first = ["pool", "arm", "seed"], protocol.images.selection.initial_iterations
    mean_f = partial(mean_height, column="f_measure", start=first)
    heights = [
        per_run(curves, keys, f=partial(height_at, column="f_measure", iteration=batch)).assign(
            batch=batch
        )
        for batch in BATCHES
    ]
    pools = [
        {"pool": pool, "seeds": part["seed"].nunique(), **_images(results.stores[pool])}
        for pool, part in curves.groupby("pool", sort=False)
    ]
    return {
        "curves": curves,
        "scores": per_run(curves, keys, mean_f=mean_f, one_class=is_one_class),
        "heights": pd.concat(heights, ignore_index=True),
        "pools": pd.DataFrame(pools),
        "published": results.published,
        "first": first,
        "last": int(curves["iteration"].max()),
    }


def _images(store: Any) -> Dict[str, int]:
    numbers = pd.unique(store.image[store.patches_of("train")])
    with_exudates = sum(bool(store.images[number].lesion) for number in numbers)
    return {"with_exudates": with_exudates, "healthy": len(numbers) - with_exudates}


def draw(tables: Tables) -> Iterator[Tuple[str, Figure]]:
    """Yield a figure for each pool: the metrics of every arm, and below them EGL minus random."""
    for pool, curves in tables["curves"].groupby("pool", sort=False):
        figure, axes = plots.panels(len(METRICS), 2, sharex=True)
        for (above, below), metric in zip(axes.T, METRICS):
            for arm, of_arm in curves.groupby("arm", sort=False):
                dashed = "-" if arm in ("egl", "random") else "--"
                plots.band(
                    above, *stacked(of_arm, metric), plots.label(arm), plots.colour(arm),
                    shade=arm in ARMS, linestyle=dashed,
                )  # fmt: skip
            if pool == "all" and tables["published"] is not None:
                _draw_published(above, tables["published"], metric)
            pairs = paired(curves, metric, ["seed", "iteration"])
            iterations, difference = stacked(_minus_random(pairs), "difference")
            below.plot(iterations, difference.T, color="0.6", linewidth=0.7)
            plots.band(below, iterations, difference, "mean", "black")
            below.axhline(0, color="0.3", linewidth=0.8)
            for axis in (above, below):
                axis.axvline(
                    tables["first"], color="tab:orange", label="initial images alone until here"
                )
            plots.finish(above, plots.label(metric), "", ylim=(-0.02, 1.02))
            plots.finish(below, "", "batches (SGD iterations)", ylim=(-1.02, 1.02))
        axes[0, 0].set_ylabel("on the test patches")
        axes[1, 0].set_ylabel("EGL − random, same seed")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", bbox_to_anchor=(0.5, 1), ncol=4)
        yield f"fig2-{pool}.png", figure


def _minus_random(pairs: pd.DataFrame) -> pd.DataFrame:
    return (pairs["egl"] - pairs["random"]).rename("difference").reset_index()


def _draw_published(axis: Axes, published: pd.DataFrame, metric: str) -> None:
    for strategy in ("random", "egl"):
        curve = where(published, metric=metric, strategy=strategy)
        if len(curve):
            label = f"{plots.label(strategy)}, as printed in the paper"
            style = {"linestyle": ":", "marker": ".", "color": plots.colour(strategy)}
            axis.plot(curve["batch"], curve["value"], label=label, **style)


def verdict(tables: Tables) -> Dict[str, str]:
    """Return the verdict on C1; none where the pool with healthy images has no whole seed."""
    scores = where(tables["scores"], pool="all")
    if scores.empty:
        return {}
    mean_f = paired(scores, "mean_f")
    return {"C1": by_interval(*interval(mean_f["egl"] - mean_f["random"]))}


def csvs(tables: Tables) -> Dict[str, pd.DataFrame]:
    """Return what the figures show."""
    table = means(tables["curves"], ["pool", "arm"], METRICS)
    return {"fig2.csv": table.rename(columns={"iteration": "batch"})}
