"""The pixels of one record: the photograph and its mask, of one size, at the wanted scale."""

import math
from typing import Optional, Tuple

import cv2
import numpy as np

from data_prep.decoding import read_image
from data_prep.errors import DataError
from data_prep.masks import read_mask
from data_prep.orientation import brought_to_image
from data_prep.records import Record

_MOST_PIXELS = 2**30  # OpenCV reads no larger image either


def read_photograph(record: Record, scale: float = 1.0) -> Tuple[np.ndarray, Optional[np.ndarray]]:
    """Return a photograph (uint8 H x W x 3, BGR) and its mask (bool H x W, True at exudates).

    The mask is None if the record has none.
    scale: output pixels per pixel of the file; 0.5 halves both sides, 1 leaves the pixels as they
    are. Raises DataError, which names the file, if a file is unreadable or damaged, if sizes or
    orientations differ, if a lesion record has no annotated pixel, or if the scale is not a
    positive number or gives an impossible size.
    """
    if not (math.isfinite(scale) and scale > 0):
        raise DataError(f"{record.image}: cannot be scaled by {scale}: give a number above 0")
    image = read_image(record.image)
    mask = None
    if record.mask is not None:
        mask = read_mask(record.mask, record.mask_threshold)
        mask = brought_to_image(mask, record.mask, image, record.image)
    if mask is not None and mask.shape != image.shape[:2]:
        raise DataError(
            f"{record.mask}: the mask is {_size(mask)} but its image {record.image} is "
            f"{_size(image)} (width x height): give the mask at its image's size"
        )
    if record.lesion and (mask is None or not mask.any()):
        raise DataError(
            f"{record.mask or record.image}: no pixel is annotated, but {record.image} is listed "
            "as an image with exudates: correct the mask, or leave the image out"
        )
    if scale == 1:
        return image, mask
    resized = resize_image(image, scale, record.image)
    if mask is None:
        return resized, None
    return resized, resize_mask(mask, resized.shape[1::-1])


def resize_image(image: np.ndarray, scale: float, path: str) -> np.ndarray:
    """Return a photograph (uint8 H x W x 3) with its sides multiplied by `scale`.

    path: for the message. Raises DataError where that gives an impossible size.
    """
    if scale == 1:
        return image
    width, height = round(image.shape[1] * scale), round(image.shape[0] * scale)
    if min(width, height) < 1 or width * height > _MOST_PIXELS:
        raise DataError(
            f"{path}: scaled by {scale} it would have {width} x {height} pixels: give another scale"
        )
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, (width, height), interpolation=interpolation)


def resize_mask(mask: np.ndarray, size: Tuple[int, int]) -> np.ndarray:
    """Return a mask at another size: a pixel is annotated if exudate covers at least half of it.

    mask: bool H x W; size: (width, height)
    This keeps areas on average, whereas "covered at all" would enlarge every lesion by a border.
    But an exudate of few pixels may cover half of no pixel: a connected lesion that would vanish
    keeps the one pixel that it covers most.
    """
    interpolation = cv2.INTER_AREA if size[0] < mask.shape[1] else cv2.INTER_LINEAR
    cover = cv2.resize(mask.astype(np.float32), size, interpolation=interpolation)
    resized = cover >= 0.5
    n_lesions, lesion = cv2.connectedComponents((cover > 0).astype(np.uint8), connectivity=8)
    kept = np.zeros(n_lesions, bool)
    kept[0] = True  # the background
    kept[lesion[resized]] = True
    pixels = np.flatnonzero(~kept[lesion])
    pixels = pixels[np.argsort(-cover.flat[pixels], kind="stable")]
    _, most_covered = np.unique(lesion.flat[pixels], return_index=True)
    resized.flat[pixels[most_covered]] = True
    return resized


def _size(pixels: np.ndarray) -> str:
    return f"{pixels.shape[1]} x {pixels.shape[0]}"
