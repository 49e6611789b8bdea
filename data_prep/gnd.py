"""The ground truth of HEI-MED (formerly DMED): a `.GND` list of lesions, a map that numbers them.

Source: the data set's own Matlab classes `Dmed` and `ReadGNDFile` (github.com/lgiancaUTH/HEI-MED,
folder misc/).

- `NAME.GND`, text: an optional version line "GNDVERSION2.0 ...", the number n of lesions, then n
  lines, each a kind of lesion and 1 (bright) or 0 (dark), such as "Exudate 1", "MicroAneurysm 0",
  "Other Bright Lesion 1". Then clinical fields.
- `NAME.map.gz` (or `NAME.map`, the same unpacked): three int32 (one unused, width, height), then
  height rows of width int32: 0 is background, k the k-th lesion of the list, counted from 1. Matlab
  reads it in the machine's order: little-endian.
"""

import gzip
import os
import re
import zlib
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Optional, Sequence

import numpy as np

from data_prep.decoding import check_regular
from data_prep.errors import DataError

_EXUDATE = "exudate"
_VERSION = "gndversion"
_HEADER_BYTES = 12
_MOST_PIXELS = 2**28  # of a map; a photograph of the data set has 4 million
_COUNT = re.compile("[0-9]{1,6}")


def lesion_kinds(path: str) -> List[str]:
    """Return the kinds of lesion that a `.GND` file lists, in its order.

    They are in lower case, without the 0 or 1 at their end. Raises DataError for another file.
    """
    with _opened(path, open) as file:
        lines = file.read().decode("latin-1").splitlines()
    if lines and lines[0].casefold().startswith(_VERSION):
        lines = lines[1:]
    count = lines[0].strip() if lines else ""
    kinds = [line.strip().casefold() for line in lines[1:]]
    if not _COUNT.fullmatch(count) or int(count) > len(kinds):
        raise DataError(
            f"{path}: not a HEI-MED ground truth (a number of lesions, then a line for each): "
            "copy it again"
        )
    return [kind.rstrip("01").rstrip() for kind in kinds[: int(count)]]


def has_exudate(kinds: Sequence[str]) -> bool:
    """Return whether one of the kinds of lesion is an exudate.

    As in the data set's own class, the word decides.
    """
    return any(_EXUDATE in kind for kind in kinds)


def map_file(stem: str) -> Optional[str]:
    """Return the path of the map beside the ground truth `stem`.GND, or None."""
    for suffix in (".map.gz", ".map"):
        if os.path.lexists(stem + suffix):  # a link that leads nowhere is not an absent map
            return stem + suffix
    return None


def read_map(path: str) -> np.ndarray:
    """Return the map of lesions: int32 H x W, 0 or the lesion's number.

    Raises DataError if the file's size and header disagree.
    """
    width = height = 0
    data = b""
    with _opened(path, gzip.open if path.endswith(".gz") else open) as file:
        header = file.read(_HEADER_BYTES)
        if len(header) == _HEADER_BYTES:
            _, width, height = np.frombuffer(header, "<i4").tolist()
        # A few compressed kilobytes can be gigabytes: no more is read than the header says.
        if width > 0 and height > 0 and width * height <= _MOST_PIXELS:
            data = file.read(4 * width * height + 1)
    if not data or len(data) != 4 * width * height:
        raise DataError(
            f"{path}: not a HEI-MED map (three int32, then width x height int32): copy it again "
            "from its source"
        )
    return np.frombuffer(data, "<i4").reshape(height, width)


def read_exudates(path: str) -> np.ndarray:
    """Return the mask of a `.GND` file: bool H x W, True in every lesion listed as an exudate."""
    kinds = lesion_kinds(path)
    numbered = map_file(os.path.splitext(path)[0])
    if numbered is None:
        raise DataError(
            f"{path}: no map of the lesions beside it: copy the .map.gz of the same name there"
        )
    numbers = read_map(numbered)
    if numbers.min() < 0 or numbers.max() > len(kinds):
        raise DataError(
            f"{numbered}: numbers lesions from {numbers.min()} to {numbers.max()}, but {path} "
            f"lists {len(kinds)}: copy both again"
        )
    is_exudate = np.array([False] + [has_exudate([kind]) for kind in kinds])
    return is_exudate[numbers]


@contextmanager
def _opened(path: str, opener: Callable[..., Any]) -> Iterator[Any]:
    check_regular(path)
    try:
        with opener(path, "rb") as file:
            yield file
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path}: cannot be read ({error}): check that you may read it, or copy it again from "
            "its source"
        ) from error
