"""One process at a time in a folder: the kernel drops a lock when its process ends, however."""

import fcntl
import os
from contextlib import contextmanager
from datetime import datetime
from typing import Iterator

from data_prep.errors import DataError

LOCK = ".lock"  # its presence means nothing, only the kernel's lock on it does


@contextmanager
def locked(folder: str) -> Iterator[int]:
    """Keep other processes out of `folder` while the context lasts.

    Yields the descriptor that holds the lock; a child process that inherits it keeps others out
    until it ends as well. Raises DataError, which says since when, where another process, or this
    one, is in the folder.
    """
    path = os.path.join(folder, LOCK)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            since = os.read(descriptor, 100).decode("utf-8", "replace")
            raise DataError(
                f"{folder}: another process has been at work here since {since}; wait until it "
                "ends, or give another --out"
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{datetime.now():%Y-%m-%d %H:%M:%S}".encode())
        yield descriptor
    finally:
        os.close(descriptor)
