"""Many runs: egl reproduce, report, compare."""

import argparse
import os
import sys
from typing import Any, Optional, Tuple

from data_prep.outputs import check_new_file
from data_prep.settings import not_known
from experiments.commands.parsing import (
    add_command,
    add_device,
    device_of,
    modules_from_here,
    number,
)
from experiments.commands.paths import check_input, shared_path
from experiments.processes import BadInput

_SIZES = {
    "quick": "minutes: few seeds, batches and patches; the default without --data",
    "standard": "many hours on 2 cores for IDRiD at half size: the paper's store, a random "
    "part of the patches scored; the default with --data",
    "full": "the paper's own protocol, every patch scored: days on 2 cores",
}


def add_reproduce(commands: Any) -> None:
    """`egl reproduce`."""
    from experiments.paper import FURTHER, NAMES
    from experiments.protocols import PROTOCOLS
    from experiments.setups import SETUPS

    parser = add_command(
        commands,
        "reproduce",
        _reproduce,
        "the paper's experiments, from photographs to a report",
        "Run the paper's experiments and write OUT/report.html, with a verdict on each of its "
        "claims. Without --data they run on phantoms. Finished runs are not repeated; rerun an "
        "interrupted command to resume it.",
    )
    parser.add_argument(
        "--data",
        metavar="FOLDER",
        type=shared_path,
        help="a data set, as for egl prepare; without one: phantoms",
    )
    parser.add_argument(
        "--out",
        metavar="OUT",
        type=shared_path,
        default="results",
        help="folder for everything that is made",
    )
    size = parser.add_mutually_exclusive_group()
    for name, text in _SIZES.items():
        size.add_argument("--" + name, dest="protocol", action="store_const", const=name, help=text)
    parser.add_argument(
        "--only",
        metavar="NAME,...",
        help=f"only these experiments, of {', '.join(NAMES + FURTHER)}, or package.module of your "
        f"own; all: all but {', '.join(FURTHER)} (default: all; "
        f"quick: {', '.join(PROTOCOLS['quick'].experiments)})",
    )
    parser.add_argument(
        "--strategies",
        metavar="NAME,...",
        help="further strategies in fig2, patches and labels: names of docs/strategies.md, or "
        "module:Class",
    )
    seeds = (f"{each.name} {each.seeds}, in fig2 {each.fig2_seeds}" for each in PROTOCOLS.values())
    positive = number(int, low=1)
    parser.add_argument(
        "--seeds",
        type=positive,
        metavar="N",
        help=f"seeds where seeds are compared; default: {', '.join(seeds)}",
    )
    parser.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        default=len(os.sched_getaffinity(0)),
        help="runs at a time, one core each",
    )
    parser.add_argument(
        "--setups",
        metavar="NAME,...",
        help=f"set-ups of SGD, of {', '.join(SETUPS)}; under the last, which is the paper's own "
        "without momentum and decay, a part of the experiments is run "
        "(default: all; quick: calibrated)",
    )
    parser.add_argument(
        "--one-commit",
        action="store_true",
        help="throw away runs in OUT that were made by other code than this commit",
    )
    parser.add_argument("--scale", type=number(float), default=1.0, help="as for egl prepare")
    parser.add_argument(
        "--mask-threshold",
        type=number(int),
        default=0,
        metavar="VALUE",
        help="as for egl prepare",
    )
    parser.add_argument("--skip-bad", action="store_true", help="as for egl prepare")
    add_device(parser)
    _add_published(parser)


def _reproduce(options: argparse.Namespace) -> int:
    from egl.nets.runtime import import_caffe
    from experiments.reproduce import reproduce
    from experiments.request import Request

    only, strategies = _names(options.only), _strategies(options.strategies)
    published = _published(options)
    import_caffe()  # before phantoms are drawn: that takes a minute
    request = Request(
        source=options.data,
        protocol=options.protocol or ("standard" if options.data else "quick"),
        only=only,
        strategies=strategies,
        seeds=options.seeds,
        setups=_setups(options.setups),
        scale=options.scale,
        mask_threshold=options.mask_threshold,
        device=device_of(options),
    )
    path, failed = reproduce(
        request,
        options.out,
        options.jobs,
        options.skip_bad,
        published,
        options.one_commit,
    )
    for line in failed:
        print(f"egl: {line}", file=sys.stderr)
    print(f"report: {os.path.abspath(path)}")
    return 1 if failed else 0


