"""A net from elsewhere is tried in a child process, because Caffe ends the process it fails in.

What read_net cannot see (sizes that do not fit, a wrong number of bottoms, a filler or a pooling
that is not there) thus becomes a NetError with Caffe's own words. A definition is tried once in a
process; this project's own are known and cost nothing.
"""

from __future__ import annotations

import faulthandler
import hashlib
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from egl.errors import NetError
from egl.nets.definition import read_net, set_batch
from egl.nets.device import built_with_cuda
from egl.nets.runtime import import_caffe

# Digests of lenet_score.prototxt, and of lenet_train_val.prototxt in both phases.
KNOWN = frozenset(
    {
        "1209463718fc9b64e4b698f46c2eaff15363b176f0bd70ba8bb683f86c0e6ed0",
        "9a8ad3cb3c33e8f993265c71b94c134b535800c5c628b06af732c4106739ebbb",
        "6316e7b58cde91d0c3b5f258f9bb574acca8069b35b9715196f8158f8745e124",
    }
)
SECONDS = 120  # that a trial may take
WHOLE = ""  # a backward pass down to the lowest layer
_FORWARD_DONE = "egl: forward done"
_PROGRAM = (
    "import sys; sys.path[:] = sys.argv[4:]; "
    "from egl.nets import trial; trial.try_anything(*sys.argv[1:4])"
)
_SOLVER = "solver"  # in place of a phase
# What Trainer gives to every solver, and no solver can fail by.
_OF_EVERY_RUN = (
    *("base_lr", "device_id", "display", "max_iter", "momentum", "random_seed", "snapshot"),
    *("snapshot_after_train", "snapshot_format", "snapshot_prefix", "solver_mode", "weight_decay"),
    *("gamma", "lr_policy", "power", "train_net_param", "type"),
)
_SMALLEST_NET = """
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 1 } } }
layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 2 } } }
layer { name: "z" type: "InnerProduct" bottom: "x" top: "z" inner_product_param { num_output: 2 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "z" bottom: "y" top: "loss" }
"""


class Verdict(NamedTuple):
    """Why a net fails in its making or its forward pass, and in its backward pass; "": it works."""

    forward: str
    backward: str


_verdicts: Dict[Tuple[str, str], Verdict] = {}


def check_builds(prototxt: Any, phase: Optional[int] = None) -> None:
    """Raise NetError, with Caffe's own words, if Caffe cannot build the net and run it both ways.

    phase: caffe.TRAIN or caffe.TEST; None: TEST
    """
    phase = import_caffe().TEST if phase is None else phase
    check_usable(read_net(prototxt), prototxt, phase, WHOLE)


def check_usable(definition: Any, path: Any, phase: int, end: Optional[str] = None) -> None:
    """Raise NetError if Caffe cannot use a net, with batches of any size.

    definition: its NetParameter, from read_net; path: for the message
    end: layer where backward passes end, or WHOLE; None: only forward passes are wanted
    """
    definition = set_batch(definition, 2)
    digest = digest_of(definition, phase)
    if is_known(definition, phase):
        return
    verdict = _verdict(digest, definition, phase, WHOLE)
    if end and verdict.backward and not verdict.forward:
        verdict = _verdict(digest, definition, phase, end)
    reason = verdict.forward or ("" if end is None else verdict.backward)
    if reason:
        raise NetError(f"{path}: Caffe cannot use this net: {reason}")


def check_solver(definition: Any, path: Any) -> None:
    """Raise NetError, with Caffe's own words, if Caffe cannot do SGD steps by a solver.

    definition: its SolverParameter, the net inside it; path: for the message
    """
    from google.protobuf import text_format

    rest = type(definition)()
    rest.CopyFrom(definition)
    for name in _OF_EVERY_RUN:
        rest.ClearField(name)
    plain = definition.type == "SGD" and definition.lr_policy in ("fixed", "inv")
    if plain and not rest.ListFields():
        return
    # Its own net has been tried by itself.
    smallest = type(definition)()
    smallest.CopyFrom(definition)
    smallest.ClearField("train_net_param")
    text_format.Parse(_SMALLEST_NET, smallest.train_net_param)
    reason, _ = _tried(smallest, _SOLVER, "")
    if reason:
        raise NetError(f"{path}: Caffe cannot use this solver: {reason}")


def is_known(definition: Any, phase: int) -> bool:
    """Return whether a NetParameter is one of this project's own, whatever its batch and name."""
    return digest_of(definition, phase) in KNOWN


