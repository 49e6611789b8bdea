"""What a caller passes, checked: an error of ours names the argument and says what is wanted."""

import operator
import os
from typing import Any

import numpy as np

from data_prep.errors import DataError


def path_of(value: Any, name: str) -> str:
    """Return a path (str, bytes or pathlib.Path) as a str; DataError for anything else."""
    try:
        path = os.fsdecode(value)
    except TypeError as error:
        raise DataError(f"{name} must be a path, not {described(value)}") from error
    if "\0" in path:
        raise DataError(f"{name} must be a path, not {path!r}")
    return path


def whole_number(value: Any, name: str) -> int:
    """Return an int for a whole number of any kind, 8.0 included; DataError for anything else."""
    if not isinstance(value, (bool, np.bool_)):
        try:
            return operator.index(value)
        except TypeError:
            if isinstance(value, (float, np.floating)) and float(value).is_integer():
                return int(value)
    raise DataError(f"{name} must be a whole number, not {described(value)}")


def described(value: Any) -> str:
    """Return a value as a message names it: short ones whole, others by their type."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return f"{value!r:.60}"
    return f"a {type(value).__name__}"
