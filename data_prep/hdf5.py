"""HDF5 files where the library would end the process: damaged ones, and a full disk.

Reading damaged metadata and closing a file on a full disk are segmentation faults in HDF5 1.10, not
exceptions.
"""

import contextlib
import os
import resource
import signal
import warnings
from contextlib import contextmanager
from typing import Callable, Iterator, Set, Tuple, TypeVar

import h5py
from h5py._objects import phil

from data_prep.errors import DataError

T = TypeVar("T")
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_SECONDS = 120  # to read a file in the child: damaged metadata may also be a loop
_read_before: Set[Tuple[int, int, int, int]] = set()


def read_safely(path: str, read: Callable[[h5py.File], T]) -> T:
    """Return read(file) of the HDF5 file at `path`.

    A file that this process has not read before is read in a child process first, so that damage
    ends that one. Raises DataError for such damage and for a file of another kind, and whatever
    `read` raises.
    """
    with open(path, "rb") as file:
        if file.read(len(_SIGNATURE)) != _SIGNATURE:
            raise DataError(
                f"{path}: not a patch store, nor any HDF5 file: make one with egl prepare"
            )
    if _identity(path) not in _read_before:
        _try_in_child(path, read)
        _read_before.add(_identity(path))
    with h5py.File(path, "r") as file:
        return read(file)


def _identity(path: str) -> Tuple[int, int, int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _try_in_child(path: str, read: Callable[[h5py.File], T]) -> None:
    # A copy of this process starts in milliseconds, a new one in a second. The lock of h5py is
    # taken, lest another thread hold it for ever in the copy.
    with warnings.catch_warnings(), phil:
        warnings.simplefilter("ignore")  # Python 3.12 warns of threads
        process = os.fork()
        if process == 0:
            _read_and_exit(path, read)
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        raise DataError(
            f"{path}: damaged: the HDF5 library dies of it (signal {os.WTERMSIG(status)}); copy it "
            "again, or make it again with egl prepare"
        )


def _read_and_exit(path: str, read: Callable[[h5py.File], T]) -> None:
    """In the child: read, and exit whatever happens; exceptions come again in the parent."""
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(_SECONDS)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        with h5py.File(path, "r") as file:
            read(file)
    finally:
        os._exit(0)


@contextmanager
def new_hdf5(path: str, n_bytes: int) -> Iterator[h5py.File]:
    """Yield a new HDF5 file, open for writing, for which the disk has room.

    n_bytes: at least the file's size in the end. Raises OSError where the disk is too full.
    """
    # Twice: a full disk must show before HDF5 has anything to write, and its opening frees what was
    # reserved. The library knows nothing of the reserved bytes, so they are cut off in the end.
    with open(path, "wb") as reserved:
        os.posix_fallocate(reserved.fileno(), 0, n_bytes)
    with h5py.File(path, "w") as file:
        _reserve(path, n_bytes)
        yield file
        file.flush()
        size = file.id.get_filesize()
    os.truncate(path, size)


def _reserve(path: str, n_bytes: int) -> None:
    descriptor = os.open(path, os.O_RDWR)
    with contextlib.closing(os.fdopen(descriptor, "r+b")):
        os.posix_fallocate(descriptor, 0, n_bytes)


def mark_as_read(path: str) -> None:
    """Let read_safely trust a file that this process has just written."""
    _read_before.add(_identity(path))
