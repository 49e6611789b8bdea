"""What Caffe's own log says: egl plot-log."""

import argparse
import os
from typing import Any

from experiments.commands.parsing import add_command
from experiments.commands.paths import shared_path
from experiments.processes import BadInput


def add_plot_log(commands: Any) -> None:
    """`egl plot-log`."""
    parser = add_command(
        commands,
        "plot-log",
        _plot_log,
        "draw the loss and accuracy in logs of Caffe",
        "Read what Caffe's solver has said about its iterations and tests, in what `caffe train` "
        "writes to standard error or in a run's log.txt. Draws it, and writes the numbers as a CSV "
        "of the same name.",
    )
    parser.add_argument(
        "logs", metavar="LOG", nargs="+", type=shared_path, help="a log, or the folder of a run"
    )
    parser.add_argument(
        "--out",
        metavar="FILE.png",
        type=shared_path,
        default="log.png",
        help="the picture; beside it comes FILE.csv",
    )


def _plot_log(options: argparse.Namespace) -> None:
    from data_prep.files import write_text
    from data_prep.outputs import check_new_file
    from experiments.log_figure import log_figure, log_table
    from experiments.plots import save

    stem, extension = os.path.splitext(options.out)
    if extension.lower() != ".png":
        raise BadInput(f"--out {options.out}: give a name that ends in .png")
    check_new_file(options.out, "--out")
    table = log_table(options.logs)
    write_text(stem + ".csv", table.to_csv(index=False))
    save(log_figure(table), options.out)
    print(f"wrote {options.out} and {stem}.csv")
