"""What a caller passes, checked: an error of ours names the argument and says what is wanted."""

from __future__ import annotations

import operator
import os
from typing import Any

import numpy as np

from egl.errors import NetError


def path_of(value: Any, name: str) -> str:
    """Return a path (str, bytes or pathlib.Path) as a str; NetError for anything else."""
    try:
        path = os.fsdecode(value)
    except TypeError as error:
        raise NetError(f"{name} must be a path, not {described(value)}") from error
    if not path or "\0" in path:
        raise NetError(f"{name} must be a path, not {path!r}")
    return path


def whole_number(value: Any, name: str) -> int:
    """Return an int for a whole number of any kind, 8.0 included; NetError for anything else."""
    if not isinstance(value, (bool, np.bool_)):
        try:
            return operator.index(value)
        except TypeError:
            if isinstance(value, (float, np.floating)) and float(value).is_integer():
                return int(value)
    raise NetError(f"{name} must be a whole number, not {described(value)}")


def check_array(value: Any, name: str) -> None:
    """Raise NetError unless `value` has a shape and a dtype: an array, or an HDF5 data set."""
    if not (hasattr(value, "shape") and hasattr(value, "dtype")):
        raise NetError(f"{name} must be an array (numpy.asarray), not {described(value)}")


def described(value: Any) -> str:
    """Return a value as a message names it: short ones whole, others by their type."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return f"{value!r:.60}"
    return f"a {type(value).__name__}"
