"""Every strategy beside EGL and random choice: what it reaches, with how many labels, and what a query costs; and sampling of the pool."""
import numpy as np

from egl.run_folder import write_csv
from egl.strategies import STRATEGIES
from experiments import plots
from experiments.paper import fig2, patches
from experiments.section import Figure, Section, Table
from experiments.statistics import area, curves, interval, mean_text, one_class
from experiments.tasks import Task

ENOUGH = 0.85  # the F whose price in labels is asked
# Strategies that choose patches as another one does: with two classes there is one order of uncertainty, and a bag is for images.
SAME_PATCHES = {"margin": "least-confidence", "entropy": "least-confidence", "bag-egl": "egl", "bag-egl-softmax": "egl"}
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
            selection = default.settings.selection._replace(candidates=candidates, sampling=sampling)
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
    found = {strategy: results.seeds(asked, lambda seed, s=strategy: fig2.name("all", s, seed)) for strategy in STRATEGIES}
    whole = [seed for seed in asked if all(seed in found[strategy] for strategy in ("egl", "random"))]
    found = {strategy: [seed for seed in of if seed in whole] for strategy, of in found.items()}
    found = {strategy: of for strategy, of in found.items() if of}
    if not set(found) - {"egl", "random"}:
        return None
    measured = {strategy: _measure(results, strategy, of) for strategy, of in found.items()}
    columns = [column + part for column in ("mean_f", "minus_random", "minus_egl") for part in ("", "_half_width")]
    rows = [
        [strategy, len(found[strategy]), *(f"{x:.6g}" for key in ("mean", "random", "egl") for x in interval(each[key]))]
        for strategy, each in measured.items()
    ]
    write_csv(results.file("strategies.csv"), ("strategy", "seeds", *columns), rows)
    text = [
        "Every strategy chooses images and patches in Algorithm 2 as in Fig. 2 (pool with healthy images; EGL and random choice are there "
        f"in {len(whole)} of {len(asked)} seeds), and patches in Algorithm 1. All begin with the same weights, images and batches in a "
        "seed. Mean F is the area under the F curve of Algorithm 2 from the first choice on; labels: labelled patches of Algorithm 1 "
        f"when F first reaches {ENOUGH}. A query's seconds are what choosing took on one core in the fastest seed, a "
        "committee's training included.",
        "With two classes least confidence, margin and entropy choose the same patches; a bag is a matter of images, so patches are EGL's.",
    ]
    tables = [_table(results, found, measured)]
    sampling = _sampling(results, asked)
    return Section(
        "Other strategies", text, [_draw(results, measured)], tables + ([sampling] if sampling else []), files=("strategies.csv",)
    )


def _measure(results, strategy, of):
    start = results.protocol.images.selection.initial_iterations
    areas = {
        arm: area(*curves(results, [fig2.name("all", arm, seed) for seed in of], "f_measure"), start) for arm in (strategy, "random", "egl")
    }
    runs = [fig2.name("all", strategy, seed) for seed in of]
    return {
        "mean": areas[strategy],
        "random": areas[strategy] - areas["random"],
        "egl": areas[strategy] - areas["egl"],
        "seconds": _seconds(results, runs, start),
        "broken": one_class(results, runs),
    }


def _seconds(results, runs, initial):
    """Return the mean seconds a query round took in the fastest of the runs (other work only adds), "" where none tells."""
    metrics = [each for each in map(results.metrics, runs) if "seconds_choosing" in each]
    took = [each["seconds_choosing"] / max(1, each["rounds"] - initial) for each in metrics]
    return f"{min(took):.1f}" if took else ""


def _labels(results, strategy):
    """Return in how many labelled patches F first reaches ENOUGH, as text."""
    chooser = SAME_PATCHES.get(strategy, strategy)
    runs = [patches.name(chooser, seed) for seed in results.seeds(seeds(results.protocol), lambda seed: patches.name(chooser, seed))]
    if not runs:
        return ""
    values, labelled = (curves(results, runs, column)[1] for column in ("f_measure", "n_labelled"))
    reached = values >= ENOUGH
    needed = [labels[row.argmax()] for labels, row in zip(labelled, reached) if row.any()]
    words = f"{len(needed)} of {len(runs)} seeds"
    return f"{np.mean(needed):.0f} ({words})" if needed else f"not reached ({words})"


def _table(results, found, measured):
    rows = []
    for strategy, each in sorted(measured.items(), key=lambda item: -item[1]["mean"].mean()):
        differences = ["" if strategy == other else mean_text(each[other]) for other in ("random", "egl")]
        broken = f"{each['broken']} of {len(found[strategy])}"
        rows.append([plots.label(strategy), mean_text(each["mean"]), *differences, broken, _labels(results, strategy), each["seconds"]])
    header = ("strategy", "mean F", "minus random", "minus EGL", "broken down", f"labels to F {ENOUGH}", "seconds a query")
    return Table("Strategies, by mean F; differences are within seeds", header, rows)


def _sampling(results, asked):
    whole = [seed for seed in asked if results.finished(*(sampled(results.protocol, variant, seed) for variant in SAMPLED))]
    if not whole:
        return None
    runs = {variant: [sampled(results.protocol, variant, seed) for seed in whole] for variant in SAMPLED}
    areas = {variant: area(*curves(results, names, "f_measure")) for variant, names in runs.items()}
    last = {variant: curves(results, names, "f_measure")[1][:, -1] for variant, names in runs.items()}
    initial = results.protocol.patches.selection.initial_iterations
    rows = [
        [variant, mean_text(areas[variant]), "" if variant == "400 uniform" else mean_text(areas[variant] - areas["400 uniform"])]
        + [mean_text(last[variant]), _seconds(results, names, initial)]
        for variant, names in runs.items()
    ]
    header = ("patches scored a round", "mean F", "minus 400 uniform", "last F", "seconds a query")
    caption = f"EGL on a sample of the pool, Algorithm 1, {len(whole)} of {len(asked)} seeds; stratified: as many from each image"
    return Table(caption, header, rows)


def _draw(results, measured):
    order = sorted(measured, key=lambda strategy: -measured[strategy]["mean"].mean())
    with plots.figure(results.file("strategies.png"), width=8, height=0.8 + 0.36 * len(order)) as (_, axes):
        axis = axes[0, 0]
        for place, strategy in enumerate(order):
            mean, half = interval(measured[strategy]["random"])
            axis.plot(measured[strategy]["random"], np.full(len(measured[strategy]["random"]), place), ".", color="0.6", markersize=5)
            axis.errorbar(mean, place, xerr=None if np.isnan(half) else half, fmt="o", color=plots.colour(strategy), capsize=3)
        axis.axvline(0, color="0.3", linewidth=0.8)
        axis.set_yticks(range(len(order)))
        axis.set_yticklabels([plots.label(strategy) for strategy in order])
        axis.invert_yaxis()
        plots.finish(axis, "", "mean F minus that of random choice, same seed")
    return Figure("strategies.png", "Mean and 95% t-interval over seeds; grey dots: seeds. Right of the line: ahead of random choice.")
