"""Fig. 3: how interesting photographs are to a net in the course of its training (claim C3)."""

from functools import partial
from typing import Dict

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments import plots
from experiments.analyses.interestingness import Maps, Watching, read_maps, watch
from experiments.claims import NOT_REPRODUCED, REPRODUCED, UNDECIDED
from experiments.curves import is_one_class, where
from experiments.distances import distances, falls_below
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Task, Tasks, Verdicts
from experiments.paper import baseline, fig2
from experiments.pictures import show_under_maps

KINDS = {"egl": "EGL selection", "sgd": "Plain SGD"}
LESION = {1: ("with exudates", plots.VERMILION), 0: ("healthy", plots.BLUE)}  # words and colour
COLUMNS = (3, 2)  # of maps: the first that leaves no gap, or else the first
WORKS, DECAYED = 0.9, 0.05  # the rule of C3
WRITTEN = ["training", "seed", "batch", "image", "lesion", "interestingness", "over_maximum"]
WRITTEN += ["f_measure", "net_works"]


def name(kind: str, seed: int) -> str:
    """Return the name of the run that watches a seed's training."""
    return f"fig3-{kind}-seed{seed:02d}"


def watched(kind: str, seed: int) -> str:
    """Return the name of the run that is watched."""
    return fig2.name("all", "egl", seed) if kind == "egl" else baseline.name(seed)


def seeds_of(protocol: Protocol) -> Dict[str, range]:
    """Return {kind: its seeds}."""
    return {"egl": protocol.compared_seeds, "sgd": protocol.run_seeds(protocol.baseline_seeds)}


def tasks(protocol: Protocol) -> Tasks:
    """Return the runs that are watched, and for each one that scores photographs by its weights."""
    whole = {**fig2.tasks(protocol), **baseline.tasks(protocol)}
    result = {}
    for kind, seeds in seeds_of(protocol).items():
        for seed in seeds:
            run = watched(kind, seed)
            settings = Watching(
                run=run,
                iterations=whole[run].settings.keep_weights,
                chosen=kind == "egl",
                images=protocol.map_images,
                seed=seed,
                stride=protocol.images.stride,
                map_stride=protocol.map_stride if seed == protocol.first_seed else 0,
            )
            result[run] = whole[run]
            result[name(kind, seed)] = Task(watch, "all", settings, needs=(run,))
    return result


def measure(results: Results) -> Tables:
    """Return the tables of the finished runs.

    photographs: WRITTEN, counts (whether the run counts for C3), last (whether it is the run's last
    time); rounds: training, seed, iteration, f_measure; seeds: {kind: how many are finished};
    drawn: photographs that no run chose; same: runs that count and call all patches the same;
    maps: {kind: maps of the first seed}
    """
    seeds = {
        kind: results.seeds(wanted, partial(name, kind), partial(watched, kind))
        for kind, wanted in seeds_of(results.protocol).items()
    }
    pairs = [(kind, seed) for kind in KINDS for seed in seeds[kind]]
    tables = [_photographs(results, kind, seed) for kind, seed in pairs]
    if not any(len(table) for table in tables):
        return {}
    photographs = pd.concat(tables, ignore_index=True)
    runs = photographs.groupby(["training", "seed"], sort=False)["counts"].first()
    rounds = {pair: results.rounds(watched(*pair)) for pair in runs.index}
    first, published = results.protocol.first_seed, results.published
    compared = None
    if published is not None:
        published = where(published, figure="fig3")
        medians = photographs.groupby(["training", "batch"], sort=False)["over_maximum"].median()
        names = {"training": "strategy", "over_maximum": "value"}
        ours = medians.reset_index().rename(columns=names).assign(metric="interestingness")
        compared = distances(published, ours, ["metric", "strategy"], falls_below(DECAYED))
    return {
        "published": published,
        "distances": compared,
        "photographs": photographs,
        "rounds": pd.concat(
            [table.assign(training=kind, seed=seed) for (kind, seed), table in rounds.items()]
        ),
        "seeds": {kind: len(finished) for kind, finished in seeds.items()},
        "drawn": sum(results.metrics(name("egl", seed))["drawn"] for seed in seeds["egl"]),
        "same": sum(is_one_class(rounds[pair]) for pair in runs.index[runs]),
        "maps": {
            kind: results.read(name(kind, first), read_maps)
            for kind in KINDS
            if (kind, first) in runs.index
        },
    }


def _photographs(results: Results, kind: str, seed: int) -> pd.DataFrame:
    """Return the photographs of one run at every time; empty if it diverged before the first."""
    run, rounds = watched(kind, seed), results.rounds(watched(kind, seed))
    table = results.table(name(kind, seed), "interestingness.csv", text=["image"])
    if table.empty:
        return table
    # F at a time is that of the last evaluation until then; nan before the first.
    f = rounds[["iteration", "f_measure"]].sort_values("iteration")
    table = pd.merge_asof(table.sort_values("iteration", kind="mergesort"), f, on="iteration")
    most, best = table.groupby("image")["sum"].transform("max"), f["f_measure"].max()
    table["over_maximum"] = (table["sum"] / most).where(most > 0)
    table["net_works"] = (table["f_measure"].fillna(0) >= WORKS * best) & (best > 0)
    table["last"] = table["iteration"] == table["iteration"].max()
    works = table.loc[table["last"], "net_works"].all()
    table["counts"] = bool(works and not results.metrics(run)["diverged"])
    names = {"iteration": "batch", "sum": "interestingness"}
    return table.rename(columns=names).assign(training=kind, seed=seed)


