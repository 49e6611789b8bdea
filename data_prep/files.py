"""Files written whole or not at all: under a temporary name first, then synced and renamed."""

import contextlib
import csv
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
from contextlib import contextmanager
from typing import Any, Iterable, Iterator, List, Mapping, Optional, Sequence

import numpy as np

from data_prep.errors import DataError

# Part of every temporary name; what a killed process leaves under one is safe to delete.
TEMPORARY = ".writing-"
_TAG_DIGITS = 8  # of the hexadecimal number behind it


@contextmanager
def written_whole(path: str) -> Iterator[str]:
    """Yield a temporary path beside `path`, with its extension, for the block to write a file to.

    When the block ends well, the file is synced and renamed to `path`, so that a reader, or a power
    cut, finds the old file or the new one. When it does not, the temporary file is removed and
    `path` stays as it was. Raises DataError, which names `path`, where the file cannot be written.
    """
    temporary = _temporary(path)
    try:
        yield temporary
        sync(temporary)
        os.replace(temporary, path)
        sync(os.path.dirname(temporary))
    except OSError as error:
        raise _cannot_be_written(path, error) from error
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


@contextmanager
def folder_written_whole(path: str) -> Iterator[str]:
    """Yield a new temporary folder beside `path` for the block to fill.

    When the block ends well, its files are synced and the folder is renamed to `path`; when it does
    not, the folder is removed. So are those that killed processes left for the same `path`. Raises
    DataError where `path` exists or cannot be written.
    """
    if not path:
        raise DataError("an empty name for a new folder: name one that does not exist")
    if os.path.lexists(path):
        raise DataError(f"{path} exists already: remove it, or name a folder that does not exist")
    temporary = _temporary(path)
    _remove_leftovers(temporary)
    made = [parent for parent in _parents(temporary) if not os.path.exists(parent)]
    lock = None
    try:
        os.makedirs(temporary)
        lock = _locked(temporary)
        yield temporary
        for folder, _, names in os.walk(temporary):
            for name in names:
                sync(os.path.join(folder, name))
            sync(folder)
        os.rename(temporary, path)
        sync(os.path.dirname(temporary))
    except OSError as error:
        raise _cannot_be_written(path, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if lock is not None:
            os.close(lock)
        for parent in made:  # empty where the block failed
            with contextlib.suppress(OSError):
                os.rmdir(parent)


def _temporary(path: str) -> str:
    folder, name = os.path.split(os.path.abspath(path))
    stem, extension = os.path.splitext(name)
    return os.path.join(
        folder, f".{stem}{TEMPORARY}{secrets.token_hex(_TAG_DIGITS // 2)}{extension}"
    )


def _parents(path: str) -> List[str]:
    """Return the folders that a path lies in, the innermost first."""
    folder = os.path.dirname(path)
    return [] if folder == path else [folder, *_parents(folder)]


def _locked(folder: str) -> Optional[int]:
    """Return a descriptor that holds the folder's lock until it is closed, or the process ends.

    None where another process holds it. File systems without locks give a descriptor without one.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        pass
    return descriptor


def _remove_leftovers(temporary: str) -> None:
    """Remove temporary folders for the same path whose process is gone, so that none is locked."""
    parent, name = os.path.split(temporary)
    begin = name.split(TEMPORARY)[0] + TEMPORARY
    end = name[len(begin) + _TAG_DIGITS :]
    pattern = re.compile(re.escape(begin) + f"[0-9a-f]{{{_TAG_DIGITS}}}" + re.escape(end))
    for other in os.listdir(parent) if os.path.isdir(parent) else []:
        path = os.path.join(parent, other)
        if pattern.fullmatch(other) and os.path.isdir(path) and not os.path.islink(path):
            lock = _locked(path)
            if lock is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)


def _cannot_be_written(path: str, error: OSError) -> DataError:
    return DataError(
        f"{path}: cannot be written ({error.strerror or error}); "
        "check the disk, or name another place"
    )


def sync(path: str) -> None:
    """Force a file, or the names in a folder, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: str, text: str) -> None:
    """Write a text file whole or not at all, in UTF-8 with the newlines that `text` has."""
    with written_whole(path) as temporary, open(
        temporary, "w", encoding="utf-8", newline=""
    ) as file:
        file.write(text)


def write_json(path: str, value: Any) -> None:
    """Write a JSON file whole or not at all, with sorted keys."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def write_csv(path: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV file whole or not at all."""
    with written_whole(path) as temporary, open(
        temporary, "w", encoding="utf-8", newline=""
    ) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_arrays(path: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays as a compressed .npz, whole or not at all."""
    with written_whole(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)


def sha256_of(path: str) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal. OSError where it cannot be read."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
