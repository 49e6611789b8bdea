"""Locks between processes: the kernel drops a lock when its process ends, however it ends."""

import errno
import fcntl
import os
from contextlib import contextmanager
from datetime import datetime
from typing import Iterator, Optional

from data_prep.errors import DataError

LOCK = ".lock"  # its presence means nothing, only the kernel's lock on it does
# Never through a link: the file is emptied.
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
# What a file system without locks answers.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL)


def try_lock(descriptor: int) -> Optional[bool]:
    """Lock an open file or folder until its descriptor is closed; return whether that succeeded.

    False where it is locked already, None on a file system that has no locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return None
    return True


@contextmanager
def locked(folder: str) -> Iterator[int]:
    """Keep other processes out of `folder` while the context lasts.

    Yields the descriptor that holds the lock; a child process that inherits it keeps others out
    until it ends as well. Raises DataError, which says since when, where another process, or this
    one, is in the folder. A file system without locks keeps nobody out.
    """
    path = os.path.join(folder, LOCK)
    descriptor = os.open(path, _FLAGS, 0o666)
    try:
        if try_lock(descriptor) is False:
            since = os.read(descriptor, 100).decode("utf-8", "replace")
            raise DataError(
                f"{folder}: another process has been at work here since {since}; wait until it "
                "ends, or give another --out"
            )
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{datetime.now():%Y-%m-%d %H:%M:%S}".encode())
        yield descriptor
    finally:
        os.close(descriptor)
