"""Every strategy beside EGL and random choice: what it reaches, with how many labels, and what a query costs; and sampling of the pool."""

from functools import partial

import numpy as np

from egl.strategies import STRATEGIES
from egl.training.run_folder import write_csv
from experiments import plots
from experiments.curves import area, curves, first_at, interval, mean_text, one_class
from experiments.paper import fig2, patches
from experiments.section import Figure, Section, Table
from experiments.tasks import Task

ENOUGH = 0.85  # the F whose price in labels is asked
# Strategies that choose patches as another one does: with two classes there is one order of uncertainty, and a bag is for images.
SAME_PATCHES = {
    "margin": "least-confidence",
    "entropy": "least-confidence",
    "bag-egl": "egl",
    "bag-egl-softmax": "egl",
}
# The pool sampled before it is scored: (candidates, how they are drawn). The default is among them, for comparison.
SAMPLED = {
    "100 uniform": (100, "uniform"),
    "400 uniform": (400, "uniform"),
    "400 stratified": (400, "stratified"),
    "2000 uniform": (2000, "uniform"),
}


def tasks(protocol):
    """Return {name: Task}: for each seed and strategy Algorithm 2 (as in fig2) and 1 (as in patches), and EGL on sampled pools."""
    result = {}
    for seed in seeds(protocol):
        for strategy in STRATEGIES:
            result[fig2.name("all", strategy, seed)] = fig2.task(protocol, "all", strategy, seed)
            chooser = SAME_PATCHES.get(strategy, strategy)
            result[patches.name(chooser, seed)] = patches.task(protocol, chooser, seed)
        default = patches.task(protocol, "egl", seed)
        for variant, (candidates, sampling) in SAMPLED.items():
            selection = default.settings.selection._replace(
                candidates=candidates, sampling=sampling
            )
            settings = default.settings._replace(selection=selection)
            if settings != default.settings:
                settings = settings._replace(keep_weights=())
            result[sampled(protocol, variant, seed)] = Task(default.work, default.store, settings)
    return result


def seeds(protocol):
    """Return the seeds of all strategies: the first ones of Fig. 2."""
    return range(1, min(protocol.seeds, protocol.fig2_seeds) + 1)


def sampled(protocol, variant, seed):
    """Return the name of a run of EGL on a sampled pool; that of `patches` where the protocol samples like that anyway."""
    selection = protocol.patches.selection
    if SAMPLED[variant] == (selection.candidates, selection.sampling):
        return patches.name("egl", seed)
    return "strategies-egl-{}-seed{:02d}".format(variant.replace(" ", "-"), seed)


def section(results):
    """Return the Section, or None where no other strategy than EGL and random choice has a whole seed."""
    asked = seeds(results.protocol)
    found = {
        strategy: results.seeds(asked, lambda seed, s=strategy: fig2.name("all", s, seed))
        for strategy in STRATEGIES
    }
    whole = [
        seed for seed in asked if all(seed in found[strategy] for strategy in ("egl", "random"))
    ]
    found = {strategy: [seed for seed in of if seed in whole] for strategy, of in found.items()}
    found = {strategy: of for strategy, of in found.items() if of}
    if not set(found) - {"egl", "random"}:
        return None
    measured = {strategy: _measure(results, strategy, of) for strategy, of in found.items()}
    _write(results, found, measured)
    text = [
        "Every strategy chooses images and patches in Algorithm 2 as in Fig. 2 (pool with healthy images; EGL and random choice are there "
        f"in {len(whole)} of {len(asked)} seeds), and patches in Algorithm 1. All begin with the same weights, images and batches in a "
        "seed. Mean F is the area under the F curve from the first choice on. Of Algorithm 1 stand here its mean F and the labelled "
        f"patches when F first reaches {ENOUGH}, in the seeds in which it does; all else is of Algorithm 2. A query's seconds are what "
        "choosing took on one core in the fastest seed, a committee's training included. Each interval is of one strategy alone: of "
        "a dozen, one may lie just beside 0 by chance.",
        "With two classes least confidence, margin and entropy choose the same patches; a bag is a matter of images, so patches are EGL's.",
    ]
    tables = [_table(results, found, measured)]
    sampling = _sampling(results, asked)
    return Section(
        "Other strategies",
        text,
        [_draw(results, measured)],
        tables + ([sampling] if sampling else []),
        files=("strategies.csv",),
    )


def _measure(results, strategy, of):
    start = results.protocol.images.selection.initial_iterations
    areas = {
        arm: area(
            *curves(results, [fig2.name("all", arm, seed) for seed in of], "f_measure"), start
        )
        for arm in (strategy, "random", "egl")
    }
    runs = [fig2.name("all", strategy, seed) for seed in of]
    by_patch, labels, random_labels = _by_patch(results, SAME_PATCHES.get(strategy, strategy))
    return {
        "mean": areas[strategy],
        "random": areas[strategy] - areas["random"],
        "egl": areas[strategy] - areas["egl"],
        "by_patch": by_patch,
        "labels": labels,
        "more_labels": labels - random_labels,
        "seconds": _seconds(results, runs, start),
        "broken": one_class(results, runs),
    }


def _seconds(results, runs, initial):
    """Return the mean seconds a query round took in the fastest of the runs (other work only adds), "" where none tells."""
    metrics = [each for each in map(results.metrics, runs) if "seconds_choosing" in each]
    took = [each["seconds_choosing"] / max(1, each["rounds"] - initial) for each in metrics]
    return f"{min(took):.1f}" if took else ""


