"""The paper's open choices: which of them decide whether EGL is ahead of random choice (C1, C2)."""

from dataclasses import replace
from functools import partial
from typing import Any, Dict, Tuple

import pandas as pd

from experiments import plots, work
from experiments.claims import by_interval
from experiments.curves import intervals, paired, scores
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Task, Tasks
from experiments.paper import fig2
from experiments.tasks import with_selection, with_trainer

# Variant: (what changes in the selection, in the trainer, in the rest of the run, and whether
# random choice changes too).
VARIANTS: Dict[str, Tuple[Any, Any, Any, bool]] = {
    "image score: mean": ({}, {}, {"score": "mean"}, False),
    "image score: top 5": ({}, {}, {"score": "top5"}, False),
    "L' replaced": ({"after_round": "replace"}, {}, {}, True),
    "no momentum, no decay": ({}, {"momentum": 0.0, "weight_decay": 0.0}, {}, True),
    "stride 48": ({}, {}, {"stride": 48}, False),
    "k = 16": ({"k": 16}, {}, {}, True),
    "k = 64": ({"k": 64}, {}, {}, True),
    # About one in a hundred patches of an image with exudates shows one: 400 patches hold a
    # handful, 4000 more than a batch.
    "every patch of an image": ({}, {}, {"labelled": "grid"}, True),
    "every patch, 4000 scored": ({"candidates": 4000}, {}, {"labelled": "grid"}, True),
}
ARMS = ("random", "egl")
DEFAULT = "the defaults"
LESION = "healthy patches from lesion images"  # the other pool of Fig. 2


def name(variant: str, arm: str, seed: int) -> str:
    """Return the name of an arm's run: Fig. 2's, unless the variant changes the arm."""
    if variant in (DEFAULT, LESION):
        return fig2.name("all" if variant == DEFAULT else "lesion", arm, seed)
    if arm == "random" and not VARIANTS[variant][3]:
        return fig2.name("all", arm, seed)
    words = "-".join("".join(c if c.isalnum() else " " for c in variant).lower().split())
    return f"settings-{words}-{arm}-seed{seed:02d}"


def tasks(protocol: Protocol) -> Tasks:
    """Return the runs of each variant and seed, by EGL and at random, and those of Fig. 2."""
    whole, result = fig2.tasks(protocol), {}
    for seed in protocol.compared_seeds:
        for arm in ARMS:
            for variant in (DEFAULT, LESION):
                result[name(variant, arm, seed)] = whole[name(variant, arm, seed)]
            default = replace(whole[fig2.name("all", arm, seed)].settings, keep_weights=())
            default = with_selection(default, iterations=protocol.settings_iterations)
            for variant, (selection, trainer, rest, _) in VARIANTS.items():
                changed = with_trainer(with_selection(default, **selection), **trainer)
                task = Task(work.select, "all", replace(changed, **rest))
                result.setdefault(name(variant, arm, seed), task)
    return result


def measure(results: Results) -> Tables:
    """Return the tables, of each variant over the seeds in which both arms are finished.

    pairs: variant, seed, random and egl (mean F from the first choice on), difference,
    last_difference (of the last F), random_broken and egl_broken (diverged, or one class for all);
    summary: variant, the intervals of pairs, and `effect`. {} with no more than Fig. 2's runs.
    """
    protocol, tables = results.protocol, []
    first, end = protocol.images.initial_iterations, protocol.settings_iterations
    for variant in (DEFAULT, LESION, *VARIANTS):
        named = {arm: partial(name, variant, arm) for arm in ARMS}
        curves = results.paired_curves(protocol.compared_seeds, named)
        if len(curves):
            tables.append(_pairs(curves[curves["iteration"] <= end], first).assign(variant=variant))
    pairs = pd.concat(tables) if tables else pd.DataFrame(columns=["variant"])
    if not pairs["variant"].isin(VARIANTS).any():
        return {}
    summary = intervals(pairs, ["variant"], ["random", "egl", "difference", "last_difference"])
    broken = pairs.groupby("variant")[["random_broken", "egl_broken"]].sum()
    summary = summary.join(broken, "variant")
    effects = zip(summary["difference"], summary["difference_half_width"])
    summary["effect"] = [by_interval(mean, half) for mean, half in effects]
    return {"pairs": pairs, "summary": summary, "first": first, "end": end}


def _pairs(curves: pd.DataFrame, first: int) -> pd.DataFrame:
    of_runs = scores(curves, start=first)
    f, ends, broken = (paired(of_runs, column) for column in ("mean_f", "last_f", "broken"))
    pairs = f[["random", "egl"]].assign(difference=f["egl"] - f["random"])
    pairs = pairs.assign(last_difference=ends["egl"] - ends["random"])
    return pairs.join(broken.astype(int).add_suffix("_broken")).reset_index()


def draw(tables: Tables) -> Figures:
    """Yield the differences of each variant."""
    variants = list(tables["summary"]["variant"])
    figure, axes = plots.panels(width=9, height=0.6 + 0.42 * len(variants))
    axis = axes[0, 0]
    for row, (_, pairs) in enumerate(tables["pairs"].groupby("variant", sort=False)):
        labels = (f"mean F from batch {tables['first']} on", "last F") if row == 0 else (None, None)
        for column, shift, colour, label in (
            ("difference", -0.12, "black", labels[0]),
            ("last_difference", 0.12, "tab:red", labels[1]),
        ):
            plots.dot(axis, pairs[column], row + shift, color=colour, markersize=4, label=label)
    plots.name_rows(axis, variants)
    axis.legend(fontsize=8)
    what = f"F-measure, EGL − random, {tables['end']} batches: paired mean and 95% t-interval"
    plots.finish(axis, "", what)
    yield "settings.png", figure


def csvs(tables: Tables) -> Csvs:
    """Return what the figure shows."""
    return {"settings.csv": tables["summary"].drop(columns="effect")}
