"""Single runs: egl train, select."""

import argparse
import os
from dataclasses import replace
from typing import Any, Dict

from experiments.commands.options import add_settings, settings_from
from experiments.commands.parsing import (
    add_command,
    add_device,
    add_workers,
    device_of,
    modules_from_here,
)
from experiments.commands.paths import shared_path
from experiments.commands.progress import progress_bar
from experiments.processes import run_in_child


def _add_folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "store", metavar="STORE.h5", type=shared_path, help="written by egl prepare"
    )
    parser.add_argument(
        "--out",
        metavar="RUN",
        type=shared_path,
        required=True,
        help="folder of the run; an unfinished run resumes",
    )


def add_train(commands: Any) -> None:
    """`egl train`."""
    from egl.training.settings import FullTrainingSettings

    parser = add_command(
        commands,
        "train",
        _train,
        "train on the whole training split: the baseline",
        "Train LeNet on all training samples of STORE by plain SGD, and evaluate it on the "
        "validation and test samples after each epoch. Leaves RUN/metrics.json, RUN/rounds.csv "
        "and the weights.",
    )
    _add_folders(parser)
    add_device(parser)
    add_settings(parser, FullTrainingSettings)


def _train(options: argparse.Namespace) -> None:
    from egl.training.full_training import train
    from egl.training.settings import FullTrainingSettings

    settings = settings_from(options, FullTrainingSettings)
    settings.check()
    settings = _on_device(settings, options)
    with progress_bar(options.out) as progress:
        arguments = options.store, settings, options.out
        metrics = run_in_child(train, arguments, options.out, progress)
    _print_metrics(metrics, options.out)


def add_select(commands: Any) -> None:
    """`egl select`."""
    from egl.selection.settings import RunSettings

    parser = add_command(
        commands,
        "select",
        _select,
        "train on what EGL, or another strategy, chooses: the paper's Algorithms 1 and 2",
        "Train LeNet from scratch on a few samples of STORE, and choose again and again what to "
        "label next: whole images (Algorithm 2) or patches (Algorithm 1). Leaves RUN/rounds.csv, "
        "a row for each evaluation, and RUN/queries.csv, what was labelled.",
    )
    _add_folders(parser)
    parser.add_argument(
        "--images",
        metavar="FOLDER",
        type=shared_path,
        help="the data set, if it has moved since STORE was made",
    )
    add_workers(parser, "processes that score")
    add_device(parser)
    add_settings(parser, RunSettings)


def _select(options: argparse.Namespace) -> None:
    from egl.selection.run import select
    from egl.selection.settings import RunSettings

    settings = settings_from(options, RunSettings)
    modules_from_here(settings.strategies)
    settings.check()
    settings = _on_device(settings, options)
    with progress_bar(options.out) as progress:
        arguments = options.store, settings, options.out, options.images, options.workers
        metrics = run_in_child(select, arguments, options.out, progress)
    _print_metrics(metrics, options.out)
    if metrics["pool_exhausted"]:
        print("ended early: fewer than k patches were left to choose")


def _on_device(settings: Any, options: argparse.Namespace) -> Any:
    """Return settings with the device of --device, of --settings, or the one that is found."""
    otherwise = settings.trainer.device if options.settings else "auto"
    device = device_of(options, otherwise)
    return replace(settings, trainer=replace(settings.trainer, device=device))


def _print_metrics(metrics: Dict[str, Any], out: str) -> None:
    names = ("f_measure", "sensitivity", "specificity", "accuracy", "auc")
    for split in ("validation", "test"):
        values = metrics[split]
        print(f"{split:<11}" + "  ".join(f"{name} {values[name]:.4f}" for name in names))
    print(f"{metrics['iterations']} iterations; wrote {os.path.join(out, 'metrics.json')}")
    if metrics["diverged"]:
        print(f"{metrics['diverged']}: these are the numbers measured last before")
