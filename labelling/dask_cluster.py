"""The workers of a Dask cluster as an executor of chunks.

Dask does the work of a worker that died again, by another one, and gives up on a chunk at which
several died. What happens to the whole cluster becomes a DataError that says how to go on. A worker
may have several threads; Caffe computes in one of them at a time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Tuple

from data_prep import __version__
from data_prep.errors import DataError

START = 10.0  # seconds that a scheduler may take to answer, and to have a worker
WITHOUT_WORKERS = 60.0  # seconds to wait for workers once all are gone: their machines may restart
POLL = 2.0  # seconds between two looks at whether there are workers
_LOGGERS = ("distributed", "distributed.client", "asyncio")  # our own line says what they would


@contextmanager
def cluster(scheduler: str) -> Iterator[Tuple[Any, int]]:
    """Yield (an executor, how many chunks it can work on at once).

    scheduler: its address, tcp://HOST:PORT. Raises DataError where it cannot be reached, has no
    workers, or has workers without this version of the package; the executor's futures raise it
    where the cluster is lost, or a chunk with every worker that tries it.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise DataError(
            "--scheduler: needs dask.distributed: install it (Debian: python3-distributed)"
        ) from error
    with _quiet():
        try:
            client = Client(scheduler, timeout=START, set_as_default=False)
        except (OSError, ValueError) as error:
            raise DataError(f"--scheduler {scheduler}: cannot be reached ({error})") from error
        try:
            _check_workers(client, scheduler)
            yield _Dask(client, scheduler), sum(client.ncores().values())
        finally:
            client.close()


def version() -> str:
    """Return the version of this package, where it is called."""
    return __version__


def _check_workers(client: Any, scheduler: str) -> None:
    try:
        client.wait_for_workers(1, timeout=START)
    except _TIMEOUTS as error:
        raise DataError(
            f"--scheduler {scheduler}: has no workers: start dask-worker {scheduler}"
        ) from error
    try:
        found = set(client.run(version).values())
    except Exception as error:  # an older Dask passes on the text alone
        if "No module named" not in str(error):
            raise
        raise DataError(
            f"--scheduler {scheduler}: a worker cannot import this package ({error}): start it as "
            f"runtime/caffe dask-worker {scheduler}"
        ) from error
    if found != {__version__}:
        raise DataError(
            f"--scheduler {scheduler}: workers of version {', '.join(sorted(found))}, but this is "
            f"version {__version__}: start workers of the same"
        )


class _Dask:
    """A Dask client as an executor."""

    def __init__(self, client: Any, scheduler: str) -> None:
        self.client, self.scheduler = client, scheduler

    def submit(self, work: Callable[..., Any], *arguments: Any) -> _Future:
        # pure=False: a chunk is work to do, not a value to look up.
        return _Future(self, self.client.submit(work, *arguments, pure=False))

    def has_workers(self) -> bool:
        return bool(self.client.scheduler_info()["workers"])

    def lost(self, what: str) -> DataError:
        return DataError(
            f"--scheduler {self.scheduler}: {what}, and run the same command again: what is done "
            "is kept"
        )


class _Future:
    """A chunk that is being worked on."""

    def __init__(self, executor: _Dask, future: Any) -> None:
        self._executor, self._future = executor, future

    def result(self) -> Any:
        """Return the work's result; raise what the work raised, or what became of the cluster."""
        from distributed import CancelledError
        from distributed.scheduler import KilledWorker

        seen = time.monotonic()
        while True:
            try:
                return self._future.result(timeout=POLL)
            except _TIMEOUTS:
                if self._future.done():
                    raise  # the work's own
            except KilledWorker as error:
                raise self._executor.lost(
                    "each worker that took the same photographs died, for want of memory perhaps "
                    "(its log says why): give dask-worker a higher --memory-limit, or --nthreads 1"
                ) from error
            except CancelledError as error:
                raise self._executor.lost("was lost, or was started anew: see its log") from error
            if self._executor.has_workers():
                seen = time.monotonic()
            elif time.monotonic() - seen > WITHOUT_WORKERS:
                raise self._executor.lost(
                    f"has had no workers for {WITHOUT_WORKERS:g} seconds: start some"
                )

    def cancel(self) -> None:
        """Do not begin with it, if that can still be helped."""
        if self._executor.client.status == "running":
            self._future.cancel()


_TIMEOUTS = (asyncio.TimeoutError, TimeoutError)  # two classes before Python 3.11


@contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)
