"""Photographs without labels, and the models that look at them: egl model, index, rank, predict."""

import argparse
import contextlib
import os
from typing import Any

from data_prep.outputs import make_folder
from experiments.commands.options import add_settings, settings_from
from experiments.commands.parsing import add_command, add_device, device_of, number
from experiments.commands.paths import shared_path
from experiments.commands.pools import (
    add_executor_options,
    add_model_option,
    add_out_folder,
    add_pool_and_model,
    executor_of,
    print_listed,
)
from experiments.commands.progress import progress_bar


def add_model(commands: Any) -> None:
    """`egl model`."""
    parser = add_command(
        commands,
        "model",
        _model,
        "a finished run -> a model: one folder to keep and to give away",
        "Make a folder in the form of Caffe's Model Zoo from a finished run of egl train or "
        "select: weights, nets, normalisation, and the threshold that gave the highest F-measure "
        "on the validation samples. Commands with --model take a run or a model.",
    )
    parser.add_argument("run_folder", metavar="RUN", type=shared_path, help="a finished run")
    parser.add_argument(
        "--out", metavar="MODEL", type=shared_path, required=True, help="folder to make"
    )
    parser.add_argument("--name", help="the model's name; not given: the run's")
    parser.add_argument("--licence", help="of the weights; not given: the data set's")
    parser.add_argument(
        "--field-width",
        type=number(float, low=1),
        metavar="PIXELS",
        help="width of the field of view in the photographs it was trained on; not given: as the "
        "run's store says",
    )


def _model(options: argparse.Namespace) -> None:
    from dataclasses import replace

    from egl.training.model_folder import model_of_run, write_model

    model = model_of_run(options.run_folder, options.field_width)
    given = {name: getattr(options, name) for name in ("name", "licence")}
    changes = {name: value for name, value in given.items() if value is not None}
    write_model(replace(model, **changes), options.out)
    print(f"threshold {model.threshold:.4f}; field of view {model.field_width:.0f} pixels wide")
    print(f"wrote {options.out}")


def add_index(commands: Any) -> None:
    """`egl index`."""
    from labelling.index_settings import IndexSettings

    parser = add_command(
        commands,
        "index",
        _index,
        "folders of unlabelled photographs -> a pool",
        "Find the photographs in trees of folders (JPEG, PNG, TIFF, DICOM), read each once, and "
        "enter it into POOL: field of view, scale, quality, patient, copies and near-copies. Files "
        "that cannot be used are listed, not fatal. Run it again to go on after an interrupt, or "
        "for new files. Nothing leaves this machine.",
    )
    parser.add_argument(
        "folders", metavar="FOLDER", nargs="+", type=shared_path, help="where photographs lie"
    )
    parser.add_argument(
        "--out",
        metavar="POOL",
        type=shared_path,
        required=True,
        help="the pool to make or to add to",
    )
    add_executor_options(parser)
    add_settings(parser, IndexSettings)


def _index(options: argparse.Namespace) -> None:
    from labelling.index_settings import IndexSettings
    from labelling.indexing import check_input, index
    from labelling.pool import Pool

    settings = settings_from(options, IndexSettings)
    check_input(options.folders, settings)
    with executor_of(options) as (executor, at_once), Pool(options.out, create=True) as pool:
        with progress_bar("indexing", "photograph") as progress:
            done = index(options.folders, pool, settings, executor, at_once, progress)
        photographs = pool.photographs
        print_listed(
            "cannot be used", (f"{row.path}: {_why(row)}" for row in photographs.not_usable())
        )
        print_listed(
            "may name a person: rename it, or remove what its header says, before it is given away",
            (f"{row.path}: {row.warning}" for row in photographs.with_warning()),
        )
        moved = f", {done.moved} found under another name" if done.moved else ""
        print(f"{done.read} photographs read, {done.known} known already{moved}")
        print(f"{photographs.n_usable()} of {len(photographs)} files can be used")
    print(f"wrote {options.out}")


