"""Paths from the command line: the same inside runtime/caffe as outside, or refused."""

import argparse
import os

from data_prep.decoding import check_regular

_SHARED = "EGL_SHARED"  # set by runtime/caffe: folders of the machine, with colons between them
_STREAMS = ("/dev/fd/", "/dev/std", "/proc/self/fd/")  # what the caller's shell passes on


def shared_path(text: str) -> str:
    """Return a path as it was given: the type of a command's argument.

    Raises ArgumentTypeError for the reason that `not_shared` gives.
    """
    reason = not_shared(text)
    if reason:
        raise argparse.ArgumentTypeError(reason)
    return text


def not_shared(path: str) -> str:
    """Return why a command may not use a path, "" where it may.

    While runtime/caffe runs a command, some folders are those of Debian 11's system, or of the
    sandbox, with which whatever is written there would be gone.
    """
    shared = os.environ.get(_SHARED)
    if not shared or not path or path.startswith(_STREAMS):
        return ""
    real = os.path.realpath(path)
    if any(f"{real}/".startswith(folder + "/") for folder in shared.split(":")):
        return ""
    top = "/".join(real.split("/")[:2])
    return (
        f"{path}: while Caffe runs, {top} is not this machine's: give another place, such as a "
        "folder in your home"
    )


def check_input(path: str) -> None:
    """Raise DataError unless there is a file to read; a named pipe would be waited for for ever."""
    if not path.startswith(_STREAMS) and not os.path.isdir(path):
        check_regular(path)
