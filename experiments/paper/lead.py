"""EGL's lead over random choice taken apart: in which measure, against what cost, and why."""

from dataclasses import replace
from functools import partial
from typing import Any, Dict, Iterator, List, Sequence, Tuple

import numpy as np
import pandas as pd

from egl.training.metrics import best_threshold, f_at
from experiments import plots
from experiments.analyses import lesion_share, training_patches
from experiments.analyses.lesion_share import AsMany, select_as_many
from experiments.analyses.training_patches import PatchSettings, look
from experiments.curves import intervals, stacked, where
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Task, Tasks
from experiments.paper import baseline, fig2

POOL = "all"
SHARE = "lesion-share"
ARMS = ("random", "egl", "egl-images", SHARE)
MEASURES = {
    "f_measure": "F at p > 0.5, as in the paper",
    "f_at_threshold": "F at the validation patches' best threshold",
    "auc": "AUC",
}
COSTS = {"iteration": "batches", "n_labelled": "labelled patches", "n_images": "images"}
NEAR = 8  # pixels from a mask's edge
WHY = {
    "exudates": "share of exudates",
    "distinct": "distinct patches in a round's k",
    "near_edge": f"share within {NEAR} pixels of a mask's edge",
    "outlier": "mean outlier rank",
}
POINTS = 200  # at which two curves are compared


def name(arm: str, seed: int) -> str:
    """Return the name of an arm's run: Fig. 2's, but for the arm at EGL's share."""
    return f"lead-{SHARE}-seed{seed:02d}" if arm == SHARE else fig2.name(POOL, arm, seed)


def patches_name(protocol: Protocol) -> str:
    """Return the name of the run that looks at the training patches."""
    return f"lead-patches-seed{protocol.first_seed:02d}"


def tasks(protocol: Protocol) -> Tasks:
    """Return Fig. 2's runs in the pool with healthy images, and those at EGL's share."""
    result = {}
    for seed in protocol.run_seeds(protocol.fig2_seeds):
        for arm in ARMS[:-1]:
            result[name(arm, seed)] = fig2.task(protocol, POOL, arm, seed)
        followed = name("egl-images", seed)
        settings = replace(result[name("random", seed)].settings, strategy=lesion_share.NAME)
        settings = replace(settings, patch_strategy="random")
        result[name(SHARE, seed)] = Task(
            select_as_many, POOL, AsMany(settings, followed), needs=(followed,)
        )
    trained = baseline.name(protocol.first_seed)
    result[trained] = baseline.tasks(protocol)[trained]
    result[patches_name(protocol)] = Task(look, POOL, PatchSettings(trained), needs=(trained,))
    return result


def measure(results: Results) -> Tables:
    """Return the tables, over the seeds in which all arms are finished.

    leads: arm, measure, cost, seed, lead (mean height over random's curve, where both have been);
    summary: its intervals; rounds: arm, seed, iteration and the columns of WHY, of the chosen
    patches; why: their means after the first choice
    """
    protocol = results.protocol
    named = {arm: partial(name, arm) for arm in ARMS}
    runs = results.paired(protocol.run_seeds(protocol.fig2_seeds), named)
    if not runs[SHARE] or not results.finished(patches_name(protocol)):
        return {}
    curves = results.curves(runs).set_index(["arm", "seed"]).sort_index()
    leads: List[Dict[str, Any]] = []
    for seed in runs[SHARE]:
        of_arm = {arm: _with_threshold(results, curves.loc[arm, seed], runs[arm][seed])
                  for arm in ARMS}  # fmt: skip
        for arm, measured, cost in _compared():
            lead = mean_difference(of_arm[arm], of_arm["random"], measured, cost)
            leads.append({"arm": arm, "measure": measured, "cost": cost, "seed": seed,
                          "lead": lead})  # fmt: skip
    table = pd.DataFrame(leads)
    facts = results.table(patches_name(protocol), training_patches.FILE)
    rounds = pd.concat(
        [chosen(results, run, facts).assign(arm=arm, seed=seed)
         for arm, by_seed in runs.items() for seed, run in by_seed.items()]
    )  # fmt: skip
    later = rounds[rounds["iteration"] > protocol.images.initial_iterations]
    means = later.groupby(["arm", "seed"], sort=False)[list(WHY)].mean().reset_index()
    return {
        "leads": table,
        "summary": intervals(table, ["arm", "measure", "cost"], ["lead"]),
        "rounds": rounds,
        "why": intervals(means, ["arm"], list(WHY)),
        "first": protocol.images.initial_iterations,
        "seeds": len(runs[SHARE]),
    }


