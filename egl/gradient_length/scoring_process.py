"""A process of its own in which a NetScorer computes what it is asked through a pipe."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
import traceback
from typing import Any, Dict, Optional, Tuple

from egl.errors import EglError
from egl.gradient_length.scorer import NetScorer
from egl.nets.building import scoring_net
from egl.nets.device import use_device

Weights = Tuple[int, str]  # a number that tells a change, and the file


class ScoringProcess:
    """A process that scores, and the pipe to it."""

    def __init__(self, settings: Dict[str, Any], gpu: Optional[int]) -> None:
        """settings: arguments of NetScorer by name, except weights; gpu: its number, None: CPU."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, settings, gpu), daemon=True)
        self._process.start()
        theirs.close()  # so that a dead process is the end of the pipe

    def ask(self, weights: Weights, method: str, arguments: Tuple[Any, ...]) -> Any:
        """Return a method's result under some weights."""
        try:
            self._connection.send((weights, method, arguments))
            result, error, trace = self._connection.recv()
        except (EOFError, OSError) as reason:
            self.end()
            raise EglError(
                "a scoring process died: the reason is on standard error (Caffe's own words; or "
                'the script that started it works outside `if __name__ == "__main__":`), '
                "unless memory ran out"
            ) from reason
        if error is not None:
            raise error from RuntimeError(f"in a scoring process:\n{trace}")
        return result

    def runs(self) -> bool:
        """Return whether the process has not ended."""
        return self._process.is_alive()

    def end(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.terminate()
        self._process.join()


def _serve(connection: Any, settings: Dict[str, Any], gpu: Optional[int]) -> None:
    """In a process of its own: score what comes through the pipe, until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this
    threading.Thread(target=_end_with_parent, daemon=True).start()
    use_device(gpu)
    net = scoring_net(settings["prototxt"])
    scorer = NetScorer(weights=net, **settings)
    loaded = None
    while True:
        try:
            weights, method, arguments = connection.recv()
        except EOFError:
            return
        try:
            if weights != loaded:
                net.copy_from(weights[1])
                loaded = weights
            connection.send((getattr(scorer, method)(*arguments), None, ""))
        except Exception as error:
            connection.send((None, error, traceback.format_exc()))


def _end_with_parent() -> None:
    """End this process when its parent does, also where that was killed while this computes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
