"""Work on many photographs in chunks, by processes of this machine or by a Dask cluster.

A chunk names files; it never holds pixels. Results come back in the order of the chunks, whoever
finished first, so any number of processes gives the same ranking. The chunks of a process that died
are done again by another.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Callable, Deque, Iterable, Iterator, List, Optional, Protocol, Tuple

from labelling.dask_cluster import cluster

AHEAD = 2  # chunks handed out for each process, so that the next is there when one is finished
ATTEMPTS = 3  # at a chunk whose process dies


class Executor(Protocol):
    """What runs chunks: a concurrent.futures executor, a dask.distributed.Client, or alike."""

    def submit(self, work: Callable[..., Any], /, *arguments: Any) -> Any:
        """Return a future of work(*arguments), which has result() and cancel()."""


class LostWorker(RuntimeError):
    """A chunk was lost again and again: each process that worked on it died."""


class Processes:
    """An executor of this machine that is made anew when one of its processes dies."""

    def __init__(self, workers: int) -> None:
        """workers: how many processes."""
        self.workers = workers
        self._executor = self._new()

    def _new(self) -> ProcessPoolExecutor:
        # Not fork: Caffe's and OpenCV's threads do not survive it.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(
            self.workers, mp_context=context, initializer=_begin, initargs=(os.getpid(),)
        )

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return self._executor.submit(work, *arguments)
        except BrokenProcessPool:
            self._executor.shutdown()
            self._executor = self._new()
            return self._executor.submit(work, *arguments)

    def close(self) -> None:
        """End the processes."""
        self._executor.shutdown()


def _begin(parent: int) -> None:
    """Begin a process of Processes: it leaves Ctrl-C to its parent, and ends when that is gone.

    An orphan would wait for work for ever. It asks once a second, since Linux's own signal comes
    when the parent's thread ends, and a thread of a server does.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def executor_for(workers: int = 1, scheduler: Optional[str] = None) -> Iterator[Tuple[Any, int]]:
    """Yield (an executor, how many chunks it can work on at once).

    workers: processes of this machine; scheduler: the address of a Dask scheduler, tcp://HOST:PORT,
    whose workers are used instead. Raises DataError as dask_cluster.cluster does.
    """
    if scheduler is not None:
        with cluster(scheduler) as executor:
            yield executor
        return
    processes = Processes(workers)
    try:
        yield processes, workers
    finally:
        processes.close()


def in_chunks(items: Iterable[Any], size: int) -> Iterator[List[Any]]:
    """Yield successive lists of up to `size` items, which are read as they are wanted."""
    chunk: List[Any] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def results_of(
    executor: Executor, at_once: int, work: Callable[..., Any], chunks: Iterable[Tuple[Any, ...]]
) -> Iterator[Any]:
    """Yield work(*chunk) of each chunk, in the order of the chunks.

    At most AHEAD * at_once chunks are read before the first result is taken, so memory does not
    grow with their number. Raises LostWorker where a chunk kills ATTEMPTS processes.
    """
    waiting: Deque[Tuple[Any, Tuple[Any, ...]]] = deque()
    try:
        for chunk in chunks:
            waiting.append((executor.submit(work, *chunk), chunk))
            if len(waiting) == AHEAD * at_once:
                yield _result(executor, work, *waiting.popleft())
        while waiting:
            yield _result(executor, work, *waiting.popleft())
    finally:
        for future, _ in waiting:
            future.cancel()


def _result(executor: Executor, work: Callable[..., Any], future: Any, chunk: Any) -> Any:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return future.result()
        except BrokenProcessPool as error:
            if attempt == ATTEMPTS:
                raise LostWorker(
                    f"{ATTEMPTS} processes died at the same work: the reason is on standard "
                    "error, unless memory ran out"
                ) from error
            future = executor.submit(work, *chunk)
    raise AssertionError("not reached")