def _compared() -> Iterator[Tuple[str, str, str]]:
    for arm in ARMS[1:]:
        for measured in MEASURES:
            for cost in COSTS:
                yield arm, measured, cost


def _with_threshold(results: Results, rounds: pd.DataFrame, run: str) -> pd.DataFrame:
    """Return a run's rounds with F at the threshold that is best for the validation patches."""
    predictions, store = results.predictions(run), results.stores[POOL]
    labels = {split: store.labels[store.samples(split)[:, 0]] for split in predictions}
    f = [
        f_at(test, labels["test"], best_threshold(validation, labels["validation"]))
        for validation, test in zip(predictions["validation"], predictions["test"])
    ]
    known = np.full(len(rounds), 0.0)  # after a divergence there is no net
    known[: len(f)] = f
    return rounds.assign(f_at_threshold=known)


def mean_difference(first: pd.DataFrame, second: pd.DataFrame, measured: str, cost: str) -> float:
    """Return the mean of first - second over the costs that both curves have reached.

    Of several evaluations at one cost the last counts; between costs the curves are straight.
    nan where the curves have no cost in common.
    """
    of_cost = [run.groupby(cost)[measured].last() for run in (first, second)]
    low = max(values.index[0] for values in of_cost)
    high = min(values.index[-1] for values in of_cost)
    if not low < high:
        return float("nan")
    at = np.linspace(low, high, POINTS)
    heights = [np.interp(at, values.index, values) for values in of_cost]
    return float(np.mean(heights[0] - heights[1]))


def chosen(results: Results, run: str, facts: pd.DataFrame) -> pd.DataFrame:
    """Return what a run's chosen patches are like, by round: iteration and the columns of WHY."""
    queries = results.table(run, "queries.csv", text=("image",))
    patches = where(queries, kind="patch")
    patches = patches.assign(patch=patches["patch"].astype(int))
    known = patches.merge(facts[["patch", "edge", "outlier"]], on="patch", how="left")
    by_round = known.groupby("iteration")
    return pd.DataFrame({
        "exudates": by_round["label"].mean(),
        "distinct": by_round["patch"].nunique(),
        "near_edge": by_round["edge"].agg(lambda edge: (edge <= NEAR).mean()),
        "outlier": by_round["outlier"].mean(),
    }).reset_index()  # fmt: skip


def draw(tables: Tables) -> Figures:
    """Yield the lead in every measure against every cost, and what was chosen, round by round."""
    figure, axes = plots.panels(len(COSTS), width=4.6, height=3.4, sharey=True)
    for axis, (cost, words) in zip(axes[0], COSTS.items()):
        for shift, arm in zip((-0.2, 0, 0.2), ARMS[1:]):
            for row, measured in enumerate(MEASURES):
                leads = where(tables["leads"], arm=arm, cost=cost, measure=measured)["lead"]
                label = plots.label(arm) if not row else None
                plots.dot(axis, leads.dropna(), row + shift, color=plots.colour(arm), label=label)
        plots.finish(axis, f"against {words}", "lead over random choice")
    plots.name_rows(axes[0, 0], list(MEASURES.values()))
    for axis in axes[0, 1:]:
        axis.axvline(0, color="0.3", linewidth=0.8)
    plots.legend_above(figure, axes[0, 0], 3)
    yield "lead.png", figure
    figure, axes = plots.panels(2, 2, width=5.2, height=3.2)
    for axis, (column, words) in zip(axes.ravel(), WHY.items()):
        for arm in ("random", "egl", SHARE):
            x, values = stacked(where(tables["rounds"], arm=arm), column)
            plots.band(axis, x, values, plots.label(arm), plots.colour(arm))
        axis.axvline(tables["first"], color=plots.ORANGE)
        plots.finish(axis, words, "batches (SGD iterations)")
    axes[0, 0].legend(fontsize=8)
    yield "lead-why.png", figure


def csvs(tables: Tables) -> Csvs:
    """Return every lead, and what was chosen in each round."""
    columns: Sequence[str] = ["arm", "seed", "iteration", *WHY]
    return {"lead.csv": tables["leads"], "lead-why.csv": tables["rounds"][list(columns)]}
