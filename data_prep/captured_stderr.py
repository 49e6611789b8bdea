"""What the C libraries write to standard error while they decode."""

import contextlib
import os
import threading
from contextlib import contextmanager
from typing import Iterator, List

_STDERR = 2
_lock = threading.Lock()


@contextmanager
def captured_stderr() -> Iterator[List[str]]:
    """Yield a list that holds, after the block, the lines written to standard error within it.

    They do not reach the terminal. libjpeg tells of damage in no other way, and OpenCV offers none
    to ask for it. For blocks of milliseconds: whatever another thread writes meanwhile is captured
    as well.
    """
    lines: List[str] = []
    with _lock, open(os.memfd_create("stderr"), "r+b", buffering=0) as file:
        saved = None
        with contextlib.suppress(OSError):  # a process may have closed its standard error
            saved = os.dup(_STDERR)
        os.dup2(file.fileno(), _STDERR)
        try:
            yield lines
        finally:
            if saved is None:
                os.close(_STDERR)
            else:
                os.dup2(saved, _STDERR)
                os.close(saved)
            file.seek(0)
            lines += file.read().decode("utf-8", "replace").splitlines()
