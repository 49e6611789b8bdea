"""From a mask file to annotated pixels: what is background, and whether it can be right.

Rules, in this order:

1. Transparent pixels are background, where some pixels are transparent and others are not.
2. Of an image with a palette, colour number 0 is background, whatever colour it is; black is, where
   no pixel has number 0.
3. Of any other image, black is background: the largest of a pixel's channels is its value.
4. Where that leaves nothing in a partly transparent image, what is not transparent is annotated:
   it was drawn in the background's colour.
5. A pixel is annotated if its value is above a threshold, 0 unless it was given.

`check_against_field` refuses what these rules cannot read: an inverted mask, a light background.
"""

import os
from typing import Any, Optional, Tuple

import cv2
import numpy as np

from data_prep import gnd, jpeg
from data_prep.decoding import bytes_of, decode
from data_prep.errors import DataError
from data_prep.files import sha256_of
from data_prep.image_headers import opened

MOST_OF_FIELD = 0.5  # exudates that cover more of the field of view have not been seen
MOST_OF_OUTSIDE = 0.5
LEAST_OUTSIDE = 0.01  # of the photograph: less is no surround to judge by


def read_mask(path: str, threshold: int = 0) -> np.ndarray:
    """Return a mask: bool H x W, True where a pixel's value is above the threshold.

    path: an image file of any depth, or a `.GND` file of HEI-MED with its map beside it, which has
    no values for a threshold. Raises DataError as `read_image` does, and for a JPEG: its
    compression leaves values above 0 around what was drawn.
    """
    if path.casefold().endswith(".gnd"):
        return gnd.read_exudates(path)
    data = bytes_of(path)
    if data.startswith(jpeg.START_OF_FILE):
        raise DataError(
            f"{path}: a mask must not be a JPEG, which smears its values: threshold it and save it "
            "as PNG"
        )
    pixels = decode(path, data, cv2.IMREAD_UNCHANGED)
    value, opacity = _of_pillow(path) or _of_opencv(pixels)
    if opacity is not None and opacity.any() and not opacity.all():
        value = np.where(opacity > 0, value, 0)
        if not value.any():
            value = np.where(opacity > 0, 255, 0)
    annotated: np.ndarray = value > threshold
    return annotated


def checksum(path: str) -> str:
    """Return the SHA-256 of a mask's file, in hexadecimal; of a `.GND` file and its map together.

    OSError where one cannot be read.
    """
    files = [path]
    if path.casefold().endswith(".gnd"):
        files += filter(None, [gnd.map_file(os.path.splitext(path)[0])])
    return sha256_of(*files)


def _of_opencv(pixels: np.ndarray) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    """Return each pixel's value and opacity, the latter None where it has none."""
    if pixels.ndim == 2:
        return pixels, None
    if pixels.shape[2] == 4:
        return pixels[:, :, :3].max(axis=2), pixels[:, :, 3]
    return pixels.max(axis=2), None


def _of_pillow(path: str) -> Optional[Tuple[np.ndarray, Optional[np.ndarray]]]:
    """Return value and opacity where OpenCV does not give palette numbers or opacity, or None.

    OpenCV turns a palette's numbers into colours, and drops the opacity of some grey images.
    """
    with opened(path) as image:
        if image is None:
            return None
        has_key = "transparency" in image.info
        if image.mode not in ("P", "PA", "LA") and not (has_key and image.mode in ("1", "L")):
            return None
        try:
            if image.mode == "P":
                return _of_palette(image)
            numbers = np.array(image)
            colours = np.array(image.convert("RGBA"))
        except Exception as error:  # Pillow raises many kinds for damaged files
            raise DataError(
                f"{path}: Pillow cannot decode it ({error}): copy it again, or save it as grey PNG"
            ) from error
        has_numbers = image.mode == "PA"
    value: np.ndarray = colours[:, :, :3].max(axis=2)
    return _zero_first(numbers[:, :, 0], value) if has_numbers else value, colours[:, :, 3]


def _of_palette(image: Any) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    """Return value and opacity of an image whose pixels are numbers of colours."""
    numbers = np.array(image)
    brightest = np.zeros(256, np.uint8)
    colours = np.array(image.getpalette(), np.uint8).reshape(-1, 3)
    brightest[: len(colours)] = colours.max(axis=1)
    value = _zero_first(numbers, brightest[numbers])
    key = image.info.get("transparency")  # a number, or the opacity of the first numbers
    if key is None:
        return value, None
    opacity = np.full(256, 255, np.uint8)
    if isinstance(key, bytes):
        opacity[: len(key)] = np.frombuffer(key, np.uint8)
    else:
        opacity[key] = 0
    return value, opacity[numbers]


def _zero_first(numbers: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return the values with colour number 0 as background, if a pixel has it, and no other."""
    if numbers.all():
        return value
    result: np.ndarray = np.where(numbers == 0, 0, np.maximum(value, 1))
    return result


def check_against_field(mask: np.ndarray, field: np.ndarray, path: str) -> None:
    """Raise DataError, which names the mask's file, for a mask that cannot be one of exudates.

    mask, field: bool H x W, the annotated pixels and the field of view
    """
    remedy = (
        "save it with its background black and its exudates white; give --mask-threshold where "
        "its background has a value above 0"
    )
    outside = ~field
    if outside.mean() >= LEAST_OUTSIDE and mask[outside].mean() > MOST_OF_OUTSIDE:
        raise DataError(
            f"{path}: {mask[outside].mean():.0%} of what lies outside the field of view is "
            f"annotated, so the mask is inverted or has a light background: {remedy}"
        )
    share = share_of_field(mask, field)
    if share > MOST_OF_FIELD:
        raise DataError(
            f"{path}: {share:.0%} of the field of view is annotated, so it is inverted, or no mask "
            f"of exudates: {remedy}"
        )


def share_of_field(mask: np.ndarray, field: np.ndarray) -> float:
    """Return how much of a field of view is annotated, 0 to 1; both bool H x W."""
    return float(mask[field].mean()) if field.any() else 0.0
