"""Parsers whose errors are one line that names the option and the nearest valid word."""

import argparse
import os
import sys
from typing import Any, Callable, Iterable, NoReturn, Optional, Sequence, Tuple

from data_prep.settings import not_known
from experiments.processes import BadInput


class UsageError(BadInput):
    """The command line cannot be understood."""


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Names the default of an option that has one; a setting's help names it already."""

    def _get_help_string(self, action: argparse.Action) -> Optional[str]:
        return action.help if action.default in (None, False) else super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """Raises UsageError where argparse would print its usage and exit."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(allow_abbrev=False, **arguments)

    def error(self, message: str) -> NoReturn:
        """Raise UsageError, with the name of the subcommand in front."""
        message = message[len("argument ") :] if message.startswith("argument ") else message
        raise UsageError(": ".join([*self.prog.split()[1:], message]))


class CommandParser(Parser):
    """The parser of one subcommand."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str], namespace: Any = None
    ) -> Tuple[argparse.Namespace, Sequence[str]]:
        """Parse, and refuse what is left over; a misspelt option comes before a missing one."""
        known = self._option_string_actions
        options = args[: args.index("--")] if "--" in args else args
        for option in (word.split("=")[0] for word in options if word.startswith("--")):
            if option not in known:
                self.error(not_known("option", option, known))
        found, left = super().parse_known_args(args, namespace)
        if left and left[0].startswith("-"):
            self.error(not_known("option", left[0], known))
        if left:
            self.error(f"{left[0]!r} is one argument too many")
        return found, left


def add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], Optional[int]], brief: str,
    text: str,
) -> argparse.ArgumentParser:  # fmt: skip
    """Add a subcommand that calls run(options); brief: for the list, text: for its own --help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=brief, description=text, formatter_class=_Help
    )
    parser.set_defaults(run=run)
    return parser


def number(kind: Callable[[str], Any], low: Optional[float] = None) -> Callable[[str], Any]:
    """Return what reads a number, int or float, from the command line; low: the least it may be."""

    def read(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            wanted = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}") from None
        if low is not None and not value >= low:
            raise argparse.ArgumentTypeError(f"{text}: give a number at least {low:g}")
        return value

    return read


def word(known: Sequence[str]) -> Callable[[str], str]:
    """Return what reads one of the `known` words from the command line."""

    def read(text: str) -> str:
        if text not in known:
            raise argparse.ArgumentTypeError(not_known("", text, known))
        return text

    return read


def add_workers(parser: Any, who: str) -> None:
    """Add --workers; who: "processes that score", for instance."""
    parser.add_argument(
        "--workers",
        type=number(int, low=1),
        default=1,
        metavar="N",
        help=f"{who}; the results are the same for any number",
    )


def add_device(parser: Any) -> None:
    """Add --device, which device_of reads."""
    parser.add_argument(
        "--device",
        help="where Caffe computes: cpu, gpu:N (a Caffe built with CUDA, and a GPU), or auto: "
        "gpu:0 where there is one, the CPU elsewhere (default: auto)",
    )


def device_of(options: argparse.Namespace, otherwise: str = "auto") -> str:
    """Return "cpu" or "gpu:N" for what was asked for, and say what "auto" has become.

    otherwise: what counts where --device was not given
    """
    from egl.nets.device import choose_device

    device, why = choose_device(options.device or otherwise)
    if why:
        print(f"device {device}: {why}", file=sys.stderr)
    return device


def modules_from_here(names: Iterable[str]) -> None:
    """Let module:Class and package.module among `names` be imported from the current folder.

    Also in child processes, which get the same path. It is the last folder to be searched, so that
    nothing in it takes the place of a module of egl, of a library or of Python; and it is searched
    only where the user names a module.
    """
    folder = os.getcwd()
    if any(":" in name or "." in name for name in names) and folder not in sys.path:
        sys.path.append(folder)
