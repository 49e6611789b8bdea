"""The command `egl`: its subcommands, and how errors reach the person who typed it."""

import argparse
import signal
import sys
from typing import Any, List, Optional, Sequence

from data_prep import __version__
from data_prep.settings import not_known
from experiments.commands import caffe_log, data, experiment, labelling, training
from experiments.commands.parsing import CommandParser, Parser, UsageError
from experiments.processes import BAD_INPUT, BadInput, Failure

DESCRIPTION = """Train LeNet on patches of fundus photographs with Caffe, and choose what an
ophthalmologist should label next by expected gradient length (EGL). After Otálora, Perdomo,
González, Müller (2017)."""

EPILOG = """Exit status: 0 done; 1 something failed that is not the input's fault; 2 bad input; 130
and 143 interrupted. Rerun an interrupted command to resume it. docs/files.md describes the files,
docs/settings.md the settings."""

_ADD = {
    "prepare": data.add_prepare,
    "phantoms": data.add_phantoms,
    "train": training.add_train,
    "select": training.add_select,
    "reproduce": experiment.add_reproduce,
    "report": experiment.add_report,
    "compare": experiment.add_compare,
    "export": data.add_export,
    "plot-log": caffe_log.add_plot_log,
    "model": labelling.add_model,
    "index": labelling.add_index,
    "rank": labelling.add_rank,
    "predict": labelling.add_predict,
    "ask": labelling.add_ask,
    "answer": labelling.add_answer,
}


class Stopped(KeyboardInterrupt):
    """SIGTERM, as from `docker stop`: an interrupt, which process 1 of a container would ignore."""


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run one subcommand; return the exit status."""
    signal.signal(signal.SIGTERM, _stop)
    name = "egl"
    try:
        options = _parse(sys.argv[1:] if arguments is None else list(arguments))
        name = f"egl: {options.command}"
        return options.run(options) or 0
    except BAD_INPUT + (BadInput,) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except Failure as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as interrupt:
        print(f"{name}: interrupted; rerun the same command to resume", file=sys.stderr)
        return 128 + (signal.SIGTERM if isinstance(interrupt, Stopped) else signal.SIGINT)


def _stop(number: int, frame: Any) -> None:
    raise Stopped


def _parse(arguments: List[str]) -> argparse.Namespace:
    words = [word for word in arguments if not word.startswith("-")]
    if words and words[0] not in _ADD:
        raise UsageError(not_known("command", words[0], _ADD))
    options = parser().parse_args(arguments)
    if options.command is None:
        raise UsageError(f"give a command: {', '.join(_ADD)}; egl COMMAND --help explains it")
    return options


def parser() -> argparse.ArgumentParser:
    """Return the parser of `egl` with all its subcommands."""
    result = Parser(prog="egl", description=DESCRIPTION, epilog=EPILOG)
    result.add_argument("--version", action="version", version=__version__)
    commands = result.add_subparsers(metavar="COMMAND", dest="command", parser_class=CommandParser)
    for add in _ADD.values():
        add(commands)
    return result
