"""What the commands on pools share: options, the executor, and lists that do not get too long."""

import argparse
from contextlib import contextmanager
from typing import Any, Iterator

from experiments.commands.parsing import add_workers
from experiments.commands.paths import shared_path
from experiments.processes import Failure

MOST_LISTED = 20  # lines of one kind that a command prints; all are in the pool


def add_model_option(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """Add --model."""
    parser.add_argument(
        "--model",
        metavar="RUN|MODEL",
        type=shared_path,
        required=required,
        help="a model folder, or the folder of a finished run",
    )


def add_pool(parser: argparse.ArgumentParser) -> None:
    """Add the argument POOL."""
    parser.add_argument("pool", metavar="POOL", type=shared_path, help="written by egl index")


def add_pool_and_model(parser: argparse.ArgumentParser) -> None:
    """Add the argument POOL, and --model."""
    add_pool(parser)
    add_model_option(parser)


def add_out_folder(parser: argparse.ArgumentParser) -> None:
    """Add --out, a folder."""
    parser.add_argument(
        "--out", metavar="DIR", type=shared_path, required=True, help="folder to write into"
    )


def add_executor_options(parser: argparse.ArgumentParser) -> None:
    """Add --workers and --scheduler, which executor_of reads."""
    add_workers(parser, "processes")
    parser.add_argument(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="a Dask scheduler, whose workers are used instead; they must see the photographs "
        "under the same paths",
    )


def add_sources(parser: argparse.ArgumentParser) -> None:
    """Add --with, as `sources`."""
    parser.add_argument(
        "--with",
        dest="sources",
        metavar="SOURCE",
        nargs="+",
        type=shared_path,
        default=[],
        help="data sets to learn from as well, so that what is known is not forgotten",
    )


@contextmanager
def executor_of(options: argparse.Namespace) -> Iterator[Any]:
    """Yield (executor, tasks at once) as --workers and --scheduler ask; Failure if one is lost."""
    from labelling.executors import LostWorker, executor_for

    try:
        with executor_for(options.workers, options.scheduler) as executor:
            yield executor
    except LostWorker as error:
        raise Failure(str(error)) from error


def print_listed(title: str, lines: Iterator[str]) -> None:
    """Print some lines under their title, and how many there are."""
    count = 0
    for count, line in enumerate(lines, start=1):
        if count <= MOST_LISTED:
            print(f"  {line}")
    if count:
        more = f" ({count - MOST_LISTED} more)" if count > MOST_LISTED else ""
        print(f"{count} {title}{more}")
