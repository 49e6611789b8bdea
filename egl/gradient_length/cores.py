"""Cores of this machine shared by processes: each holds its own, and may borrow idle ones.

A core is a lock file. The kernel releases a lock when its process ends, however it ends, so nothing
has to be cleaned up.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Iterator, List, Optional

from data_prep.locks import try_lock
from egl.errors import EglError
from egl.nets.arguments import path_of, whole_number

POLL = 0.05  # seconds between two looks for a free core


@dataclass(frozen=True)
class CoreSlots:
    """`n` cores shared by all processes that name the same folder.

    folder: where the lock files lie; it is made where it is missing
    Raises EglError for n < 1, NetError for an n that is no whole number.
    """

    folder: str
    n: int

    def __post_init__(self) -> None:
        # Frozen: a dataclass's own way to set what was given in another form.
        object.__setattr__(self, "folder", path_of(self.folder, "the folder of CoreSlots"))
        object.__setattr__(self, "n", whole_number(self.n, "cores"))
        if self.n < 1:
            raise EglError(f"cores must be at least 1, not {self.n}")

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold one core while the context lasts; wait until one is free."""
        claimed = self._claim(1)
        while not claimed:
            time.sleep(POLL)
            claimed = self._claim(1)
        try:
            yield
        finally:
            _release(claimed)

    @contextmanager
    def extra(self, most: Optional[int] = None) -> Iterator[int]:
        """Claim the cores that are free now, without waiting; give them back with the context.

        most: how many at most; None: all. Yields how many were claimed, perhaps 0.
        """
        claimed = self._claim(self.n if most is None else most)
        try:
            yield len(claimed)
        finally:
            _release(claimed)

    def _claim(self, most: int) -> List[int]:
        """Return the descriptors of at most `most` lock files that are locked now."""
        os.makedirs(self.folder, exist_ok=True)
        claimed: List[int] = []
        for core in range(self.n):
            if len(claimed) >= most:
                break
            # Child processes do not inherit the descriptor: they would hold the lock as well.
            descriptor = os.open(os.path.join(self.folder, f"core-{core}.lock"), _FLAGS, 0o666)
            if try_lock(descriptor) is False:
                os.close(descriptor)
            else:
                claimed.append(descriptor)
        return claimed


_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


def _release(descriptors: List[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
