"""From an image or mask file to pixels; damage that OpenCV ignores is an error here."""

import re

import cv2
import numpy as np

from data_prep import gnd
from data_prep.errors import DataError

# In JPEG's entropy-coded data, FF is followed by 00 (a data byte) or D0-D7 (restart); any other
# code opens a segment.
_JPEG_SEGMENT = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_JPEG_START, _JPEG_END, _JPEG_TEMPORARY = 0xD8, 0xD9, 0x01
_JPEG_FILE = bytes([0xFF, _JPEG_START])


def read_image(path: str) -> np.ndarray:
    """Return a photograph: uint8 H x W x 3 (BGR).

    A grey one gets three equal channels, 16 bits become 8. The camera's EXIF orientation is not
    applied, since masks are drawn on the pixels as they are stored.
    Raises DataError where the file cannot be read, is truncated, or is not an image.
    """
    return _decode(path, _bytes_of(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)


def read_mask(path: str) -> np.ndarray:
    """Return a mask: bool H x W, True where any colour channel is above 0; opacity is ignored.

    path: an image file of any depth, palettes included, or a `.GND` file of HEI-MED with its map
    beside it. Raises DataError as `read_image` does, and for a JPEG: its compression leaves values
    above 0 around what was drawn.
    """
    if path.casefold().endswith(".gnd"):
        return gnd.read_exudates(path)
    data = _bytes_of(path)
    if data.startswith(_JPEG_FILE):
        raise DataError(
            f"{path}: a mask must not be a JPEG, which smears its values: threshold it and save it "
            "as PNG"
        )
    pixels = _decode(path, data, cv2.IMREAD_UNCHANGED)
    if pixels.ndim == 2:
        return pixels > 0
    colours = pixels[:, :, :3] if pixels.shape[2] == 4 else pixels
    return (colours > 0).any(axis=2)


def _bytes_of(path: str) -> bytes:
    # OpenCV's own file reader fails on non-ASCII paths on some systems.
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}): check that the file exists and that you "
            "may read it"
        ) from error
    if not data:
        raise DataError(f"{path}: the file is empty: copy it again from its source")
    return data


def _decode(path: str, data: bytes, flags: int) -> np.ndarray:
    if not _is_whole(data):
        raise DataError(
            f"{path}: the image is truncated (its end is missing): copy it again from its source"
        )
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        reason = str(error).strip().splitlines()[-1]
        raise DataError(
            f"{path}: OpenCV cannot decode it ({reason}): copy it again, or save it as PNG"
        ) from error
    if pixels is None:
        raise DataError(f"{path}: not an image, or a damaged one: copy it again, or save it as PNG")
    return pixels


def _is_whole(data: bytes) -> bool:
    """Return False for a JPEG that lacks its end.

    OpenCV fills the missing part with grey; of other formats it decodes nothing. Pillow finds most
    such files, but not a baseline JPEG whose missing part is all zeros, as some downloads leave it.
    """
    if not data.startswith(_JPEG_FILE):
        return True
    # Go from segment to segment, since an embedded thumbnail has an end of its own. Bytes after the
    # end are allowed: some cameras write them.
    position = 2
    while True:
        segment = _JPEG_SEGMENT.search(data, position)
        if segment is None:
            return False
        code, position = data[segment.end() - 1], segment.end()
        if code == _JPEG_END:
            return True
        if code not in (_JPEG_START, _JPEG_TEMPORARY):
            position += int.from_bytes(data[position : position + 2], "big")