def add_report(commands: Any) -> None:
    """`egl report`."""
    parser = add_command(
        commands,
        "report",
        _report,
        "redraw the report of egl reproduce, without training",
        "Redraw OUT/report.html, its figures and CSVs from the finished runs in OUT.",
    )
    parser.add_argument("out", metavar="OUT", type=shared_path, help="folder of egl reproduce")
    parser.add_argument(
        "--markdown",
        metavar="FILE.md",
        type=shared_path,
        help="also write the results as Markdown, with a folder FILE/ for its figures and CSVs",
    )
    _add_published(parser)


def _report(options: argparse.Namespace) -> int:
    from experiments.reproduce import report

    if options.markdown is not None:
        if not options.markdown.endswith(".md"):
            raise BadInput(f"--markdown {options.markdown}: give a name that ends in .md")
        check_new_file(options.markdown, "--markdown")
    path, damaged = report(options.out, _published(options), options.markdown)
    if damaged:
        more = f" (and {len(damaged) - 1} more, see the report)" if len(damaged) > 1 else ""
        print(f"egl: left out of the report: {damaged[0]}{more}", file=sys.stderr)
    print(f"report: {os.path.abspath(path)}")
    return 1 if damaged else 0


def add_compare(commands: Any) -> None:
    """`egl compare`."""
    parser = add_command(
        commands,
        "compare",
        _compare,
        "the curves of any finished runs side by side, paired by seed",
        "Compare finished runs of egl train and egl select on one store. Runs that differ only in "
        "the seed are one arm; arms are compared seed by seed, with intervals. Prints a table and "
        "leaves it in OUT, with the curves as a picture and every number as CSV.",
    )
    parser.add_argument(
        "runs", metavar="RUN", nargs="+", type=shared_path, help="folder of a finished run"
    )
    parser.add_argument(
        "--out", metavar="OUT", type=shared_path, required=True, help="folder to write to"
    )


def _compare(options: argparse.Namespace) -> None:
    from experiments.compare import compare

    print(compare(options.runs, options.out))
    print(f"wrote {options.out}")


def _add_published(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--published",
        metavar="PATH",
        type=shared_path,
        help="curves digitised from the paper's Fig. 2 and 3, to lay over ours: a CSV file or a "
        "folder of them (docs/published-curves.md); kept in OUT for the next report",
    )


def _published(options: argparse.Namespace) -> Any:
    from experiments.published import read_curves

    if options.published is None:
        return None
    check_input(options.published)
    return read_curves(options.published)


def _names(text: Optional[str]) -> Tuple[str, ...]:
    """Return the experiments named in `text`, with commas between them; none for None."""
    from experiments.paper import FURTHER, NAMES, experiment

    if text is None:
        return ()
    if text == "all":
        return NAMES
    names = tuple(text.split(","))
    modules_from_here(names)
    for name in names:
        if "." not in name and name not in NAMES + FURTHER:
            raise BadInput(not_known("--only", name, NAMES + FURTHER))
        experiment(name)  # raises EglError for a module that is no experiment
    return names


def _setups(text: Optional[str]) -> Tuple[str, ...]:
    """Return the set-ups named in `text`, in the order in which they run; none for None."""
    from experiments.setups import SETUPS

    names = text.split(",") if text else []
    for name in names:
        if name not in SETUPS:
            raise BadInput(not_known("--setups", name, SETUPS))
    return tuple(name for name in SETUPS if name in names)


def _strategies(text: Optional[str]) -> Tuple[str, ...]:
    """Return the strategies named in `text`, none for None; egl and random are there anyway."""
    from egl.strategies.registry import find_strategy

    names = tuple(dict.fromkeys(text.split(","))) if text else ()
    modules_from_here(names)
    for name in names:
        find_strategy(name)
    return tuple(name for name in names if name not in ("egl", "random"))
