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

import os
import queue
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
from egl.gradient_length.scoring_process import ScoringProcess, Weights
from egl.nets.arguments import described, whole_number
from egl.nets.building import scoring_net
from egl.nets.device import batch_on, check_device

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
        self._processes: List[ScoringProcess] = []
        self._saved: List[np.ndarray] = []  # the weights that the file has
        self._file: Optional[int] = None
        self._versions = 0
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
        """End the processes and forget the weights they share."""
        for process in self._processes:
            process.end()
        self._processes = []
        self._forget_file()

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
        weights = self._shared_weights()
        idle: queue.SimpleQueue[ScoringProcess] = queue.SimpleQueue()
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

    def _shared_weights(self) -> Weights:
        """Return the present weights for the processes; new ones only where they have changed.

        They lie in a file in memory, of which nothing is left however the processes end. The calls
        between two SGD steps share it, and a process reads it once.
        """
        weights = [blob.data for blobs in self._net.params.values() for blob in blobs]
        if not (self._saved and all(map(np.array_equal, weights, self._saved))):
            self._forget_file()
            self._file = os.memfd_create("weights")
            self._net.save(f"/proc/self/fd/{self._file}")
            self._versions += 1
            self._saved = [weight.copy() for weight in weights]
        return self._versions, f"/proc/{os.getpid()}/fd/{self._file}"

    def _forget_file(self) -> None:
        self._saved = []
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _started(self, n: int) -> List[ScoringProcess]:
        """Return n processes that run; start those that are missing."""
        self._processes = [process for process in self._processes if process.runs()]
        while len(self._processes) < n:
            self._processes.append(ScoringProcess(self._settings, self._gpu))
        return self._processes[:n]


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
