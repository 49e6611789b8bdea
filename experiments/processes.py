"""Run work that uses Caffe in a process of its own.

Caffe ends the whole process when one of its checks fails, and no Python code can catch that.
"""

import contextlib
import ctypes
import errno
import faulthandler
import os
import signal
import subprocess
import sys
import traceback
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Callable, Container, Iterator, Optional, Sequence, Set, Tuple

from data_prep.errors import DataError
from data_prep.files import parents
from data_prep.links import refuse_links
from data_prep.locks import locked
from egl.errors import Diverged, EglError
from egl.nets.device import check_device, use_device
from egl.nets.runtime import send_log_to
from egl.training.run_folder import BEFORE_WORK, LOG

BAD_INPUT = (DataError, EglError)
Progress = Callable[[int, int], None]

# -I and the parent's own sys.path: Python would import from the current folder first, whose
# signal.py or experiments/ is the user's. The child's own child processes inherit -I.
_START = (
    "import sys; sys.path[:] = sys.argv[4:]; "
    "from experiments.processes import serve; serve(*map(int, sys.argv[1:3]), sys.argv[3])"
)
_PR_SET_PDEATHSIG = 1  # of prctl(2)
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
_running: "Set[subprocess.Popen[bytes]]" = set()


class BadInput(Exception):
    """The input is wrong; the message is one line for the person who gave it."""


class RunDiverged(BadInput):
    """Training diverged under the given settings: this run ends, no other does."""


class Failure(Exception):
    """Something failed for another reason than bad input; the message names the log."""


def run_in_child(
    work: Callable[..., Any],
    arguments: Sequence[Any],
    folder: str,
    progress: Progress = lambda done, total: None,
    device: str = "cpu",
) -> Any:
    """Return work(*arguments, progress=...), run in a new process; Caffe's log is folder/log.txt.

    work: an importable function; what it passes to its progress(done, total) goes to `progress`
    device: "cpu" or "gpu:N", where its nets compute unless it chooses for itself
    Raises BadInput for the errors of data_prep and egl (RunDiverged for Diverged), and Failure for
    any other error and for a process that died, with the last line of its log; DataError where
    another process is at work in `folder`.
    """
    log = os.path.join(folder, LOG)
    outcome: Optional[Tuple[str, Any]] = None
    with contextlib.ExitStack() as stack:
        try:
            made = [parent for parent in (folder, *parents(folder)) if not os.path.exists(parent)]
            os.makedirs(folder, exist_ok=True)
            refuse_links(folder)
            there = os.listdir(folder)
            lock = stack.enter_context(locked(folder))
            connection, process = _start(log, lock)
        except OSError as error:
            raise BadInput(
                f"{folder}: cannot be written ({error.strerror}); give another --out"
            ) from error
        try:
            for kind, value in _messages(connection, (work, arguments, device)):
                if kind == "progress":
                    progress(*value)
                else:
                    outcome = kind, value
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        finally:  # after an interrupt too: a rerun resumes from the last snapshot
            connection.close()
            _end(process)
            process.wait()
            _running.discard(process)
        if outcome is not None and outcome[0] == "bad input":
            _remove_new(folder, there, made)
    if outcome is None:
        cause = _cause(process.returncode)
        raise Failure(f"{folder}: ended by {cause}; its log {log} ends with: {_last_line(log)}")
    kind, value = outcome
    if kind == "diverged":
        raise RunDiverged(value)
    if kind == "bad input":
        raise BadInput(value)
    if kind == "failure":
        raise Failure(f"{folder}: {value}; see {log}")
    return value


def _remove_new(folder: str, there: Container[str], made: Sequence[str]) -> None:
    """Remove what a run of bad input has left, unless it had results before it ended.

    there: what the folder held before; made: the folders that were not there, the innermost first
    """
    new = [name for name in os.listdir(folder) if name not in there]
    if not set(new) <= set(BEFORE_WORK):
        return
    for name in new:
        os.remove(os.path.join(folder, name))
    for path in made:
        with contextlib.suppress(OSError):  # something else is in it by now
            os.rmdir(path)


def end_children() -> None:
    """End every process that run_in_child has running, in any thread; those calls raise Failure."""
    for process in list(_running):
        _end(process)


def _start(log: str, lock: int) -> Tuple[Connection, "subprocess.Popen[bytes]"]:
    """Start a child that waits for its work.

    It leads a session of its own, so that _end reaches the processes that it starts itself, and
    inherits the lock of its folder, which others find locked until it has ended.
    """
    connection, theirs = Pipe()
    numbers = os.getpid(), theirs.fileno()
    with theirs, open(log, "ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START, *map(str, numbers), log, *sys.path],
            stdin=subprocess.DEVNULL,
            stderr=errors,
            pass_fds=[theirs.fileno(), lock],
            start_new_session=True,
        )
    _running.add(process)
    return connection, process


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


def _messages(connection: Connection, work: Any) -> Iterator[Tuple[str, Any]]:
    """Give the child its work and yield what it sends, until it ends or dies."""
    with contextlib.suppress(EOFError, ConnectionError):
        connection.send(work)
        while True:
            yield connection.recv()


def serve(parent: int, descriptor: int, log: str) -> None:
    """In the child: receive the work, do it, and send its outcome.

    parent: the process that waits for it; descriptor: the child's end of the connection; log: file
    for Caffe's log and standard error
    """
    _end_with(parent)
    send_log_to(log)
    faulthandler.enable()  # after an abort, the log names the line of Python
    os.set_inheritable(descriptor, False)
    connection = Connection(descriptor)
    try:
        work, arguments, device = connection.recv()
        if device != "cpu":
            use_device(check_device(device))
        result = work(
            *arguments, progress=lambda done, total: connection.send(("progress", (done, total)))
        )
    except Diverged as error:
        connection.send(("diverged", str(error)))
    except BAD_INPUT as error:
        connection.send(("bad input", str(error)))
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _DISK_FULL:
            where = error.filename or os.path.dirname(log)
            text = f"{where}: {error.strerror}; make room, and rerun the same command to resume"
            connection.send(("bad input", text))
        else:
            connection.send(("failure", f"{type(error).__name__}: {error}"))
        with contextlib.suppress(OSError):
            traceback.print_exc()
    else:
        connection.send(("result", result))


def _end_with(parent: int) -> None:
    """Let the kernel end this process with its parent, however that ends.

    An orphan would write on, and keep the rerun of the command out of its folder.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _cause(status: int) -> str:
    if status == -signal.SIGABRT:
        return "an abort inside Caffe"
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def _last_line(log: str) -> str:
    """Return the line of the log that says most: glog's last fatal line, or else the last line."""
    with open(log, encoding="utf-8", errors="replace") as file:
        lines = [line.strip() for line in file if line.strip()] or ["(nothing)"]
    fatal = [line for line in lines if line.startswith("F") and "]" in line]
    return (fatal or lines)[-1]
