"""Files written whole or not at all: under a temporary name first, then synced and renamed."""

import contextlib
import csv
import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
from contextlib import contextmanager
from typing import Any, Iterable, Iterator, List, Mapping, Sequence

import numpy as np

from data_prep.errors import DataError
from data_prep.locks import try_lock

# Part of every temporary name; what a killed process leaves under one is safe to delete.
TEMPORARY = ".writing-"
_TAG_DIGITS = 8  # of the hexadecimal number behind it
_NAME_LENGTH = 50  # of the output's name before it; a name has at most 255 bytes


@contextmanager
def written_whole(path: str) -> Iterator[str]:
    """Yield a temporary path for the block to write a file to, of the name that `path` has.

    It lies in a temporary folder beside `path`. When the block ends well, the file is synced and
    renamed to `path`, so that a reader, or a power cut, finds the old file or the new one. When it
    does not, `path` stays as it was. The folder is removed, and so are those that killed processes
    left for the same `path`. Raises DataError, which names `path`, where it cannot be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(_temporary_folder(path, made_with_parents=False))
            temporary = os.path.join(folder, os.path.basename(path))
            yield temporary
            sync(temporary)
            os.replace(temporary, path)
            sync(os.path.dirname(folder))
        except OSError as error:
            raise cannot_be_written(path, error) from error


@contextmanager
def folder_written_whole(path: str) -> Iterator[str]:
    """Yield a new temporary folder beside `path` for the block to fill.

    When the block ends well, its files are synced and the folder is renamed to `path`; when it does
    not, the folder is removed. So are those that killed processes left for the same `path`. Raises
    DataError where `path` exists or cannot be written.
    """
    if not path:
        raise DataError("an empty name for a new folder: name one that does not exist")
    try:
        os.lstat(path)
    except FileNotFoundError:
        pass
    except OSError as error:  # a name that is too long, a file for a folder
        raise cannot_be_written(path, error) from error
    else:
        raise DataError(f"{path} exists already: remove it, or name a folder that does not exist")
    made = [parent for parent in parents(path) if not os.path.exists(parent)]
    try:
        with _temporary_folder(path, made_with_parents=True) as temporary:
            yield temporary
            for folder, _, names in os.walk(temporary):
                for name in names:
                    sync(os.path.join(folder, name))
                sync(folder)
            os.rename(temporary, path)
            sync(os.path.dirname(temporary))
    except OSError as error:
        raise cannot_be_written(path, error) from error
    finally:
        for parent in made:  # empty where the block failed
            with contextlib.suppress(OSError):
                os.rmdir(parent)


def parents(path: str) -> List[str]:
    """Return the folders that a path lies in, as absolute paths, the innermost first."""
    path = os.path.abspath(path)
    folder = os.path.dirname(path)
    return [] if folder == path else [folder, *parents(folder)]


@contextmanager
def _temporary_folder(path: str, made_with_parents: bool) -> Iterator[str]:
    """Yield a new folder beside `path`, locked while the context lasts and then removed.

    Those for the same `path` whose process is gone, so that none is locked, are removed first.
    """
    parent, name = os.path.split(os.path.abspath(path))
    begin = f".{name[:_NAME_LENGTH]}{TEMPORARY}"
    _remove_leftovers(parent, begin)
    make = os.makedirs if made_with_parents else os.mkdir
    with contextlib.ExitStack() as stack:
        while True:
            temporary = os.path.join(parent, begin + secrets.token_hex(_TAG_DIGITS // 2))
            stack.callback(shutil.rmtree, temporary, ignore_errors=True)  # even at Ctrl-C now
            make(temporary)
            # Before it is locked, another process may take it for a leftover: then make another.
            with contextlib.suppress(FileNotFoundError):
                descriptor = os.open(temporary, os.O_RDONLY)
                stack.callback(os.close, descriptor)
                if try_lock(descriptor) is not False and os.path.isdir(temporary):
                    break
        yield temporary


def _remove_leftovers(parent: str, begin: str) -> None:
    pattern = re.compile(re.escape(begin) + f"[0-9a-f]{{{_TAG_DIGITS}}}")
    names: List[str] = []
    with contextlib.suppress(OSError):  # whoever makes the new folder says what is wrong
        names = os.listdir(parent)
    for name in names:
        path = os.path.join(parent, name)
        if pattern.fullmatch(name) and os.path.isdir(path) and not os.path.islink(path):
            with contextlib.suppress(FileNotFoundError):  # another process removes it
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    if try_lock(descriptor):
                        shutil.rmtree(path, ignore_errors=True)
                finally:
                    os.close(descriptor)


def cannot_be_written(path: str, error: OSError) -> DataError:
    """Return the DataError for a path that the system would not write."""
    return DataError(
        f"{path}: cannot be written ({error.strerror or error}); "
        "check the disk, or name another place"
    )


def check_room(folder: str, n_bytes: int) -> None:
    """Raise OSError unless the disk of `folder` has room for a file of n_bytes.

    For libraries that end the process, or cut their files short, where it has not.
    """
    with tempfile.TemporaryFile(dir=folder) as file:  # has no name that a kill could leave
        os.posix_fallocate(file.fileno(), 0, n_bytes)


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


def sha256_of(*paths: str) -> str:
    """Return the SHA-256 of a file's content, or of several, one after another, in hexadecimal.

    OSError where one cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
    return digest.hexdigest()
