"""The ground truth of HEI-MED (formerly DMED): a `.GND` list of lesions and a `.map.gz` image that numbers them.

Source: the data set's own Matlab classes `Dmed` and `ReadGNDFile` (github.com/lgiancaUTH/HEI-MED, folder misc/).

- `NAME.GND`, text: an optional version line "GNDVERSION2.0 ...", the number n of lesions, then n lines, each a kind of
  lesion and 1 (bright) or 0 (dark), such as "Exudate 1", "MicroAneurysm 0", "Other Bright Lesion 1". Then clinical fields.
- `NAME.map.gz` (or `NAME.map`, the same unpacked): three int32 (one unused, width, height), then height rows of width int32:
  0 is background, k the k-th lesion of the list, counted from 1. Matlab reads it in the machine's order: little-endian.
"""

import gzip
import os
import zlib

import numpy

from data_prep.errors import DataError

_EXUDATE = "exudate"
_VERSION = "gndversion"


def lesion_kinds(path):
    """Return the kinds of lesion listed in a `.GND` file, in order and in lower case, without the 0/1 at their end."""
    lines = _bytes_of(path, open).decode("latin-1").splitlines()
    if lines and lines[0].casefold().startswith(_VERSION):
        lines = lines[1:]
    count = lines[0].strip() if lines else ""
    kinds = [line.strip().casefold() for line in lines[1:]]
    if not count.isdigit() or int(count) > len(kinds):
        raise DataError(
            f"{path}: not a HEI-MED ground truth (a number of lesions, then as many lines): copy it again"
        )
    return [kind.rstrip("01").rstrip() for kind in kinds[: int(count)]]


def has_exudate(kinds):
    """True if one of the kinds of lesion is an exudate; as in the data set's own class, the word decides."""
    return any(_EXUDATE in kind for kind in kinds)


def map_file(stem):
    """Return the path of the map beside the ground truth `stem`.GND, or None if there is none."""
    return next(
        (stem + suffix for suffix in (".map.gz", ".map") if os.path.isfile(stem + suffix)), None
    )


def read_map(path):
    """Return the map of lesions as int32 H x W: 0 or the lesion's number. DataError if its size and header disagree."""
    data = _bytes_of(path, gzip.open if path.endswith(".gz") else open)
    header = numpy.frombuffer(data[:12], "<i4") if len(data) >= 12 else numpy.zeros(3, "<i4")
    width, height = int(header[1]), int(header[2])
    if width < 1 or height < 1 or len(data) != 12 + 4 * width * height:
        raise DataError(
            f"{path}: not a HEI-MED map (three int32 and width x height int32): copy it again from its source"
        )
    return numpy.frombuffer(data, "<i4", offset=12).reshape(height, width)


def read_exudates(path):
    """Return the mask of a `.GND` file as bool H x W: True in every lesion that the list calls an exudate."""
    kinds = lesion_kinds(path)
    numbered = map_file(os.path.splitext(path)[0])
    if numbered is None:
        raise DataError(
            f"{path}: no map of the lesions beside it: copy the .map.gz of the same name there"
        )
    numbers = read_map(numbered)
    if numbers.min() < 0 or numbers.max() > len(kinds):
        raise DataError(
            f"{numbered}: numbers lesions from {numbers.min()} to {numbers.max()}, but {path} lists {len(kinds)}: copy both again"
        )
    exudate = numpy.array([False] + [has_exudate([kind]) for kind in kinds])
    return exudate[numbers]


def _bytes_of(path, opener):
    try:
        with opener(path, "rb") as file:
            return file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path}: cannot be read ({error}): check your rights to it, or copy it again from its source"
        ) from error
