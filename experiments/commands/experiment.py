"""The paper's experiments as a whole: egl reproduce, report."""

import os
import sys

from experiments.child import BadInput
from experiments.commands.options import add_command, add_device, device_of


def add_reproduce(commands):
    """`egl reproduce`."""
    from experiments.paper import FURTHER, NAMES
    from experiments.protocols import PROTOCOLS

    parser = add_command(
        commands, "reproduce", _reproduce, "the paper's experiments, from photographs to a report",
        "Run the paper's experiments and write OUT/report.html, with a verdict on each of its claims. Without --data they run on phantoms. "
        "Finished runs are not run again; an interrupted command goes on when it is given again.",
    )  # fmt: skip
    parser.add_argument(
        "--data", metavar="FOLDER", help="a data set, as for egl prepare; without one: phantoms"
    )
    parser.add_argument(
        "--out", metavar="OUT", default="results", help="folder for everything that is made"
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--quick",
        dest="protocol",
        action="store_const",
        const="quick",
        help="minutes: few seeds, batches and patches; the default without --data",
    )
    size.add_argument(
        "--standard",
        dest="protocol",
        action="store_const",
        const="standard",
        help="about two hours on 2 cores for IDRiD at half size: the paper's store, a random part of the patches scored; the default with --data",
    )
    size.add_argument(
        "--full",
        dest="protocol",
        action="store_const",
        const="full",
        help="the paper's own protocol, every patch scored: days on 2 cores",
    )
    parser.add_argument(
        "--only",
        metavar="NAME,...",
        help="these experiments alone, of {}; by default all but {}".format(
            ", ".join(NAMES + FURTHER), ", ".join(FURTHER)
        ),
    )
    parser.add_argument(
        "--strategies",
        metavar="NAME,...",
        help="further strategies in fig2, patches and labels (docs/strategies.md)",
    )
    parser.add_argument(
        "--seeds",
        type=int,
        metavar="N",
        help="seeds where seeds are compared; default: {}".format(
            ", ".join(f"{p.name} {p.seeds}, in fig2 {p.fig2_seeds}" for p in PROTOCOLS.values())
        ),
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=len(os.sched_getaffinity(0)),
        help="runs at a time, one core each",
    )
    parser.add_argument(
        "--momentum",
        type=float,
        help="as for egl select, in every run; the paper's equation has none: 0",
    )
    parser.add_argument(
        "--weight-decay",
        type=float,
        help="as for egl select, in every run; the paper's equation has none: 0",
    )
    parser.add_argument("--scale", type=float, default=1.0, help="as for egl prepare")
    parser.add_argument("--skip-bad", action="store_true", help="as for egl prepare")
    add_device(parser)
    _add_published(parser)


def _reproduce(options):
    from experiments.reproduce import Request, reproduce

    if options.jobs < 1 or (options.seeds is not None and options.seeds < 1):
        raise BadInput("--jobs and --seeds must be at least 1")
    request = Request(
        source=options.data,
        protocol=options.protocol or ("standard" if options.data else "quick"),
        only=_names(options.only),
        strategies=_strategies(options.strategies),
        seeds=options.seeds,
        momentum=options.momentum,
        weight_decay=options.weight_decay,
        scale=options.scale,
        device=device_of(options),
    )
    path, failed = reproduce(
        request, options.out, options.jobs, options.skip_bad, _published(options)
    )
    for line in failed:
        print("egl: " + line, file=sys.stderr)
    print(f"report: {os.path.abspath(path)}")
    return 1 if failed else 0


def add_report(commands):
    """`egl report`."""
    parser = add_command(
        commands, "report", _report, "draw the report of egl reproduce again, without training",
        "Draw OUT/report.html, its figures and CSVs again from the runs that are finished in OUT.",
    )  # fmt: skip
    parser.add_argument("out", metavar="OUT", help="folder of egl reproduce")
    parser.add_argument(
        "--markdown",
        metavar="FILE.md",
        help="also write the results as Markdown, with a folder FILE/ for its figures and CSVs",
    )
    _add_published(parser)


def _report(options):
    from experiments.reproduce import report

    if options.markdown and not options.markdown.endswith(".md"):
        raise BadInput(f"{options.markdown}: give a name that ends in .md")
    print(f"report: {os.path.abspath(report(options.out, _published(options), options.markdown))}")


def _add_published(parser):
    parser.add_argument(
        "--published",
        metavar="FILE.csv",
        help="curves read off the paper's Fig. 2, drawn into ours: columns batch,metric,strategy,value (docs/files.md)",
    )


def _published(options):
    from experiments.published import read_curves

    return read_curves(options.published) if options.published else None


def _names(text):
    """Return the experiments named in `text` (comma between them), all of them for None."""
    from experiments.paper import FURTHER, NAMES

    names = tuple(text.split(",")) if text is not None else NAMES
    return _known(names, NAMES + FURTHER, "--only")


def _strategies(text):
    """Return the strategies named in `text`, none for None; EGL and random choice are there anyway."""
    from egl.strategies import STRATEGIES

    names = _known(tuple(text.split(",")), tuple(STRATEGIES), "--strategies") if text else ()
    return tuple(dict.fromkeys(name for name in names if name not in ("egl", "random")))


def _known(names, known, option):
    wrong = [name for name in names if name not in known]
    if wrong:
        raise BadInput(
            f"{option} {wrong[0]!r}: give some of {', '.join(known)}, with commas between them"
        )
    return names