def seeds(tables: Tables) -> int:
    """Return how many seeds are behind the verdict, of the kind of training with fewer."""
    return int(min(n for n in tables["seeds"].values() if n))


def verdict(tables: Tables) -> Verdicts:
    """Return the verdict on C3, from both kinds of training together."""
    end = at_end(tables["photographs"])
    if not len(end):
        return {"C3": UNDECIDED}
    return {"C3": REPRODUCED if end.median() < DECAYED else NOT_REPRODUCED}


def at_end(photographs: pd.DataFrame) -> pd.Series:
    """Return interestingness over its maximum at the last time, in the runs that count for C3."""
    return photographs[photographs["counts"] & photographs["last"]]["over_maximum"].dropna()


def draw(tables: Tables) -> Figures:
    """Yield interestingness and F in time, and for each kind of training two photographs' maps."""
    photographs = tables["photographs"]
    kinds = photographs["training"].unique()
    figure, axes = plots.panels(len(kinds), 2, width=5.6, height=3.6, sharex="col")
    for (above, below), kind in zip(axes.T, kinds):
        of_kind = where(photographs, training=kind)
        _draw_photographs(above, of_kind)
        if tables["published"] is not None:
            printed = where(tables["published"], strategy=kind)
            style = {"linestyle": ":", "marker": "x", "color": plots.PURPLE}
            words = "as printed in the paper" if len(tables["published"]) else None
            above.plot(printed["batch"], printed["value"], label=words, **style)
        _draw_f(below, where(tables["rounds"], training=kind), of_kind)
        if kind == "sgd":
            below.set_xscale("log")
        plots.plain_ticks(below.xaxis, sorted(of_kind["batch"].unique()))
        n = of_kind["seed"].nunique()
        title, words = f"{KINDS[kind]}, {n} seed{'s' * (n > 1)}", "share of its highest value"
        plots.finish(above, title, "", f"interestingness,\n{words}", plots.SHARE)
        plots.finish(below, "", "batches (SGD iterations)", "F on the test patches", plots.SHARE)
    for axis in axes[:, -1]:
        axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8)
    yield "fig3.png", figure
    for kind, maps in tables["maps"].items():
        if maps:
            yield f"fig3-maps-{kind}.png", _draw_maps(maps)


def _draw_photographs(axis: Axes, photographs: pd.DataFrame) -> None:
    """Draw the medians of photographs in time, and the quartiles of each kind of them."""
    whole = photographs[photographs["counts"]]
    for lesion, (words, colour) in LESION.items():
        times = where(whole, lesion=lesion).groupby("batch")["over_maximum"]
        low, middle, high = (times.quantile(q) for q in (0.25, 0.5, 0.75))
        label = f"{words}: median and quartiles"
        axis.plot(middle.index, middle, color=colour, label=label, marker=".")
        axis.fill_between(middle.index, low, high, color=colour, alpha=0.2, linewidth=0)
    for rows, line, label in (
        (whole, "-", "median of both kinds,\nin runs whose net works at the end"),
        (photographs[~photographs["counts"]], ":", "median of both kinds, in the other runs"),
    ):
        if len(rows):
            median = rows.groupby("batch")["over_maximum"].median()
            axis.plot(median.index, median, line, color="black", linewidth=2, label=label)
    axis.axhline(DECAYED, color=plots.ORANGE, label=f"{DECAYED:.0%} of the highest value")


def _draw_f(axis: Axes, rounds: pd.DataFrame, photographs: pd.DataFrame) -> None:
    for number, (_, run) in enumerate(rounds.groupby("seed")):
        words = "a seed" if not number else None
        colour = plots.colour(run["training"].iloc[0])
        axis.plot(run["iteration"], run["f_measure"], color=colour, linewidth=1, label=words)
    times = photographs.drop_duplicates(["seed", "batch"])
    for works, marker, label in (
        (True, "o", "scored here; F at least 90% of the run's best"),
        (False, "X", "scored here; F lower than that"),
    ):
        marked = where(times, net_works=works)
        style = {"color": plots.BLACK if works else plots.VERMILION, "markersize": 5}
        axis.plot(marked["batch"], marked["f_measure"], marker, label=label, **style)


def _draw_maps(maps: Maps) -> Figure:
    """Draw rows of pictures for each photograph: it, then it under each of its maps."""
    n = len(maps.iterations) + 1
    columns = next((most for most in COLUMNS if n % most == 0), COLUMNS[0])
    rows = -(-n // columns)
    height, width = maps.photographs[0].shape
    size = {"width": 4.2, "height": 4.2 * height / width + 0.35}
    figure, axes = plots.panels(columns, rows * len(maps.photographs), **size)
    for number, mapped in enumerate(maps.photographs):
        block = axes[number * rows : (number + 1) * rows].ravel()
        bar = block[n - 1].inset_axes([1.03, 0, 0.04, 1])
        row = [*block[:n], bar]
        show_under_maps(figure, row, mapped.photograph, mapped.phi, mapped.shape, maps.stride)
        bar.set_ylabel("phi; a scale for each photograph")
        row[0].set_title(LESION[mapped.lesion][0])
        for axis, iteration in zip(row[1:], maps.iterations):
            axis.set_title(f"{iteration} batches")
        for axis in block[n:]:
            axis.set_axis_off()
    return figure


def csvs(tables: Tables) -> Csvs:
    """Return every photograph at every time."""
    return {"fig3.csv": tables["photographs"][WRITTEN]}
