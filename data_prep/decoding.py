"""From the bytes of one image or mask file to pixels; what OpenCV would pass over in silence is an error here."""

import re

import cv2
import numpy

from data_prep import gnd
from data_prep.errors import DataError

# In JPEG's entropy-coded data FF is followed by 00 (a data byte) or D0-D7 (restart); any other code opens a segment.
_JPEG_SEGMENT = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_JPEG_START, _JPEG_END, _JPEG_TEMPORARY = 0xD8, 0xD9, 0x01
_JPEG_FILE = bytes([0xFF, _JPEG_START])


def read_image(path):
    """Return a photograph as uint8 H x W x 3 (BGR); a grey one gets three equal channels, 16 bits become 8.

    The camera's EXIF orientation is not applied: masks are drawn on the pixels as they are stored.
    DataError where the file cannot be read, is truncated, or is no image.
    """
    return _decode(path, _bytes_of(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)


def read_mask(path):
    """Return a mask as bool H x W: True where any colour channel is above 0. A channel of opacity (alpha) is ignored.

    path: an image file of any depth, palettes included, or a `.GND` file of HEI-MED with its map beside it.
    DataError as in read_image, and for a JPEG: its compression leaves values above 0 around what was drawn.
    """
    if path.casefold().endswith(".gnd"):
        return gnd.read_exudates(path)
    data = _bytes_of(path)
    if data.startswith(_JPEG_FILE):
        raise DataError(
            f"{path}: a mask must not be a JPEG (which smears its values): threshold it and save it as PNG"
        )
    pixels = _decode(path, data, cv2.IMREAD_UNCHANGED)
    if pixels.ndim == 2:
        return pixels > 0
    colours = pixels[:, :, :3] if pixels.shape[2] == 4 else pixels
    return (colours > 0).any(axis=2)


def _bytes_of(path):
    # Through memory, as OpenCV's own file reader fails on non-ASCII paths on some systems.
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}): check that the file exists and your rights to it"
        ) from error
    if not data:
        raise DataError(f"{path}: the file is empty: copy it again from its source")
    return data


def _decode(path, data, flags):
    if not _is_whole(data):
        raise DataError(
            f"{path}: the image is truncated (its end is missing): copy it again from its source"
        )
    try:
        pixels = cv2.imdecode(numpy.frombuffer(data, numpy.uint8), flags)
    except cv2.error as error:
        raise DataError(
            f"{path}: OpenCV cannot decode it ({error.err}): copy it again, or save it anew as PNG"
        ) from error
    if pixels is None:
        raise DataError(
            f"{path}: not an image, or a damaged one: copy it again, or save it anew as PNG"
        )
    return pixels


def _is_whole(data):
    """True unless a JPEG lacks its end: OpenCV fills what is missing with grey, where other formats give no image at all."""
    if not data.startswith(_JPEG_FILE):
        return True
    # From segment to segment, since an embedded thumbnail has an end of its own; cameras may write more after the end.
    at = 2
    while True:
        segment = _JPEG_SEGMENT.search(data, at)
        if segment is None:
            return False
        code, at = data[segment.end() - 1], segment.end()
        if code == _JPEG_END:
            return True
        if code not in (_JPEG_START, _JPEG_TEMPORARY):
            at += int.from_bytes(data[at : at + 2], "big")
