"""Where the backward pass stops: whether phi, and what is learnt from it, depend on that (C4)."""

from dataclasses import replace
from functools import partial
from itertools import combinations, product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments import plots, work
from experiments.analyses.stops import STOPS, Comparison, compare, overlap, rank_correlation
from experiments.bootstrap import over_seeds
from experiments.claims import CONTRADICTED, REPRODUCED, UNDECIDED
from experiments.curves import (
    FEWEST,
    interval,
    intervals,
    mean_height,
    means,
    paired,
    per_run,
    stacked,
    where,
)
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Task, Tasks, Verdicts
from experiments.paper import patches

OTHERS = [stop for stop in STOPS if stop != "ip1"]
COLOURS = (plots.SKY, plots.ORANGE, plots.BLACK)  # of the times
STYLES = {"random": ("random choice", plots.BLUE), "ip1": ("ip1, as in the paper", plots.GREEN)}
COMPARED = 400  # patches that all stops score
EQUAL = 0.05  # the rule of C4
PAIR = ["iteration", "stop", "other_stop"]
WRITTEN = ["batch", "stop", "other_stop", "rank_correlation", "half_width", "overlap"]
WRITTEN += ["overlap_half_width", "seeds"]
SAME, DIFFERENT, ONE_SEED = "no difference", "differs", "one seed, no interval"


def name(stop: str, seed: int) -> str:
    """Return the name of a run of Algorithm 1; with ip1, it is that of EGL in `patches`."""
    return patches.name("egl", seed) if stop == "ip1" else f"layers-{stop}-seed{seed:02d}"


def compared(seed: int) -> str:
    """Return the name of the run that scores the same patches with every stop."""
    return f"layers-compare-seed{seed:02d}"


def tasks(protocol: Protocol) -> Tasks:
    """Return the runs of each seed: Algorithm 1 with each stop, and a comparison of their phi."""
    result = {}
    for seed in protocol.run_seeds(protocol.seeds):
        default = patches.task(protocol, "egl", seed)
        result[name("ip1", seed)] = default
        for stop in OTHERS:
            layer, parameters = STOPS[stop]
            changes = {"stop_layer": layer, "parameters": parameters, "keep_weights": ()}
            settings = replace(default.settings, **changes)
            result[name(stop, seed)] = Task(work.select, "all", settings)
        comparison = Comparison(name("ip1", seed), patches.kept(protocol), COMPARED, seed)
        result[compared(seed)] = Task(compare, "all", comparison, needs=(comparison.run,))
    return result


def measure(results: Results) -> Tables:
    """Return the tables of what is finished; a table may be empty.

    agreement, over the seeds whose comparison is finished: seed, iteration, stop, other_stop,
    rank_correlation (nan: all phi are the same), overlap (of the k highest); curves, over the seeds
    in which all stops that have begun are finished: arm (a stop or random), seed, iteration,
    f_measure; scores, a row a run: arm, seed, mean_f, diverged, minus_ip1, minus_ip1_whole (nan
    where one of the two diverged)
    """
    seeds = results.protocol.run_seeds(results.protocol.seeds)
    agreement, k = _agreement(results, seeds), results.protocol.patches.selection.k
    tables = {"agreement": agreement, "k": k, **_curves(results, seeds)}
    return tables if len(agreement) or len(tables["curves"]) else {}


def _agreement(results: Results, seeds: range) -> pd.DataFrame:
    k, rows = results.protocol.patches.selection.k, []
    for seed in results.seeds(seeds, compared):
        for iteration, phi in results.table(compared(seed), "phi.csv").groupby("iteration"):
            for a, b in product(STOPS, STOPS):
                agreement = rank_correlation(phi[a], phi[b]), overlap(phi[a], phi[b], k)
                rows.append((seed, iteration, len(phi), a, b, *agreement))
    columns = ["seed", "iteration", "n", "stop", "other_stop", "rank_correlation", "overlap"]
    return pd.DataFrame(rows, columns=columns)


def _curves(results: Results, seeds: range) -> Tables:
    begun = [stop for stop in STOPS if results.seeds(seeds, partial(name, stop))]
    named = {stop: partial(name, stop) for stop in begun}
    runs = results.paired(seeds, named)
    if len(begun) < 2 or "ip1" not in begun or not runs["ip1"]:
        return {"curves": pd.DataFrame()}
    random = {seed: patches.name("random", seed) for seed in runs["ip1"]}
    if results.finished(*random.values()):
        runs["random"] = random
    curves = results.curves(runs)
    start = results.protocol.patches.initial_iterations
    scores = per_run(
        curves, ["arm", "seed"], mean_f=lambda run: mean_height(run, "f_measure", start)
    )
    scores["diverged"] = [
        bool(results.metrics(runs[row.arm][row.seed])["diverged"]) for row in scores.itertuples()
    ]
    ip1 = where(scores, arm="ip1").set_index("seed")
    scores["minus_ip1"] = scores["mean_f"] - scores["seed"].map(ip1["mean_f"])
    lost = scores["diverged"] | scores["seed"].map(ip1["diverged"])
    scores["minus_ip1_whole"] = scores["minus_ip1"].mask(lost)
    missing = [stop for stop in OTHERS if stop not in begun]
    ends = where(curves, arm="ip1")["iteration"]
    return {
        "curves": curves,
        "scores": scores,
        "missing": missing,
        "ends": (max(start, ends.min()), ends.max()),
    }


def kind(differences: pd.Series) -> str:
    """Return what a stop's paired differences to ip1 in mean F amount to, by the rule of C4."""
    mean, half = interval(differences)
    if np.isnan(half):
        return ONE_SEED
    if not mean - half <= 0 <= mean + half:
        return DIFFERENT
    return SAME if -EQUAL <= mean - half and mean + half <= EQUAL else "too wide to tell"


