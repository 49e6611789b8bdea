"""What a caller passes to Caffe, checked as data_prep.arguments does; errors are NetErrors."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from data_prep import arguments
from data_prep.arguments import described
from data_prep.errors import DataError
from egl.errors import NetError


def path_of(value: Any, name: str) -> str:
    """Return a path (str, bytes or pathlib.Path) as a str; NetError for anything else, and ""."""
    try:
        path = arguments.path_of(value, name)
    except DataError as error:
        raise NetError(str(error)) from error
    if not path:
        raise NetError(f"{name} must be a path, not ''")
    return path


def whole_number(value: Any, name: str) -> int:
    """Return an int for a whole number of any kind, 8.0 included; NetError for anything else."""
    try:
        return arguments.whole_number(value, name)
    except DataError as error:
        raise NetError(str(error)) from error


def check_file(path: str) -> None:
    """Raise NetError for what is there but no file: to open a pipe would wait for ever."""
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise NetError(f"{path}: cannot be read: a pipe or a device, not a file")


def check_array(value: Any, name: str) -> None:
    """Raise NetError unless `value` is an array of numbers, or an HDF5 data set."""
    if not (hasattr(value, "shape") and hasattr(value, "dtype")):
        raise NetError(f"{name} must be an array (numpy.asarray), not {described(value)}")
    if np.dtype(value.dtype).kind not in "biuf":
        raise NetError(f"{name} must hold numbers, not values of type {value.dtype}")
