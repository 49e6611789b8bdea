"""Labels: how many of them EGL and random choice need to come near training on all (claim C6)."""

from functools import partial

import numpy as np
import pandas as pd

from experiments import plots
from experiments.claims import NOT_REPRODUCED, REPRODUCED, UNDECIDED
from experiments.curves import first_at_height, grouped, interval, means, paired, per_run
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Tasks, Verdicts
from experiments.paper import baseline, patches

NEARLY = 0.95  # of the full-data F
PART = 0.5  # of the labels
SHARES = np.arange(0.05, 1.001, 0.05)  # where the curves of several seeds are averaged


def tasks(protocol: Protocol) -> Tasks:
    """Return the runs of `patches` and `baseline`, read by the labels they used."""
    return {**baseline.tasks(protocol), **patches.tasks(protocol)}


def measure(results: Results) -> Tables:
    """Return the tables, over the seeds in which all arms of `patches` are finished.

    {} without a full-data run.

    curves: arm, seed, iteration, f_measure, n_labelled, share (of all labels); at_shares: arm,
    seed, share, f_measure, at those of SHARES that every seed of an arm has been at; needed: arm,
    seed, share at which F is first NEARLY full (nan: not before all labels are used)
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
        "at_shares": pd.concat([_at_shares(arm) for _, arm in grouped(curves, ["arm"])]),
        "needed": needed,
        "best": best,
        "full_runs": len(full),
        "total": total,
    }


def _at_shares(curves: pd.DataFrame) -> pd.DataFrame:
    by_seed = curves.groupby("seed")["share"]
    x = SHARES[(SHARES >= by_seed.min().max()) & (SHARES <= by_seed.max().min())]
    tables = []
    for keys, run in grouped(curves, ["arm", "seed"]):
        f = np.interp(x, run["share"], run["f_measure"])
        tables.append(pd.DataFrame({**keys, "share": x, "f_measure": f}))
    return pd.concat(tables)


def draw(tables: Tables) -> Figures:
    """Yield F against the share of the labels."""
    figure, axes = plots.panels(width=7.5)
    axis, best = axes[0, 0], tables["best"]
    for arm, curves in tables["curves"].groupby("arm", sort=False):
        for _, run in curves.groupby("seed"):
            style = {"color": plots.colour(arm), "linewidth": 0.5, "alpha": 0.5}
            axis.plot(100 * run["share"], run["f_measure"], **style)
    at_shares = tables["at_shares"]
    plots.bands(axis, at_shares.assign(percent=100 * at_shares["share"]), "f_measure", "percent")
    axis.axhline(best, color="0.4", label="all labels")
    axis.axhline(NEARLY * best, color="0.4", linestyle="--", label=f"{NEARLY:.0%} of that")
    plots.finish(axis, "", "training patches labelled, %", "F-measure on the test patches")
    axis.legend(loc="lower right")
    yield "labels.png", figure


def verdict(tables: Tables) -> Verdicts:
    """Return the verdict on C6; F that is never reached counts as all labels."""
    share = paired(tables["needed"].fillna(1.0), "share")
    mean, half = interval(share["egl"] - share["random"])
    if not (share["egl"] <= PART).all():
        return {"C6": NOT_REPRODUCED}
    return {"C6": REPRODUCED if mean + half < 0 else UNDECIDED}


def csvs(tables: Tables) -> Csvs:
    """Return the means that the figure shows."""
    table = means(tables["at_shares"], ["arm"], ["f_measure"], x="share")
    table = table.rename(columns={"mean": "f_measure"})
    return {"labels.csv": table[["arm", "share", "f_measure", "half_width", "seeds"]]}
