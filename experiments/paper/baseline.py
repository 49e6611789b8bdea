"""Plain SGD on all labels: loss and accuracy over time, and what the net can do in the end."""

from typing import Any, Optional

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from egl.training.settings import FullTrainingSettings
from experiments import plots, work
from experiments.bootstrap import RESAMPLES
from experiments.comparison import TestPatches
from experiments.curves import where
from experiments.frame import Csvs, Figures, Protocol, Results, Tables, Task, Tasks
from experiments.tasks import with_trainer

KEPT = (30, 100, 300, 1000, 3000, 10000)  # iterations whose weights are kept, for Fig. 3
COLUMNS = [
    "iteration", "train_loss", "val_loss", "val_accuracy",
    "f_measure", "sensitivity", "specificity", "accuracy", "auc",
]  # fmt: skip
RULE, END = "stopping rule", "end"


def name(seed: int) -> str:
    """Return the name of a seed's run."""
    return f"baseline-seed{seed:02d}"


def tasks(protocol: Protocol) -> Tasks:
    """Return the runs, one a seed. The paper's stopping rule is noted, and does not end a run."""
    result = {}
    for seed in protocol.run_seeds(protocol.baseline_seeds):
        trainer = with_trainer(protocol.images, seed=seed).trainer
        settings = FullTrainingSettings(
            trainer, protocol.epochs, stop_early=False, keep_weights=KEPT
        )
        result[name(seed)] = Task(work.train, "all", settings)
    return result


def measure(results: Results) -> Tables:
    """Return the tables of the finished seeds.

    epochs: seed, epoch, COLUMNS; runs, a row a seed: seed, epochs, rule (epoch after which it says
    stop, or None), diverged (words, or None); tested: seed, moment, epoch, metric, value, low, high
    (95% bootstrap over patients)
    """
    seeds = results.seeds(results.protocol.run_seeds(results.protocol.baseline_seeds), name)
    if not seeds:
        return {}
    epochs, runs = [], []
    for seed in seeds:
        rounds, metrics = results.rounds(name(seed)), results.metrics(name(seed))
        numbers = np.arange(1, len(rounds) + 1)
        epochs.append(rounds.sort_values("iteration")[COLUMNS].assign(seed=seed, epoch=numbers))
        rule = metrics["stopping_rule_epoch"] or None
        diverged = metrics["diverged"] or None
        runs.append({"seed": seed, "epochs": len(rounds), "rule": rule, "diverged": diverged})
    store = results.stores["all"]
    samples = {split: len(store.samples(split)) for split in ("train", "validation", "test")}
    patches = TestPatches(store)
    tables = {"epochs": pd.concat(epochs, ignore_index=True), "runs": runs, "samples": samples}
    tables.update(patients=patches.n_patients, resamples=RESAMPLES)
    return {**tables, "tested": _test(results, runs, patches)}


def _test(results: Results, runs: Any, patches: TestPatches) -> pd.DataFrame:
    rows = []
    for run in runs:
        p = results.predictions(name(run["seed"]))["test"]
        for moment, epoch in ((RULE, run["rule"]), (END, run["epochs"])):
            if epoch is not None:
                cases = patches.count({"test": p[epoch - 1]}, threshold=0.5)
                for metric, numbers in patches.intervals(cases).items():
                    rows.append((run["seed"], moment, epoch, metric, *numbers))
    columns = ["seed", "moment", "epoch", "metric", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def draw(tables: Tables) -> Figures:
    """Yield the losses, the validation accuracy and F by epoch."""
    figure, axes = plots.panels(3, width=4.8)
    loss, accuracy, f_measure = axes[0]
    for number, run in enumerate(tables["runs"]):
        epochs, colour = where(tables["epochs"], seed=run["seed"]), plots.CYCLE[number % 8]
        _line(loss, epochs["train_loss"], run["rule"], color=colour)
        _line(loss, epochs["val_loss"], run["rule"], color=colour, linestyle="--")
        label = f"seed {run['seed']}"
        _line(accuracy, epochs["val_accuracy"], run["rule"], color=colour, label=label)
        _line(f_measure, epochs["f_measure"], run["rule"], color=colour)
    # One entry a meaning: the style of a loss in grey, since its colour is the seed's.
    loss.plot([], [], "-", color="dimgray", label="training, mean over the epoch")
    loss.plot([], [], "--", color="dimgray", label="validation, after the epoch")
    accuracy.plot([], [], "o", color="dimgray", label="stopping rule")
    _log_scale(loss)
    loss.legend()
    accuracy.legend()
    plots.finish(loss, "Loss", "epoch", "cross-entropy (log scale)")
    plots.finish(accuracy, "Validation accuracy", "epoch", "accuracy")
    plots.finish(f_measure, "Test F-measure", "epoch", "F-measure", plots.SHARE)
    for axis in axes[0]:
        axis.xaxis.get_major_locator().set_params(integer=True)
    yield "baseline.png", figure


def _line(axis: Axes, values: pd.Series, rule: Optional[int], **style: Any) -> None:
    axis.plot(np.arange(1, len(values) + 1), values, **style)
    if rule:
        axis.plot(rule, values.iloc[rule - 1], "o", color=style["color"])


def _log_scale(axis: Axes) -> None:
    """Mark a logarithmic axis with plain numbers: 0.1, 0.2, 0.5, 1."""
    axis.set_yscale("log")
    axis.yaxis.get_major_locator().set_params(subs=(1, 2, 5))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter("")


def csvs(tables: Tables) -> Csvs:
    """Return the curves, and the test with its intervals."""
    return {
        "baseline.csv": tables["epochs"][["seed", "epoch", *COLUMNS]],
        "baseline-test.csv": tables["tested"].drop(columns="epoch"),
    }
