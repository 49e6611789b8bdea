"""Labels: how many of them EGL and random choice need to come near training on all (claim C6)."""

from functools import partial

import numpy as np

from experiments import plots
from experiments.claims import NOT_REPRODUCED, REPRODUCED, UNDECIDED
from experiments.curves import first_at_height, interval, means, paired, per_run, stacked
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Tasks, Verdicts
from experiments.paper import baseline, patches

NEARLY = 0.95  # of the full-data F
PART = 0.5  # of the labels


def tasks(protocol: Protocol) -> Tasks:
    """Return the runs of `patches` and `baseline`, read by the labels they used."""
    return {**baseline.tasks(protocol), **patches.tasks(protocol)}


def measure(results: Results) -> Tables:
    """Return the tables, over the seeds in which all arms of `patches` are finished.

    {} without a full-data run.

    curves: arm, seed, iteration, f_measure, n_labelled, share (of all labels); needed: arm, seed,
    share at which F is first NEARLY full (nan: not before all labels are used)
    """
    protocol, full = results.protocol, []
    for seed in results.seeds(protocol.run_seeds(protocol.baseline_seeds), baseline.name):
        full.append(results.metrics(baseline.name(seed))["test"]["f_measure"])
    arms = {arm: partial(patches.name, arm) for arm in (*patches.chosen_by(protocol), "sgd")}
    runs = results.paired(protocol.run_seeds(protocol.seeds), arms)
    everything = runs.pop("sgd")
    if not everything or not full:
        return {}
    total = max(results.rounds(name)["n_labelled"].max() for name in everything.values())
    curves = results.curves(runs)
    curves["share"] = curves["n_labelled"] / total
    best = float(np.mean(full))
    first = partial(first_at_height, x="share", column="f_measure", wanted=NEARLY * best)
    needed = per_run(curves, ["arm", "seed"], share=first)
    needed["share"] = needed["share"].where(needed["share"] < 1)
    return {
        "curves": curves,
        "needed": needed,
        "best": best,
        "full_runs": len(full),
        "total": total,
    }


def draw(tables: Tables) -> Figures:
    """Yield F against the share of the labels."""
    figure, axes = plots.panels(width=7.5)
    axis, best = axes[0, 0], tables["best"]
    for arm, curves in tables["curves"].groupby("arm", sort=False):
        for _, run in curves.groupby("seed"):
            style = {"color": plots.colour(arm), "linewidth": 0.5, "alpha": 0.5}
            axis.plot(100 * run["share"], run["f_measure"], **style)
    for arm, of_arm in tables["curves"].groupby("arm", sort=False):
        (_, shares), (_, f) = stacked(of_arm, "share"), stacked(of_arm, "f_measure")
        plots.band(axis, 100 * shares.mean(axis=0), f, plots.label(arm), plots.colour(arm))
    axis.axhline(best, color="0.4", label="all labels")
    axis.axhline(NEARLY * best, color="0.4", linestyle="--", label=f"{NEARLY:.0%} of that")
    words = ("training patches labelled, %", "F-measure on the test patches")
    ends = tables["curves"]["iteration"].max()
    title = f"every line ends after {ends} SGD iterations"
    plots.finish(axis, title, *words, ylim=plots.SHARE)
    axis.legend(loc="lower right")
    yield "labels.png", figure


def seeds(tables: Tables) -> int:
    """Return how many seeds are behind the verdict, and behind the full-data F."""
    return int(min(tables["needed"]["seed"].nunique(), tables["full_runs"]))


def verdict(tables: Tables) -> Verdicts:
    """Return the verdict on C6; F that is never reached counts as all labels."""
    share = paired(tables["needed"].fillna(1.0), "share")
    mean, half = interval(share["egl"] - share["random"])
    if not (share["egl"] <= PART).all():
        return {"C6": NOT_REPRODUCED}
    return {"C6": REPRODUCED if mean + half < 0 else UNDECIDED}


def csvs(tables: Tables) -> Csvs:
    """Return the means that the figure shows: after each batch, over the seeds."""
    curves = tables["curves"]
    shares = means(curves, ["arm"], ["share"])["mean"]
    table = means(curves, ["arm"], ["f_measure"]).assign(share=shares)
    table = table.rename(columns={"iteration": "batch", "mean": "f_measure"})
    return {"labels.csv": table[["arm", "batch", "share", "f_measure", "low", "high", "seeds"]]}
