"""NetScorer's methods computed by several processes, with the same bits for any number of them.

    slots = 2  # or a CoreSlots: as many processes as cores are idle
    with Workers(solver.net, {"prototxt": path, "normalisation": normalisation}, slots) as scorer:
        phi, posterior, norms = scorer.phi(patches)

A process uses one BLAS thread: two processes do twice the work of one, where a second thread adds a
fifth. Patches are cut at multiples of the batch, which puts each in the same place of a batch as
NetScorer does. The processes are spawned, so a script that uses this does its own work under
`if __name__ == "__main__":`.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import tempfile
import traceback
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from inspect import signature
from itertools import chain, islice
from typing import Any, Deque, Dict, Iterable, Iterator, List, Optional, Tuple, Union

import numpy as np

from data_prep.settings import not_known
from egl.errors import EglError, NetError
from egl.gradient_length.cores import CoreSlots
from egl.gradient_length.features import FeatureRows
from egl.gradient_length.maps import PhiMaps
from egl.gradient_length.phi import GradientFactors, GradientLengths
from egl.gradient_length.scorer import NetScorer
from egl.nets.arguments import described, whole_number
from egl.nets.building import scoring_net
from egl.nets.device import batch_on, check_device, use_device

CHUNK = 2  # batches that a worker gets at a time: more leave a process idle at the end of a call
WAITING = 2  # tasks read per process, so that the next is there when a process has finished one


class Workers:
    """Scores as a NetScorer does, on several cores. The processes live until close().

    source: caffe.Net whose present weights are used at each call, or path of a .caffemodel
    settings: arguments of NetScorer by name, except weights
    workers: how many processes may score, at least 1; or a CoreSlots: one, for the core that the
        caller holds and leaves idle meanwhile, and one for each core that is free when a call
        begins
    device: "cpu" or "gpu:N", where the processes compute and the caller's own Caffe does
    What is too small to share is scored in the calling process, and so is any call made while the
    results of maps_of are still being read.
    Raises EglError if a process dies (Caffe's last words are on standard error) and for a device
    that is absent; NetError where NetScorer does.
    """

    def __init__(
        self,
        source: Any,
        settings: Dict[str, Any],
        workers: Union[int, CoreSlots],
        device: str = "cpu",
    ) -> None:
        if not isinstance(workers, CoreSlots):
            workers = whole_number(workers, "workers")
            if workers < 1:
                raise EglError(f"workers must be at least 1, not {workers}")
        self._allowed = workers
        self._gpu = check_device(device)
        _check_settings(settings)
        batch = settings.get("batch") or batch_on(self._gpu)
        self._chunk = CHUNK * batch
        self._settings = dict(settings, batch=batch)
        self._net = scoring_net(settings["prototxt"], source)
        self._alone = NetScorer(weights=self._net, **self._settings)
        self._processes: List[_Process] = []
        self._folder = tempfile.TemporaryDirectory()
        self._saved: List[np.ndarray] = []  # the weights that the newest file has
        self._files, self._file = 0, ""
        self._in_use = False

    @property
    def input_shape(self) -> Tuple[int, ...]:
        """The shape of one patch: (C, H, W)."""
        return self._alone.input_shape

    @property
    def classes(self) -> int:
        """The number of classes."""
        return self._alone.classes

    def posterior(self, patches: np.ndarray) -> np.ndarray:
        """Return what NetScorer.posterior does."""
        return np.concatenate(self._of_chunks("posterior", patches))

    def phi(self, patches: np.ndarray) -> GradientLengths:
        """Return what NetScorer.phi does."""
        return GradientLengths(*_joined(self._of_chunks("phi", patches)))

    def features(self, patches: np.ndarray) -> FeatureRows:
        """Return what NetScorer.features does."""
        return FeatureRows(*_joined(self._of_chunks("features", patches)))

    def factors(self, patches: np.ndarray) -> GradientFactors:
        """Return what NetScorer.factors does."""
        return GradientFactors(*_joined(self._of_chunks("factors", patches)))

    def maps(
        self, photograph: np.ndarray, stride: int, field: Optional[np.ndarray] = None
    ) -> PhiMaps:
        """Return what NetScorer.maps does; one photograph is not shared between processes."""
        return self._alone.maps(photograph, stride, field)

    def maps_of(
        self, photographs: Iterable[Tuple[np.ndarray, Optional[np.ndarray]]], stride: int
    ) -> Iterator[PhiMaps]:
        """Yield what NetScorer.maps_of does.

        At most WAITING photographs per process are read before the first maps are asked for.
        """
        rest = iter(photographs)
        first = list(islice(rest, 2))
        with self._claimed(len(first), most=None) as n:
            tasks = chain(first, rest)
            if n == 1:
                yield from self._alone.maps_of(tasks, stride)
            else:
                arguments = ((photograph, stride, field) for photograph, field in tasks)
                yield from self._shared(n, "maps", arguments)

    def close(self) -> None:
        """End the processes and remove the temporary weights."""
        for process in self._processes:
            process.end()
        self._processes = []
        self._folder.cleanup()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def _of_chunks(self, method: str, patches: np.ndarray) -> List[Any]:
        """Return the method's results for successive parts of the patches."""
        starts = range(0, len(patches), self._chunk)
        with self._claimed(len(starts), most=len(starts)) as n:
            if n == 1:
                return [getattr(self._alone, method)(patches)]
            chunks = ((patches[start : start + self._chunk],) for start in starts)
            return list(self._shared(n, method, chunks))

    @contextmanager
    def _claimed(self, n_tasks: int, most: Optional[int]) -> Iterator[int]:
        """Yield how many processes may score now; 1 means the calling process itself.

        n_tasks: how many tasks there are, or a number below; most: how many processes are of use
        """
        if self._in_use or n_tasks < 2:
            yield 1
            return
        self._in_use = True
        try:
            if isinstance(self._allowed, CoreSlots):
                with self._allowed.extra(None if most is None else most - 1) as extra:
                    yield 1 + extra
            else:
                yield self._allowed if most is None else min(self._allowed, most)
        finally:
            self._in_use = False

    def _shared(self, n: int, method: str, tasks: Iterable[Tuple[Any, ...]]) -> Iterator[Any]:
        """Yield the method's result for each task (its arguments), in order, from n processes."""
        weights = self._weights_file()
        idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        for process in self._started(n):
            idle.put(process)

        def result(arguments: Tuple[Any, ...]) -> Any:
            process = idle.get()
            try:
                return process.ask(weights, method, arguments)
            finally:
                idle.put(process)

        waiting: Deque[Future[Any]] = deque()
        with ThreadPoolExecutor(n) as threads:  # threads that wait for the processes
            try:
                for arguments in tasks:
                    waiting.append(threads.submit(result, arguments))
                    if len(waiting) == WAITING * n:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _weights_file(self) -> str:
        """Return the file of the present weights; a new one only where they have changed.

        The calls between two SGD steps share a file, and a process reads it once.
        """
        weights = [blob.data for blobs in self._net.params.values() for blob in blobs]
        if not (self._saved and all(map(np.array_equal, weights, self._saved))):
            earlier = self._file
            self._files += 1  # a process tells a change of the weights by the name
            self._file = os.path.join(self._folder.name, f"{self._files}.caffemodel")
            self._net.save(self._file)
            if earlier:
                os.remove(earlier)
            self._saved = [weight.copy() for weight in weights]
        return self._file

    def _started(self, n: int) -> List[_Process]:
        """Return n processes that run; start those that are missing."""
        self._processes = [process for process in self._processes if process.runs()]
        while len(self._processes) < n:
            self._processes.append(_Process(self._settings, self._gpu))
        return self._processes[:n]


class _Process:
    """A process that scores, and the pipe to it."""

    def __init__(self, settings: Dict[str, Any], gpu: Optional[int]) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, settings, gpu), daemon=True)
        self._process.start()
        theirs.close()  # so that a dead process is the end of the pipe

    def ask(self, weights: str, method: str, arguments: Tuple[Any, ...]) -> Any:
        """Return a method's result under the weights of the file `weights`."""
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
                net.copy_from(weights)
                loaded = weights
            connection.send((getattr(scorer, method)(*arguments), None, ""))
        except Exception as error:
            connection.send((None, error, traceback.format_exc()))


def _check_settings(settings: Any) -> None:
    """Raise NetError unless these are arguments of NetScorer by name, with those that it needs."""
    known = [name for name in signature(NetScorer).parameters if name != "weights"]
    needed = known[: known.index("normalisation") + 1]
    if not isinstance(settings, dict):
        raise NetError(f"settings must be a dict of NetScorer's, not {described(settings)}")
    for name in needed:
        if name not in settings:
            raise NetError(f"settings lack {name!r}; Workers need {' and '.join(needed)}")
    for name in settings:
        if name not in known:
            raise NetError(not_known("setting of Workers", name, known))


def _joined(parts: List[Any]) -> Iterator[np.ndarray]:
    """Yield each field of NamedTuples of arrays, their rows one after another."""
    return map(np.concatenate, zip(*parts))
