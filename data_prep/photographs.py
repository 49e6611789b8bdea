"""The pixels of one record: the photograph and its mask, of one size, brought to the wanted scale."""

import math

import cv2
import numpy

from data_prep.decoding import read_image, read_mask
from data_prep.errors import DataError

_MOST_PIXELS = 2**30  # OpenCV reads no larger image either


def read_photograph(record, scale=1.0):
    """Return (image, mask): uint8 H x W x 3 in BGR, and bool H x W where exudate is annotated (None without a mask).

    record: a data_prep.records.Record
    scale: output pixels per pixel of the file; 0.5 halves both sides, 1 leaves the pixels as they are
    DataError, naming the file: unreadable or truncated, sizes that differ, a lesion record without an annotated pixel,
    a scale that is no positive number or gives an impossible size.
    """
    if not (math.isfinite(scale) and scale > 0):
        raise DataError(f"{record.image}: cannot be scaled by {scale}: give a number above 0")
    image = read_image(record.image)
    mask = None if record.mask is None else read_mask(record.mask)
    if mask is not None and mask.shape != image.shape[:2]:
        raise DataError(
            f"{record.mask}: the mask is {_size(mask)} but its image {record.image} is {_size(image)} (width x height):"
            " give the mask at its image's size"
        )
    if record.lesion and (mask is None or not mask.any()):
        raise DataError(
            f"{record.mask or record.image}: no pixel is annotated, yet {record.image} is listed as an image"
            " with exudates: correct the mask, or leave the image out"
        )
    if scale == 1:
        return image, mask
    width, height = round(image.shape[1] * scale), round(image.shape[0] * scale)
    if min(width, height) < 1 or width * height > _MOST_PIXELS:
        raise DataError(
            f"{record.image}: scaled by {scale} it would have {width} x {height} pixels: give another scale"
        )
    image = cv2.resize(
        image, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    if mask is None:
        return image, None
    return image, _resize_mask(
        mask, (width, height), cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )


def _resize_mask(mask, size, interpolation):
    """Return the mask at another size: a pixel is annotated if exudate covers half of it or more.

    So areas are kept on average, where "covered at all" would grow every lesion by a border. But exudates of few pixels
    may cover half of no pixel: each connected lesion that would vanish keeps the one pixel that it covers most.
    """
    cover = cv2.resize(mask.astype(numpy.float32), size, interpolation=interpolation)
    resized = cover >= 0.5
    lesions, lesion = cv2.connectedComponents((cover > 0).astype(numpy.uint8), connectivity=8)
    kept = numpy.zeros(lesions, bool)
    kept[0] = True  # the background
    kept[lesion[resized]] = True
    pixels = numpy.flatnonzero(~kept[lesion])
    pixels = pixels[numpy.argsort(-cover.flat[pixels], kind="stable")]
    _, most_covered = numpy.unique(lesion.flat[pixels], return_index=True)
    resized.flat[pixels[most_covered]] = True
    return resized


def _size(pixels):
    return f"{pixels.shape[1]} x {pixels.shape[0]}"