def add_rank(commands: Any) -> None:
    """`egl rank`."""
    from labelling.rank_settings import RankSettings

    parser = add_command(
        commands,
        "rank",
        _rank,
        "a pool -> which photographs to label first, with maps",
        "Score every photograph of POOL that nobody has answered with a model, and write which to "
        "label first: DIR/ranking.csv, and of the first ones overlays, a contact sheet and "
        "DIR/gallery.html to leaf through. Research use; not a medical device.",
    )
    add_pool_and_model(parser)
    add_out_folder(parser)
    add_executor_options(parser)
    add_device(parser)
    add_settings(parser, RankSettings)


def _rank(options: argparse.Namespace) -> None:
    from egl.training.model_folder import read_model
    from labelling.gallery import write_gallery
    from labelling.pool import Pool
    from labelling.rank_settings import RankSettings
    from labelling.ranking import rank, write_ranking
    from labelling.scoring import Job

    settings = settings_from(options, RankSettings)
    settings.check()
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(Pool(options.pool))
        read_model(options.model)
        device = device_of(options)
        executor, at_once = stack.enter_context(executor_of(options))
        make_folder(options.out, "--out")
        if settings.budget:
            pool.budget_minutes = settings.budget + pool.minutes_used
        with progress_bar("ranking", "photograph") as progress:
            done = rank(pool, options.model, settings, executor, at_once, device, progress)
        write_ranking(pool, done.ranking, os.path.join(options.out, "ranking.csv"))
        job = Job(os.path.abspath(options.model), device, settings.stride, settings.seed)
        with progress_bar("drawing", "photograph") as progress:
            write_gallery(
                pool, done.ranking, done.first, job, options.out, executor, at_once, progress
            )
        print_listed("could not be scored", (problem.reason for problem in done.problems))
    print(f"{done.n_ranked} photographs ranked; the first {done.first} are drawn")
    minutes = done.first * done.seconds_each / 60
    print(f"to label these will take about {minutes:.0f} minutes ({done.seconds_each:.0f} s each)")
    print(f"look at {os.path.join(options.out, 'gallery.html')}")


def add_predict(commands: Any) -> None:
    """`egl predict`."""
    from labelling.rank_settings import PredictSettings

    parser = add_command(
        commands,
        "predict",
        _predict,
        "photographs -> masks of exudates that a model suggests",
        "Write for each photograph its map of p(exudate) (16-bit TIFF, 65535 for 1), the mask "
        "above the model's threshold (PNG), and its outline over the photograph; and "
        "DIR/predictions.csv. Research use; not a medical device.",
    )
    parser.add_argument(
        "sources", metavar="POOL|IMAGE", nargs="+", type=shared_path, help="a pool, or photographs"
    )
    add_model_option(parser)
    add_out_folder(parser)
    add_executor_options(parser)
    add_device(parser)
    add_settings(parser, PredictSettings)


def _predict(options: argparse.Namespace) -> None:
    from egl.training.model_folder import read_model
    from labelling.pool import Pool, is_pool
    from labelling.predicting import predict, tasks_of_files, tasks_of_pool
    from labelling.rank_settings import PredictSettings
    from labelling.scoring import Job

    settings = settings_from(options, PredictSettings)
    settings.check()
    model = read_model(options.model)
    device = device_of(options)
    job = Job(os.path.abspath(options.model), device, settings.stride)
    with contextlib.ExitStack() as stack:
        if len(options.sources) == 1 and is_pool(options.sources[0]):
            pool = stack.enter_context(Pool(options.sources[0]))
            tasks, total = tasks_of_pool(pool), pool.photographs.n_usable()
        else:
            found = tasks_of_files(options.sources)
            tasks, total = iter(found), len(found)
        executor, at_once = stack.enter_context(executor_of(options))
        make_folder(options.out, "--out")
        progress = stack.enter_context(progress_bar("predicting", "photograph"))
        problems = predict(
            tasks, total, job, model.threshold, options.out, executor, at_once, progress
        )
    print_listed("could not be predicted", (problem.reason for problem in problems))
    print(f"{total - len(problems)} photographs; threshold {model.threshold:.4f}")
    print(f"wrote {os.path.join(options.out, 'predictions.csv')}")


def _why(row: Any) -> str:
    if row.problem:
        return str(row.problem)
    if row.duplicate_of is not None:
        kind = "a copy" if row.duplicate_kind == "copy" else "nearly a copy"
        return f"{kind} of photograph {row.duplicate_of}"
    return str(row.marks)