def seeds(tables: Tables) -> int:
    """Return how many seeds are behind the verdict."""
    return int(tables["scores"]["seed"].nunique() if len(tables["curves"]) else 0)


def verdict(tables: Tables) -> Verdicts:
    """Return the verdict on C4; none before Algorithm 1 has run with ip1 and another stop."""
    if tables["curves"].empty:
        return {}
    lead = paired(tables["scores"], "minus_ip1")
    kinds = [kind(lead[stop]) if stop in lead else None for stop in OTHERS]
    if DIFFERENT in kinds:
        return {"C4": CONTRADICTED}
    return {"C4": REPRODUCED if set(kinds) == {SAME} else UNDECIDED}


def draw(tables: Tables) -> Figures:
    """Yield the agreement of the stops' phi, and F of each stop beside that of ip1."""
    if len(tables["agreement"]):
        figure, axes = plots.panels(3, width=4.8, height=4.2)
        agreement, k = tables["agreement"], tables["k"]
        _draw_with_ip1(axes[0, 0], agreement, "rank_correlation", "rank correlation with ip1")
        _draw_with_ip1(axes[0, 1], agreement, "overlap", f"share of ip1's {k} highest")
        chance = {"color": "0.4", "linestyle": "--", "label": "by chance"}
        axes[0, 1].axhline(k / agreement["n"].iloc[0], **chance)
        for axis in axes[0, :2]:
            axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncol=4, fontsize=8)
        times = agreement["iteration"].unique()
        _draw_matrix(figure, axes[0, 2], agreement, times[len(times) // 2])
        yield "layers-ranks.png", figure
    if len(tables["curves"]):
        others = [stop for stop in OTHERS if stop not in tables["missing"]]
        rows = -(-len(others) // 2)
        figure, axes = plots.panels(2, rows, width=5.4, height=3.6, sharex=True, sharey=True)
        for axis, stop in zip(axes.ravel(), others):
            for arm in ("random", "ip1", stop):
                of_arm = where(tables["curves"], arm=arm)
                if len(of_arm):
                    words, colour = STYLES.get(arm, ("the layer above the panel", plots.BLACK))
                    plots.band(axis, *stacked(of_arm, "f_measure"), words, colour)
            plots.finish(axis, stop, "", ylim=plots.SHARE)
        for axis in axes.ravel()[len(others) :]:
            axis.set_axis_off()
        for axis in axes[:, 0]:
            axis.set_ylabel("F on the test patches")
        for axis in axes[-1]:
            axis.set_xlabel("batches (SGD iterations)")
        plots.legend_above(figure, axes[0, 0])
        yield "layers.png", figure


def _draw_with_ip1(axis: Axes, agreement: pd.DataFrame, measure: str, title: str) -> None:
    """Draw a measure of each stop's agreement with ip1: its mean, interval and seeds by time."""
    times = agreement.groupby("iteration")
    for number, (iteration, rows) in enumerate(times):
        style = {"color": COLOURS[number % len(COLOURS)]}
        for position, stop in enumerate(OTHERS):
            x = position + (number - (len(times) - 1) / 2) * 0.22
            values = where(rows, stop=stop, other_stop="ip1")[measure].dropna()
            if len(values):
                label = f"{iteration} batches" if position == 0 else None
                mean, low, high = over_seeds(values)
                ends = [[mean - low], [high - mean]] if len(values) >= FEWEST else None
                axis.errorbar(x, mean, ends, fmt="o", capsize=4, label=label, **style)
                axis.plot([x + 0.07] * len(values), values, ".", markersize=4, alpha=0.6, **style)
    axis.set_xticks(range(len(OTHERS)))
    axis.set_xticklabels(OTHERS)
    lowest = min(0, where(agreement, other_stop="ip1")[measure].min())
    plots.finish(axis, title, "backward pass stops at", ylim=(lowest - 0.03, 1.03))


def _draw_matrix(figure: Figure, axis: Axes, agreement: pd.DataFrame, iteration: int) -> None:
    """Draw the mean rank correlation of each pair of stops at one time."""
    pairs = where(agreement, iteration=iteration).groupby(["stop", "other_stop"])
    numbers = pairs["rank_correlation"].mean().unstack().loc[list(STOPS), list(STOPS)].to_numpy()
    image = axis.imshow(numbers, vmin=0, vmax=1, cmap="viridis")
    figure.colorbar(image, ax=axis, label="rank correlation")
    for (row, column), number in np.ndenumerate(numbers):
        style = {"ha": "center", "va": "center", "fontsize": 9}
        axis.text(column, row, f"{number:.2f}", color="black" if number > 0.5 else "white", **style)
    axis.set(xticks=range(len(STOPS)), yticks=range(len(STOPS)), xticklabels=STOPS)
    axis.set(yticklabels=STOPS, title=f"each pair, {iteration} batches")


def csvs(tables: Tables) -> Csvs:
    """Return the agreement of each pair of stops, and the curves of F."""
    files = {}
    if len(tables["agreement"]):
        table = intervals(tables["agreement"], PAIR, ["overlap", "rank_correlation"])
        once = [
            pair in set(combinations(STOPS, 2)) for pair in zip(table["stop"], table["other_stop"])
        ]
        names = {"iteration": "batch", "rank_correlation_half_width": "half_width"}
        files["layers-ranks.csv"] = table[once].rename(columns=names)[WRITTEN]
    if len(tables["curves"]):
        table = means(tables["curves"], ["arm"], ["f_measure"]).drop(columns="metric")
        names = {"arm": "stop", "iteration": "batch", "mean": "f_measure"}
        files["layers.csv"] = table.rename(columns=names)
    return files
