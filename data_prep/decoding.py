"""From an image file to pixels; damage that OpenCV ignores is an error here."""

import os
import stat

import cv2
import numpy as np

from data_prep import jpeg
from data_prep.captured_stderr import captured_stderr
from data_prep.errors import DataError


def read_image(path: str) -> np.ndarray:
    """Return a photograph: uint8 H x W x 3 (BGR).

    A grey one gets three equal channels, 16 bits become 8. The camera's EXIF orientation is not
    applied: the pixels are as they are stored (data_prep.orientation brings masks to them).
    Raises DataError where the file cannot be read, is truncated or damaged, or is not an image.
    """
    return decode(path, bytes_of(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)


def check_regular(path: str) -> None:
    """Raise DataError unless there is a regular file: to open a pipe would wait for ever."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise _cannot_be_read(path, error) from error
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise DataError(f"{path}: cannot be read ({kind}, not a file): move it away")


def bytes_of(path: str) -> bytes:
    """Return the content of a file. DataError where it cannot be read, or is empty."""
    # OpenCV's own file reader fails on non-ASCII paths on some systems.
    check_regular(path)
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise _cannot_be_read(path, error) from error
    if not data:
        raise DataError(f"{path}: the file is empty: copy it again from its source")
    return data


def _cannot_be_read(path: str, error: OSError) -> DataError:
    return DataError(
        f"{path}: cannot be read ({error.strerror}): check that the file exists and that you may "
        "read it"
    )


def decode(path: str, data: bytes, flags: int) -> np.ndarray:
    """Return the pixels of an image file's bytes, as cv2.imdecode does with these flags.

    path: for the message. Raises DataError for what is not a whole image.
    """
    is_jpeg = data.startswith(jpeg.START_OF_FILE)
    problem = jpeg.damage(data) if is_jpeg else None
    if problem:
        raise DataError(f"{path}: the image is {problem}: copy it again from its source")
    try:
        with captured_stderr() as lines:
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        reason = str(error).strip().splitlines()[-1]
        raise DataError(
            f"{path}: OpenCV cannot decode it ({reason}): copy it again, or save it as PNG"
        ) from error
    if pixels is None:
        raise DataError(f"{path}: not an image, or a damaged one: copy it again, or save it as PNG")
    warnings = [line for line in lines if is_jpeg and jpeg.WARNING.search(line)]
    if warnings:
        raise DataError(
            f"{path}: the image is damaged ({warnings[0]}): copy it again from its source; if it "
            "looks right, open it and save it anew"
        )
    return pixels
