"""The command `egl`: what each subcommand takes, and how errors reach the person who typed it."""

import argparse
import signal
import sys

from data_prep import __version__
from experiments.child import BAD_INPUT, BadInput, Failure
from experiments.commands import data, experiment, training

DESCRIPTION = """Train LeNet on 48x48 patches of fundus photographs with Caffe, and choose what an ophthalmologist should
label next by expected gradient length (EGL). After Otálora, Perdomo, González, Müller (2017)."""

EPILOG = """Exit status: 0 done; 1 something failed that is no fault of the input; 2 bad input. A command that was interrupted goes on
where it was when it is given again. What the files hold: docs/files.md."""


class Stopped(KeyboardInterrupt):
    """SIGTERM: what `docker stop` sends. Taken as an interrupt, for process 1 of a container would otherwise ignore it."""


def main(arguments=None):
    """Run one subcommand; return the exit status."""
    signal.signal(signal.SIGTERM, _stop)
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except BAD_INPUT + (BadInput,) as error:
        print(f"egl: {error}", file=sys.stderr)
        return 2
    except Failure as error:
        print(f"egl: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as interrupt:
        print("egl: interrupted; the same command goes on from here", file=sys.stderr)
        return 128 + (signal.SIGTERM if isinstance(interrupt, Stopped) else signal.SIGINT)


def _stop(number, frame):
    raise Stopped


def _parser():
    parser = argparse.ArgumentParser(prog="egl", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    commands.required = True
    for add in (
        data.add_prepare, data.add_phantoms, training.add_train, training.add_select,
        experiment.add_reproduce, experiment.add_report, data.add_export,
    ):  # fmt: skip
        add(commands)
    return parser
