"""What work costs: seconds, processor time, and the memory of the processes that do it."""

import threading
import time
from contextlib import contextmanager
from typing import Any, Iterator, List, NamedTuple

POLL = 0.1  # seconds between two looks at the memory


class Cost(NamedTuple):
    """seconds: of the clock; own, others: processor seconds of this process, and of those that it
    started; own_mb, largest_mb: the most memory (10^6 bytes) that this process, and any one of the
    others, was seen to have"""

    seconds: float
    own: float
    others: float
    own_mb: float
    largest_mb: float


@contextmanager
def watched() -> Iterator[List[Cost]]:
    """Yield a list that holds the Cost of the block when it has ended.

    Only processes that were there before it, and are afterwards, have their processor time counted.
    """
    import psutil

    this = psutil.Process()
    others = this.children(recursive=True)
    before = [_used(process) for process in (this, *others)]
    memory = [0.0, 0.0]
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            memory[0] = max(memory[0], _memory(this))
            memory[1] = max([memory[1], *map(_memory, others)])
            ended.wait(POLL)

    looking = threading.Thread(target=look)
    looking.start()
    found: List[Cost] = []
    began = time.perf_counter()
    try:
        yield found
    finally:
        seconds = time.perf_counter() - began
        ended.set()
        looking.join()
    own, *rest = (_used(process) - was for process, was in zip((this, *others), before))
    found.append(Cost(seconds, own, sum(rest), *memory))


def _used(process: Any) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _memory(process: Any) -> float:
    return float(process.memory_info().rss) / 1e6