def _by_patch(results, chooser):
    """Return what patches chosen alone (Algorithm 1) reach in each seed that has random choice too: three arrays (seeds,).

    Mean F less random choice's, and the labelled patches when F first reaches ENOUGH (nan: never), of this and of random choice.
    """
    arms = (chooser, "random")
    of = results.seeds(seeds(results.protocol), *(partial(patches.name, arm) for arm in arms))
    if not of:
        return np.empty((3, 0))
    runs = {arm: [patches.name(arm, seed) for seed in of] for arm in arms}
    f = {arm: curves(results, names, "f_measure") for arm, names in runs.items()}
    areas = {
        arm: area(*pair, results.protocol.patches.selection.initial_iterations)
        for arm, pair in f.items()
    }
    labels = {
        arm: first_at(curves(results, names, "n_labelled")[1], f[arm][1], ENOUGH)
        for arm, names in runs.items()
    }
    return areas[chooser] - areas["random"], labels[chooser], labels["random"]


def _write(results, found, measured):
    """Write strategies.csv; a cell is empty where there is no seed, a half width where there is but one."""
    columns = {
        "mean": "mean_f",
        "random": "minus_random",
        "egl": "minus_egl",
        "by_patch": "patches_minus_random",
        "labels": "labels",
        "more_labels": "labels_minus_random",
    }
    rows = []
    for strategy, each in measured.items():
        values = [_known(each[key]) for key in columns]
        numbers = [x for of in values for x in (interval(of) if len(of) else (np.nan, np.nan))]
        rows.append(
            [strategy, len(found[strategy]), *("" if np.isnan(x) else f"{x:.6g}" for x in numbers)]
        )
    header = [column + part for column in columns.values() for part in ("", "_half_width")]
    write_csv(results.file("strategies.csv"), ("strategy", "seeds", *header), rows)


def _table(results, found, measured):
    rows = []
    for strategy, each in sorted(measured.items(), key=lambda item: -item[1]["mean"].mean()):
        differences = [
            "" if strategy == other else mean_text(each[other]) for other in ("random", "egl")
        ]
        broken = f"{each['broken']} of {len(found[strategy])}"
        by_patch = (
            "" if strategy == "random" or not len(each["by_patch"]) else mean_text(each["by_patch"])
        )
        row = [
            plots.label(strategy),
            mean_text(each["mean"]),
            *differences,
            broken,
            each["seconds"],
        ]
        rows.append([*row, by_patch, *_labels(strategy, each)])
    header = ("strategy", "mean F", "minus random", "minus EGL", "broken down", "seconds a query")
    header += (
        "patches: mean F minus random",
        f"patches: labels to F {ENOUGH}",
        "labels minus random",
    )
    return Table("Strategies, by mean F; differences are within seeds", header, rows)


def _labels(strategy, each):
    """Return [labels to ENOUGH, how many more than random choice] as text."""
    labels, more = _known(each["labels"]), _known(each["more_labels"])
    if not len(each["labels"]):
        return ["", ""]
    words = f"{len(labels)} of {len(each['labels'])} seeds"
    if not len(labels):
        return [f"not reached ({words})", ""]
    return [
        f"{labels.mean():.0f} ({words})",
        "" if strategy == "random" or not len(more) else mean_text(more, 0),
    ]


def _known(values):
    return values[~np.isnan(values)]


def _sampling(results, asked):
    whole = [
        seed
        for seed in asked
        if results.finished(*(sampled(results.protocol, variant, seed) for variant in SAMPLED))
    ]
    if not whole:
        return None
    runs = {
        variant: [sampled(results.protocol, variant, seed) for seed in whole] for variant in SAMPLED
    }
    areas = {variant: area(*curves(results, names, "f_measure")) for variant, names in runs.items()}
    last = {
        variant: curves(results, names, "f_measure")[1][:, -1] for variant, names in runs.items()
    }
    initial = results.protocol.patches.selection.initial_iterations
    rows = [
        [
            variant,
            mean_text(areas[variant]),
            "" if variant == "400 uniform" else mean_text(areas[variant] - areas["400 uniform"]),
        ]
        + [mean_text(last[variant]), _seconds(results, names, initial)]
        for variant, names in runs.items()
    ]
    header = ("patches scored a round", "mean F", "minus 400 uniform", "last F", "seconds a query")
    caption = f"EGL on a sample of the pool, Algorithm 1, {len(whole)} of {len(asked)} seeds; stratified: as many from each image"
    return Table(caption, header, rows)


def _draw(results, measured):
    order = sorted(measured, key=lambda strategy: -measured[strategy]["mean"].mean())
    panels = (
        ("random", "images and patches (Algorithm 2)"),
        ("by_patch", "patches alone (Algorithm 1)"),
    )
    with plots.figure(
        results.file("strategies.png"), 2, width=5, height=0.9 + 0.36 * len(order), sharey=True
    ) as (_, axes):
        for axis, (key, title) in zip(axes[0], panels):
            for place, strategy in enumerate(order):
                values = measured[strategy][key]
                if len(values):
                    axis.plot(values, np.full(len(values), place), ".", color="0.6", markersize=5)
                    plots.dot(axis, values, place, color=plots.colour(strategy))
            axis.axvline(0, color="0.3", linewidth=0.8)
            axis.locator_params(axis="x", nbins=7)
            plots.finish(axis, title, "mean F minus that of random choice, same seed")
        axis.set_yticks(range(len(order)))
        axis.set_yticklabels([plots.label(strategy) for strategy in order])
        axis.invert_yaxis()
    return Figure(
        "strategies.png",
        "Mean and 95% t-interval over seeds; grey dots: seeds. Right of the line: ahead of random choice.",
    )
