"""Whether a command may write where it was told to: found out before the work, not after it."""

import os
from typing import Optional

import h5py

from data_prep.errors import DataError
from data_prep.hdf5 import read_safely

_BY_MATPLOTLIB = b"Matplotlib"  # in the text chunk at the start of its PNGs


def check_store_output(path: str) -> None:
    """Raise DataError unless a store may be written to `path`.

    Its folder must exist. A file that is there already must be a store, or empty.
    """
    check_new_file(path, "--out")
    if os.path.exists(path) and os.path.getsize(path) and not _is_store(path):
        raise DataError(
            f"--out {path}: holds something else than a patch store: name another file, or remove "
            "it"
        )


def check_sheet_output(path: str, store: str) -> None:
    """Raise DataError unless a contact sheet may be written to `path`, beside a store."""
    check_new_file(path, "--contact-sheet")
    if os.path.realpath(path) == os.path.realpath(store):
        raise DataError(f"--contact-sheet {path}: is --out as well: give two names")
    if not os.path.exists(path) or not os.path.getsize(path):
        return
    with open(path, "rb") as file:
        if _BY_MATPLOTLIB not in file.read(1024):
            raise DataError(
                f"--contact-sheet {path}: holds something else than a contact sheet: name another "
                "file, or remove it"
            )


def check_new_file(path: str, option: Optional[str] = None) -> None:
    """Raise DataError unless a file can be written to `path`; option: named in the message."""
    name = f"{option} {path}" if option else path
    if not path:
        raise DataError(f"{option or 'the output'}: an empty name: name a file")
    try:
        os.stat(path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        if not isinstance(error, FileNotFoundError):
            raise DataError(f"{name}: no place for a file ({error}): name another") from error
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or path.endswith(os.sep):
        raise DataError(f"{name}: is a folder: name a file")
    if os.path.exists(path) and not os.path.isfile(path):
        raise DataError(f"{name}: is a device or a pipe: name a file")
    if not os.path.isdir(folder):
        raise DataError(f"{name}: there is no folder {folder}: make it, or name another place")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(f"{name}: you may not write to {folder}: name another place")


def make_folder(path: str, option: str) -> None:
    """Make a folder for outputs, unless it is there; DataError where it cannot be or be written."""
    if not path:
        raise DataError(f"{option}: an empty name: name a folder")
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{option} {path}: cannot be made ({error.strerror}): name another folder"
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise DataError(
            f"{option} {path}: user {os.getuid()} may not write there: name another folder, or run "
            "as its owner (docker run --user)"
        )


def _is_store(path: str) -> bool:
    """Return whether there is a store, of any format, in a file."""
    try:
        return read_safely(path, _looks_like_a_store)
    except Exception:  # h5py raises many kinds for damaged files
        return False


def _looks_like_a_store(file: h5py.File) -> bool:
    return "format" in file.attrs and "patches" in file
