"""The command `egl`: its subcommands, and how errors reach the person who typed it.

What takes long to import comes later, when an interrupt is answered by a line and not a traceback.
"""

import argparse
import errno
import os
import signal
import sys
from typing import Any, Callable, Dict, List, Optional, Sequence

DESCRIPTION = """Train LeNet on patches of fundus photographs with Caffe, and choose what an
ophthalmologist should label next by expected gradient length (EGL). After Otálora, Perdomo,
González, Müller (2017)."""

EPILOG = """Exit status: 0 done; 1 something failed that is not the input's fault; 2 bad input; 130
and 143 interrupted. Rerun an interrupted command to resume it. docs/files.md describes the files,
docs/settings.md the settings."""

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class Stopped(KeyboardInterrupt):
    """SIGTERM, as from `docker stop`: an interrupt, which process 1 of a container would ignore."""


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run one subcommand; return the exit status."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        signal.signal(signal.SIGTERM, _stop)
        return _run(words)
    except KeyboardInterrupt as interrupt:
        number = signal.SIGTERM if isinstance(interrupt, Stopped) else signal.SIGINT
        name = ": ".join(["egl", *words[:1]])
        print(f"{name}: interrupted; rerun the same command to resume", file=sys.stderr)
        return 128 + number


def _stop(number: int, frame: Any) -> None:
    signal.signal(number, signal.SIG_IGN)  # a group and its leader may both be asked to end
    raise Stopped


def _run(words: List[str]) -> int:
    # numpy makes an ImportError of an interrupt within its own import, so that Ctrl-C waits.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        from experiments.processes import BAD_INPUT, BadInput, Failure
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    name = "egl"
    try:
        _check_current_folder()
        options = _parse(words)
        name = f"egl: {options.command}"
        return options.run(options) or 0
    except BAD_INPUT + (BadInput,) as error:
        status, text = 2, str(error)
    except Failure as error:
        status, text = 1, str(error)
    except OSError as error:
        if error.errno not in _DISK_FULL:
            raise
        where = error.filename or "a file"
        status, text = 2, f"{where}: {error.strerror}; make room, and rerun the same command"
    print(f"{name}: {text}", file=sys.stderr)
    return status


def _check_current_folder() -> None:
    from experiments.processes import BadInput

    try:
        os.getcwd()
    except OSError as error:
        raise BadInput("the current folder is gone: cd to one that exists") from error


def _commands() -> Dict[str, Callable[[Any], None]]:
    from experiments.commands import (
        answers,
        caffe_log,
        data,
        experiment,
        page,
        photographs,
        training,
    )

    return {
        "prepare": data.add_prepare,
        "phantoms": data.add_phantoms,
        "train": training.add_train,
        "select": training.add_select,
        "reproduce": experiment.add_reproduce,
        "report": experiment.add_report,
        "compare": experiment.add_compare,
        "export": data.add_export,
        "plot-log": caffe_log.add_plot_log,
        "model": photographs.add_model,
        "index": photographs.add_index,
        "rank": photographs.add_rank,
        "predict": photographs.add_predict,
        "label": page.add_label,
        "ask": answers.add_ask,
        "answer": answers.add_answer,
        "learn": answers.add_learn,
    }


def _parse(arguments: List[str]) -> argparse.Namespace:
    from data_prep.settings import not_known
    from experiments.commands.parsing import UsageError

    words = [word for word in arguments if not word.startswith("-")]
    names = list(_commands())
    if words and words[0] not in names:
        raise UsageError(not_known("command", words[0], names))
    options = parser().parse_args(arguments)
    if options.command is None:
        raise UsageError(f"give a command: {', '.join(names)}; egl COMMAND --help explains it")
    return options


def parser() -> argparse.ArgumentParser:
    """Return the parser of `egl` with all its subcommands."""
    from data_prep import __version__
    from experiments.commands.parsing import CommandParser, Parser

    result = Parser(prog="egl", description=DESCRIPTION, epilog=EPILOG)
    result.add_argument("--version", action="version", version=__version__)
    commands = result.add_subparsers(metavar="COMMAND", dest="command", parser_class=CommandParser)
    for add in _commands().values():
        add(commands)
    return result
