"""A row of the table: what is given, and what must come of it."""

import contextlib
import hashlib
import os
import shlex
import signal
import stat
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from data_prep.errors import DataError
from egl.errors import EglError
from experiments.command_line import main
from tests.campaign.bad_input.inputs import Inputs

ERRORS = (DataError, EglError)  # what bad input raises from Python
SECONDS = 60  # that a row may take: what waits for ever fails
Make = Callable[[Inputs], Any]


class Row(NamedTuple):
    """One bad input.

    name: unique in its group
    do: a command line of egl, in whose words {store} and the like are replaced (Inputs.words), or a
        function of the Inputs, from Python
    says: words that the message must have: the file or the option, and the remedy
    make: makes the input in Inputs.folder, which is the current folder
    status: of the command
    """

    name: str
    do: Any
    says: Sequence[str]
    make: Make = lambda inputs: None
    status: int = 2


class TooLong(BaseException):
    """A row has not ended. No OSError: that might be taken for what the input is guilty of."""


def problem_of(row: Row, inputs: Inputs) -> Optional[str]:
    """Return what is wrong with how a row ends, or None.

    Bad input ends a command with its status and one line on standard error, and a call from Python
    with an error of ours of one line. Nothing is left, and nothing that was there has changed.
    """
    before_cwd = os.getcwd()
    os.chdir(str(inputs.folder))
    earlier = signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(SECONDS)
    try:
        row.make(inputs)
        before = _contents(inputs.folder)
        if callable(row.do):
            problem, lines = _called(row, inputs)
        else:
            problem, lines = _commanded(row, inputs)
        after = _contents(inputs.folder)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, earlier)
        os.chdir(before_cwd)
    if problem is None and len(lines) != 1:
        problem = f"{len(lines)} lines"
    missing = [word for word in row.says if word not in "\n".join(lines)]
    if problem is None and missing:
        problem = f"no word of {missing[0]!r}"
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    if problem is None and changed:
        problem = f"changed: {', '.join(changed)}"
    return problem and "\n".join([f"{row.name}: {problem}", *lines])


def _too_long(number: int, frame: Any) -> None:
    raise TooLong(f"takes more than {SECONDS} seconds")


def _commanded(row: Row, inputs: Inputs) -> Tuple[Optional[str], List[str]]:
    words = [inputs.filled(word) for word in shlex.split(row.do)]
    problem = None
    with captured() as lines:
        try:
            status: Any = main(words)
        except SystemExit as error:
            status = error.code
        except BaseException:
            traceback.print_exc()
            status = "a traceback"
    if status != row.status:
        problem = f"ends with {status}"
    return problem, lines


def _called(row: Row, inputs: Inputs) -> Tuple[Optional[str], List[str]]:
    message, problem = "", None
    with captured() as lines:
        try:
            problem = f"returns {row.do(inputs)!r:.200}"
        except ERRORS as error:
            message = str(error)
        except BaseException:
            traceback.print_exc()
            problem = "another error"
    if problem is None and lines:
        problem = "words on standard error"
    return problem, [*lines, *message.splitlines()]


@contextlib.contextmanager
def captured() -> Iterator[List[str]]:
    """Yield a list that has, after the block, the lines of standard error, C libraries' too."""
    lines: List[str] = []
    streams = sys.stdout, sys.stderr
    with tempfile.TemporaryFile() as errors, open(os.devnull, "w") as nowhere:
        kept = os.dup(2)
        os.dup2(errors.fileno(), 2)
        sys.stdout = nowhere
        sys.stderr = open(2, "w", closefd=False, errors="backslashreplace", buffering=1)
        try:
            yield lines
        finally:
            sys.stderr.flush()
            sys.stdout, sys.stderr = streams
            os.dup2(kept, 2)
            os.close(kept)
            errors.seek(0)
            lines += errors.read().decode("utf-8", "replace").splitlines()


def _contents(folder: Path) -> Dict[str, Any]:
    """Return what lies in a folder and below: {path: its kind, or a digest of its bytes}."""
    found: Dict[str, Any] = {}
    for parent, folders, files in os.walk(os.fsencode(str(folder))):
        for name in (*folders, *files):
            path = os.path.join(parent, name)
            mode = os.lstat(path).st_mode
            key = os.fsdecode(os.path.relpath(path, os.fsencode(str(folder))))
            if stat.S_ISREG(mode):
                with open(path, "rb") as file:
                    found[key] = hashlib.sha256(file.read()).hexdigest()
            elif stat.S_ISLNK(mode):
                found[key] = os.readlink(path)
            else:
                found[key] = stat.S_IFMT(mode)
    return found
