"""What the subcommands' options share."""

import argparse
import os
import sys


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Names the default of an option, where it has one."""

    def _get_help_string(self, action):
        return action.help if action.default in (None, False) else super()._get_help_string(action)


def add_command(commands, name, run, brief, text):
    """Add a subcommand that calls run(options); brief: for the list of all, text: for its own --help."""
    parser = commands.add_parser(name, help=brief, description=text, formatter_class=_Help)
    parser.set_defaults(run=run)
    return parser


def add_device(parser):
    """Add --device, which device_of reads."""
    parser.add_argument(
        "--device",
        default="auto",
        help="where Caffe computes: cpu, gpu:N (a Caffe built with CUDA, and a GPU), or auto: gpu:0 if it is there, or else the CPU",
    )


def device_of(options):
    """Return "cpu" or "gpu:N" for what was asked for, and tell what "auto" has become."""
    from egl.nets.device import choose_device

    device, why = choose_device(options.device)
    if why:
        print(f"device {device}: {why}", file=sys.stderr)
    return device


def with_bar(work, arguments, out):
    """Run `work` in a child (see experiments.child.run_in_child) with a progress bar."""
    from tqdm import tqdm

    from experiments.child import run_in_child

    bar = None

    def progress(done, total):
        nonlocal bar
        if bar is None:  # bad input shows no bar
            bar = tqdm(
                total=total,
                unit="batch",
                desc=os.path.basename(os.path.normpath(out)),
                initial=done - 1,
            )
        bar.update(done - bar.n)

    try:
        return run_in_child(work, arguments, out, progress)
    finally:
        if bar is not None:
            bar.close()
