"""Algorithm 1: patches chosen by EGL or at random, against plain SGD on everything (claim C2)."""

from dataclasses import replace
from functools import partial
from typing import Tuple

from egl.training.settings import FullTrainingSettings
from experiments import plots, work
from experiments.claims import by_interval
from experiments.curves import heights, interval, means, paired, scores, stacked, where
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Task, Tasks, Verdicts
from experiments.tasks import with_trainer

FRACTIONS = (0.125, 0.25, 0.5, 1)  # of all batches: columns of the table


def name(arm: str, seed: int) -> str:
    """Return the name of an arm's run."""
    return f"patches-{arm}-seed{seed:02d}"


def tasks(protocol: Protocol) -> Tasks:
    """Return the runs of each seed: EGL, random choice, and plain SGD for as many iterations."""
    result, iterations = {}, protocol.patches.selection.iterations
    plain = FullTrainingSettings(
        stop_early=False, iterations=iterations, evaluate_every=protocol.patches.evaluate_every
    )
    for seed in protocol.run_seeds(protocol.seeds):
        for arm in chosen_by(protocol):
            result[name(arm, seed)] = task(protocol, arm, seed)
        trainer = with_trainer(protocol.patches, seed=seed).trainer
        result[name("sgd", seed)] = Task(work.train, "all", replace(plain, trainer=trainer))
    return result


def chosen_by(protocol: Protocol) -> Tuple[str, ...]:
    """Return the strategies that choose patches: EGL, random, and the protocol's further ones."""
    return ("egl", "random", *protocol.strategies)


def task(protocol: Protocol, strategy: str, seed: int) -> Task:
    """Return the Task of Algorithm 1 by a strategy."""
    weights = kept(protocol) if strategy == "egl" else ()
    settings = with_trainer(protocol.patches, seed=seed)
    return Task(work.select, "all", replace(settings, strategy=strategy, keep_weights=weights))


def kept(protocol: Protocol) -> Tuple[int, int, int]:
    """Return when the EGL arm keeps its weights: after the initial model, a fifth, and the end."""
    selection = protocol.patches.selection
    first, steps = protocol.patches.initial_iterations, selection.steps
    rounds = -(-(selection.iterations - first) // steps)
    return first, first + max(1, rounds // 5) * steps, first + rounds * steps


def measure(results: Results) -> Tables:
    """Return the tables, over the seeds in which all arms are finished.

    curves: arm, seed, iteration, f_measure, n_labelled; scores, a row a run: arm, seed, last_f,
    labels, broken;
    heights: arm, seed, batch, f
    """
    protocol = results.protocol
    named = {arm: partial(name, arm) for arm in (*chosen_by(protocol), "sgd")}
    curves = results.paired_curves(protocol.run_seeds(protocol.seeds), named)
    if curves.empty:
        return {}
    begun = curves.groupby("arm")["iteration"].min().max()
    end = where(curves, arm="egl")["iteration"].max()
    batches = [round(fraction * end) for fraction in FRACTIONS if round(fraction * end) >= begun]
    tables = {"scores": scores(curves), "heights": heights(curves, batches)}
    return {"curves": curves, "end": end, **tables}


def draw(tables: Tables) -> Figures:
    """Yield F against batches and against labels."""
    curves, sgd = tables["curves"], where(tables["scores"], arm="sgd")
    figure, axes = plots.panels(2, width=6.2)
    by_batches, by_labels = axes[0]
    plots.bands(by_batches, curves, "f_measure", thin=0.6)
    for arm, of_arm in curves[curves["arm"] != "sgd"].groupby("arm", sort=False):
        labels, f = (stacked(of_arm, column)[1] for column in ("n_labelled", "f_measure"))
        plots.band(by_labels, labels.mean(axis=0), f, plots.label(arm), plots.colour(arm))
    label = f"plain SGD, all {sgd['labels'].max():.0f} labels, last F"
    style = {"color": plots.colour("sgd"), "linestyle": "--", "label": label}
    by_labels.axhline(interval(sgd["last_f"])[0], **style)
    words = ("by batches", "batches (SGD iterations)", "F-measure on the test patches")
    plots.finish(by_batches, *words, ylim=(-0.02, 1.02))
    plots.finish(by_labels, "by labels", "labelled patches (mean over seeds)", ylim=(-0.02, 1.02))
    for axis in axes[0]:
        axis.legend(loc="lower left")
    yield "patches.png", figure


def seeds(tables: Tables) -> int:
    """Return how many seeds are behind the verdict."""
    return int(tables["scores"]["seed"].nunique())


def verdict(tables: Tables) -> Verdicts:
    """Return the verdict on C2."""
    f = paired(tables["scores"], "last_f")
    return {"C2": by_interval(*interval(f["egl"] - f["sgd"]))}


def csvs(tables: Tables) -> Csvs:
    """Return what the figure shows."""
    labels = means(tables["curves"], ["arm"], ["n_labelled"])["mean"]
    table = means(tables["curves"], ["arm"], ["f_measure"]).assign(labelled_patches=labels)
    table = table.rename(columns={"iteration": "batch", "mean": "f_measure"})
    columns = ["arm", "batch", "labelled_patches", "f_measure", "low", "high", "seeds"]
    return {"patches.csv": table[columns]}
