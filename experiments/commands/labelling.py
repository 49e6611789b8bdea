"""Photographs without labels, and the models that look at them: egl model, index."""

import argparse
from contextlib import contextmanager
from typing import Any, Callable, Iterator

from tqdm import tqdm

from experiments.commands.options import add_settings, settings_from
from experiments.commands.parsing import add_command, number
from experiments.commands.paths import shared_path
from experiments.processes import Failure

MOST_LISTED = 20  # lines of one kind that a command prints; all are in the pool


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
    _add_workers(parser)
    add_settings(parser, IndexSettings)


def _index(options: argparse.Namespace) -> None:
    from labelling.index_settings import IndexSettings
    from labelling.indexing import index
    from labelling.pool import Pool

    settings = settings_from(options, IndexSettings)
    settings.check()
    with Pool(options.out, create=True) as pool:
        with _executor(options) as (executor, at_once), _bar("indexing", "photograph") as progress:
            done = index(options.folders, pool, settings, executor, at_once, progress)
        photographs = pool.photographs
        _list("cannot be used", (f"{row.path}: {_why(row)}" for row in photographs.not_usable()))
        _list(
            "may name a person: rename it, or remove what its header says, before it is given away",
            (f"{row.path}: {row.warning}" for row in photographs.with_warning()),
        )
        moved = f", {done.moved} found under another name" if done.moved else ""
        print(f"{done.read} photographs read, {done.known} known already{moved}")
        print(f"{photographs.n_usable()} of {len(photographs)} files can be used")
    print(f"wrote {options.out}")


def _why(row: Any) -> str:
    if row.problem:
        return str(row.problem)
    if row.duplicate_of is not None:
        kind = "a copy" if row.duplicate_kind == "copy" else "nearly a copy"
        return f"{kind} of photograph {row.duplicate_of}"
    return str(row.marks)


def _list(title: str, lines: Iterator[str]) -> None:
    """Print some lines under their title, and how many there are."""
    count = 0
    for count, line in enumerate(lines, start=1):
        if count <= MOST_LISTED:
            print(f"  {line}")
    if count:
        more = f" ({count - MOST_LISTED} more)" if count > MOST_LISTED else ""
        print(f"{count} {title}{more}")


def _add_workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workers",
        type=number(int, low=1),
        default=1,
        metavar="N",
        help="processes; the results are the same for any number",
    )
    parser.add_argument(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="a Dask scheduler, whose workers are used instead; they must see the photographs "
        "under the same paths",
    )


@contextmanager
def _executor(options: argparse.Namespace) -> Iterator[Any]:
    from labelling.executors import LostWorker, executor_for

    try:
        with executor_for(options.workers, options.scheduler) as executor:
            yield executor
    except LostWorker as error:
        raise Failure(str(error)) from error


@contextmanager
def _bar(description: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Yield progress(done, total), which draws a bar with the time that is left, on a terminal."""
    with tqdm(desc=description, unit=unit, disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
