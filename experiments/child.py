"""Work with Caffe in a process of its own: Caffe ends the whole process over a failed check, and no Python can catch that."""

import faulthandler
import multiprocessing
import os
import signal
import threading
import traceback

from data_prep.errors import DataError
from egl.errors import Diverged, EglError
from egl.nets.device import check_device, use_device
from egl.nets.runtime import send_log_to
from egl.training.run_folder import LOG

BAD_INPUT = (DataError, EglError)

# multiprocessing imports parts of itself on first use, which fails where two threads do it at once.
_one_start_at_a_time = threading.Lock()


class BadInput(Exception):
    """The input is wrong; the message is one line for the person who gave it."""


class RunDiverged(BadInput):
    """Training diverged under the settings that were given: the end of this run, and of no other."""


class Failure(Exception):
    """Something failed that is no fault of the input, or Caffe aborted; the message names the log."""


def run_in_child(work, arguments, folder, progress=lambda done, total: None, device="cpu"):
    """Return work(*arguments, progress=...), run in a new process with Caffe's log in folder/log.txt.

    work: a function that can be imported; its progress(done, total) is handed on to `progress`; device: "cpu" or "gpu:N",
    where its nets compute unless it chooses for itself. Raises BadInput for the
    errors of data_prep and egl (RunDiverged for Diverged), Failure for any other, and for a process that died, with the last
    words of its log.
    """
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"{folder}: cannot be made ({error.strerror}); give another --out"
        ) from error
    log = os.path.join(folder, LOG)
    context = multiprocessing.get_context("spawn")
    with _one_start_at_a_time:
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(
            target=_child, args=(sender, work, arguments, log, device), daemon=True
        )
        process.start()
        sender.close()
    outcome = None
    try:
        while True:
            try:
                kind, value = receiver.recv()
            except EOFError:
                break
            if kind == "progress":
                progress(*value)
            else:
                outcome = kind, value
        process.join()
    finally:
        process.terminate()  # on an interrupt; the next start goes on from the last snapshot
        process.join()
    if outcome is None:
        raise Failure(
            f"{folder}: ended by {_cause(process.exitcode)}; its log {log} ends with: {_last_line(log)}"
        )
    kind, value = outcome
    if kind == "diverged":
        raise RunDiverged(value)
    if kind == "bad input":
        raise BadInput(value)
    if kind == "failure":
        raise Failure(f"{folder}: {value}; see {log}")
    return value


def end_children():
    """End every process that run_in_child has running, in whatever thread; each of those calls then raises Failure."""
    for process in multiprocessing.active_children():
        process.terminate()


def _child(sender, work, arguments, log, device):
    signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # Ctrl-C goes to the whole group; no traceback from each
    send_log_to(log)
    faulthandler.enable()  # the line of Python at an abort, in the log
    try:
        if device != "cpu":
            use_device(check_device(device))
        result = work(
            *arguments, progress=lambda done, total: sender.send(("progress", (done, total)))
        )
    except Diverged as error:
        sender.send(("diverged", str(error)))
    except BAD_INPUT as error:
        sender.send(("bad input", str(error)))
    except Exception as error:
        traceback.print_exc()
        sender.send(("failure", f"{type(error).__name__}: {error}"))
    else:
        sender.send(("result", result))


def _cause(exitcode):
    if exitcode == -signal.SIGABRT:
        return "an abort inside Caffe"
    return f"signal {-exitcode}" if exitcode < 0 else f"exit status {exitcode}"


def _last_line(log):
    """Return the line of the log that says most: glog's last fatal line, or else the last line."""
    with open(log, encoding="utf-8", errors="replace") as file:
        lines = [line.strip() for line in file if line.strip()] or ["(nothing)"]
    fatal = [line for line in lines if line.startswith("F") and "]" in line]
    return (fatal or lines)[-1]
