"""HDF5 files where the library would end the process: damaged ones, and a full disk.

Reading damaged metadata and closing a file on a full disk are segmentation faults in HDF5 1.10, not
exceptions.
"""

import contextlib
import faulthandler
import os
import resource
import signal
import warnings
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Mapping, Set, Tuple, TypeVar

import h5py
import numpy as np
from h5py._objects import phil

from data_prep.errors import DataError
from data_prep.files import written_whole

T = TypeVar("T")
_Identity = Tuple[int, int, int, int]
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# To read a file in the child: damaged metadata may also be a loop.
_SECONDS, _BYTES_A_SECOND = 20, 2**23
_OVERHEAD = 2**13  # bytes beside the numbers of a dataset, at most
# Datasets whose values are in the file; not h5py.h5d.VIRTUAL.
_OWN_LAYOUTS = (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED)
_read_before: Set[Tuple[_Identity, Callable[[h5py.File], Any]]] = set()


def read_safely(
    path: str,
    read: Callable[[h5py.File], T],
    kind: str = "patch store",
    remedy: str = "make it again with egl prepare",
) -> T:
    """Return read(file) of the HDF5 file at `path`.

    A file that this process has not read by this function before is read in a child process first,
    so that damage ends that one. Raises DataError for damage and for a file of another kind.
    kind, remedy: what the file is to be, and what to do if it is not, for messages
    """
    with open(path, "rb") as file:
        if file.read(len(_SIGNATURE)) != _SIGNATURE:
            raise DataError(f"{path}: not a {kind}, nor any HDF5 file; {remedy}")
    if (_identity(path), read) not in _read_before:
        problem = _problem_in_child(path, read)
        if problem:
            raise DataError(
                f"{path}: not a {kind}, or a damaged one ({problem}); copy it again, or {remedy}"
            )
        mark_as_read(path, read)
    with h5py.File(path, "r") as file:
        return read(file)


def own_values(file: h5py.File, name: str) -> np.ndarray:
    """Return the values of a dataset of a file; DataError as for own_dataset."""
    return np.asarray(own_dataset(file, name)[...])


def own_dataset(file: h5py.File, name: str) -> h5py.Dataset:
    """Return a dataset of a file; DataError where its values lie in another file.

    Links to other files, external storage and virtual datasets would read any HDF5 or raw file of
    the machine by a path that the file names. name: with '/' between groups
    """
    parts = name.split("/")
    groups = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    linked = any(not isinstance(file.get(group, getlink=True), h5py.HardLink) for group in groups)
    if name in file and linked:
        raise DataError(f"{name} is a link, not a dataset of the file itself")
    dataset = file[name]
    if not isinstance(dataset, h5py.Dataset):
        raise DataError(f"{name} is no dataset")
    creation = dataset.id.get_create_plist()
    if creation.get_external_count() or creation.get_layout() not in _OWN_LAYOUTS:
        raise DataError(f"{name} has its values in another file")
    return dataset


def _identity(path: str) -> _Identity:
    status = os.stat(path)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _problem_in_child(path: str, read: Callable[[h5py.File], T]) -> str:
    """Return why a child process cannot read the file, "" where it can."""
    # A copy of this process starts in milliseconds, a new one in a second. The lock of h5py is
    # taken, lest another thread hold it for ever in the copy.
    ours, theirs = os.pipe()
    with warnings.catch_warnings(), phil:
        warnings.simplefilter("ignore")  # Python 3.12 warns of threads
        process = os.fork()
        if process == 0:
            _read_and_exit(path, read, theirs)
    os.close(theirs)
    with open(ours, "rb") as messages:
        error = messages.read().decode("utf-8", "replace")
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        error = f"the HDF5 library dies of it by signal {os.WTERMSIG(status)}"
    return (error or "its reading failed") if status else ""


def _read_and_exit(path: str, read: Callable[[h5py.File], T], messages: int) -> None:
    """In the child: read, write what went wrong to the descriptor, and exit whatever happens."""
    failed = 1
    try:
        faulthandler.disable()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(_SECONDS + os.path.getsize(path) // _BYTES_A_SECOND)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        with h5py.File(path, "r") as file:
            read(file)
        failed = 0
    except BaseException as error:
        os.write(messages, str(error).encode("utf-8", "replace")[:1000])
    finally:
        os._exit(failed)


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


def write_hdf5(path: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays as datasets, whole or not at all; equal arrays give equal bytes.

    Raises DataError where the file cannot be written.
    """
    with written_whole(path) as temporary:
        n_bytes = sum(array.nbytes for array in arrays.values())
        with new_hdf5(temporary, n_bytes + _OVERHEAD * (1 + len(arrays))) as file:
            for name, array in arrays.items():
                file.create_dataset(name, data=array, track_times=False)


def _reserve(path: str, n_bytes: int) -> None:
    descriptor = os.open(path, os.O_RDWR)
    with contextlib.closing(os.fdopen(descriptor, "r+b")):
        os.posix_fallocate(descriptor, 0, n_bytes)


def mark_as_read(path: str, read: Callable[[h5py.File], Any]) -> None:
    """Let read_safely trust a file that this process has just written, or read."""
    _read_before.add((_identity(path), read))
