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
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Task, Tasks, Verdicts
from experiments.paper import baseline, fig2
from experiments.pictures import show_under_maps

KINDS = {"egl": "EGL selection", "sgd": "Plain SGD"}
LESION = {1: ("with exudates", "tab:red"), 0: ("healthy", "tab:cyan")}  # words and colour
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
    maps: {kind: maps of seed 1}
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
    return {
        "photographs": photographs,
        "rounds": pd.concat(
            [table.assign(training=kind, seed=seed) for (kind, seed), table in rounds.items()]
        ),
        "seeds": {kind: len(finished) for kind, finished in seeds.items()},
        "drawn": sum(results.metrics(name("egl", seed))["drawn"] for seed in seeds["egl"]),
        "same": sum(is_one_class(rounds[pair]) for pair in runs.index[runs]),
        "maps": {
            kind: read_maps(results.run(name(kind, 1))) for kind in KINDS if (kind, 1) in runs.index
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
    figure, axes = plots.panels(len(kinds), 2, width=5.6, height=3.4, sharex="col")
    for (above, below), kind in zip(axes.T, kinds):
        _draw_photographs(above, where(photographs, training=kind))
        _draw_f(below, *(where(tables[key], training=kind) for key in ("rounds", "photographs")))
        if kind == "sgd":
            below.set_xscale("log")
        n = where(photographs, training=kind)["seed"].nunique()
        title = f"{KINDS[kind]}, {n} seed{'s' * (n > 1)}"
        plots.finish(above, title, "", "interestingness / its maximum", (-0.03, 1.05))
        plots.finish(below, "", "batches (SGD iterations)", "F on the test patches", (-0.03, 1.05))
    for axis in axes[:, -1]:
        axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8)
    yield "fig3.png", figure
    for kind, maps in tables["maps"].items():
        if maps:
            yield f"fig3-maps-{kind}.png", _draw_maps(maps)


def _draw_photographs(axis: Axes, photographs: pd.DataFrame) -> None:
    for _, run in photographs.groupby("seed"):
        for _, rows in run.groupby("image", sort=False):
            style = {"color": LESION[rows["lesion"].iloc[0]][1], "linewidth": 0.8, "alpha": 0.6}
            line = "-" if rows["counts"].iloc[0] else ":"
            axis.plot(rows["batch"], rows["over_maximum"], line, **style)
    for words, colour in LESION.values():
        axis.plot([], [], color=colour, label=words)
    for rows, line, label in (
        (photographs, "--", "median of all"),
        (photographs[photographs["counts"]], "-", "median, runs that count"),
    ):
        if len(rows):
            median = rows.groupby("batch")["over_maximum"].median()
            axis.plot(median.index, median, line, color="black", linewidth=2.2, label=label)
    axis.axhline(DECAYED, color="tab:orange", linewidth=1, label=f"{DECAYED} of the maximum")


def _draw_f(axis: Axes, rounds: pd.DataFrame, photographs: pd.DataFrame) -> None:
    for _, run in rounds.groupby("seed"):
        colour = plots.colour(run["training"].iloc[0])
        axis.plot(run["iteration"], run["f_measure"], color=colour, linewidth=1)
    times = photographs.drop_duplicates(["seed", "batch"])
    for works, marker, label in (
        (True, "ko", "working net"),
        (False, "rx", "below 90% of its best F"),
    ):
        marked = where(times, net_works=works)
        axis.plot(marked["batch"], marked["f_measure"], marker, markersize=5, label=label)


def _draw_maps(maps: Maps) -> Figure:
    """Draw a row for each photograph: it, it under each of its maps, and their colour bar."""
    n = len(maps.iterations)
    ratios = {"width_ratios": [1.0] * (n + 1) + [0.05]}
    size = {"width": 2.6, "height": 2.0}
    figure, axes = plots.panels(n + 2, len(maps.photographs), gridspec_kw=ratios, **size)
    for row, mapped in zip(axes, maps.photographs):
        show_under_maps(figure, row, mapped.photograph, mapped.phi, mapped.shape, maps.stride)
        row[0].set_ylabel(LESION[mapped.lesion][0])
        row[-1].set_ylabel("phi")
    for axis, iteration in zip(axes[0, 1:], maps.iterations):
        axis.set_title(f"{iteration} batches")
    return figure


def csvs(tables: Tables) -> Csvs:
    """Return every photograph at every time."""
    return {"fig3.csv": tables["photographs"][WRITTEN]}