def digest_of(definition: Any, phase: int) -> str:
    """Return the SHA-256 of a NetParameter and the phase, whatever its batch and name."""
    copy = set_batch(definition, 2)
    copy.ClearField("name")
    return hashlib.sha256(b"%d" % phase + copy.SerializeToString(deterministic=True)).hexdigest()


def try_net(path: str, phase: int, end: str) -> None:
    """Build the net `path` and run it forward and backward to `end`, on zeros. It may abort."""
    caffe = import_caffe()
    net = caffe.Net(path, phase)
    for batch in (3, 2):  # some layers fit one batch only
        for name in net.inputs:
            blob = net.blobs[name]
            blob.reshape(batch, *tuple(blob.data.shape)[1:])
        net.reshape()
    net.forward()
    os.write(2, _FORWARD_DONE.encode() + b"\n")
    # Zeros may give a NaN (a logarithm), with which max pooling must not go backward.
    if all(np.isfinite(blob.data).all() for blob in net.blobs.values()):
        net.backward(end=end or None)


def try_solver(path: str) -> None:
    """Do two SGD steps by the solver `path`, on zeros. It may abort."""
    import_caffe().get_solver(path).step(2)


def try_anything(path: str, phase: str, end: str) -> None:
    """Try what is in a file: a solver, or a net in a phase; see try_net."""
    if phase == _SOLVER:
        try_solver(path)
    else:
        try_net(path, int(phase), end)


def _verdict(digest: str, definition: Any, phase: int, end: str) -> Verdict:
    if (digest, end) not in _verdicts:
        reason, lines = _tried(definition, str(phase), end)
        in_backward = _FORWARD_DONE in lines
        _verdicts[digest, end] = Verdict("" if in_backward else reason, reason)
    return _verdicts[digest, end]


def _tried(definition: Any, phase: str, end: str) -> Tuple[str, List[str]]:
    """Try a definition in a child process; return why it failed ("": it works) and what it said."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as words:
        path = os.path.join(folder, "net.prototxt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(str(definition))
        if built_with_cuda():  # CUDA does not outlive a fork
            status = _spawned([path, phase, end], words)
        else:
            status = _forked(lambda: try_anything(path, phase, end), words)
        words.seek(0)
        lines = words.read().decode(errors="replace").splitlines()
    return _reason(lines, status) if status else "", lines


def _spawned(arguments: List[str], words: Any) -> int:
    """Run the trial in a new process, its words going to a file; return its status."""
    environment = dict(os.environ, GLOG_minloglevel="1", GLOG_logtostderr="1")
    # -I and this process's own path: no module of the current folder is run.
    command = [sys.executable, "-I", "-c", _PROGRAM, *arguments, *sys.path]
    try:
        return subprocess.run(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=words, timeout=SECONDS
        ).returncode
    except subprocess.TimeoutExpired:
        return -signal.SIGALRM


def _forked(work: Callable[[], None], words: Any) -> int:
    """Run the trial in a copy of this process, its words going to a file; return its status.

    That takes a twentieth of a second: Caffe need not be imported again.
    """
    child = os.fork()
    if not child:
        status = 1
        try:
            os.dup2(words.fileno(), 1)
            os.dup2(words.fileno(), 2)
            faulthandler.disable()
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            work()
            status = 0
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode(errors="replace"))
        finally:
            os._exit(status)
    return _status_of(child)


def _status_of(child: int) -> int:
    """Wait for a child process and return its status: of a signal, its number times -1."""
    deadline = time.monotonic() + SECONDS
    ended = 0
    try:
        while not ended:
            ended, status = os.waitpid(child, os.WNOHANG)
            if not ended and time.monotonic() > deadline:
                return -signal.SIGALRM
            if not ended:
                time.sleep(0.002)
    finally:
        if not ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _reason(lines: List[str], status: int) -> str:
    """Return what a trial that failed said, in one line."""
    if status == -signal.SIGALRM:
        return f"one pass took more than {SECONDS} seconds"
    said = [line for line in lines if re.match(r"F\d{4} .*\] ", line)]
    if said:
        return said[0].split("] ", 1)[1]
    lines = [line for line in lines if line != _FORWARD_DONE]
    if lines and status > 0:
        return lines[-1]
    return f"its process ended with status {status}" + (" (out of memory?)" if status == -9 else "")
