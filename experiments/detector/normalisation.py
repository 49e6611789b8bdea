"""A photograph on the detector's scale: one width of the field of view, even light, no noise."""

from typing import NamedTuple, Tuple

import cv2
import numpy as np

WIDTH = 1400  # pixels: the field of view on the detector's scale; other sizes are shares of it
# Windows of the medians that large and small exudates are brighter than.
BACKGROUND, NARROW = 1 / 8, 1 / 25
NOISE = 1 / 1000  # sigma of the Gaussian that takes noise out
# Grey levels: a darker background counts as this, so that noise in the dark is not contrast.
DARKEST = 10.0
SHRINK = 4  # the background is smooth, so it is computed on a copy this many times smaller

Box = Tuple[int, int, int, int]  # top, left, height, width in pixels of a photograph


class Calibrated(NamedTuple):
    """The box of a photograph's field of view, resized so that the field has a given width.

    image: uint8 h x w x 3 BGR; field: bool h x w; box: where it lies in the photograph
    """

    image: np.ndarray
    field: np.ndarray
    box: Box


def calibrate(image: np.ndarray, field: np.ndarray, width: int = WIDTH) -> Calibrated:
    """Return the Calibrated of a photograph.

    Zhang et al. (2014) calibrate by the field of view too, since neither pixels nor millimetres are
    comparable between cameras. Where a camera cuts the field of view off above and below, its width
    stays whole, so the width is what is made equal.
    image: uint8 H x W x 3 BGR; field: bool H x W, not empty
    """
    rows, columns = np.flatnonzero(field.any(axis=1)), np.flatnonzero(field.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    box = (top, left, int(rows[-1]) - top + 1, int(columns[-1]) - left + 1)
    size = (width, max(1, round(box[2] * width / box[3])))
    inside = cv2.resize(cut(field, box).astype(np.uint8), size) > 0
    method = cv2.INTER_AREA if width < box[3] else cv2.INTER_LINEAR
    return Calibrated(cv2.resize(cut(image, box), size, interpolation=method), inside, box)


def cut(pixels: np.ndarray, box: Box) -> np.ndarray:
    """Return the pixels inside a box."""
    top, left, height, width = box
    return pixels[top : top + height, left : left + width]


def to_scale(mask: np.ndarray, calibrated: Calibrated) -> np.ndarray:
    """Return the share of each pixel on the detector's scale that a photograph's mask covers.

    mask: bool H x W; returns float32 h x w
    """
    shape = calibrated.field.shape
    method = cv2.INTER_AREA if shape[1] < calibrated.box[3] else cv2.INTER_LINEAR
    covered = cut(mask, calibrated.box).astype(np.float32)
    return cv2.resize(covered, shape[::-1], interpolation=method)


def to_photograph(values: np.ndarray, box: Box, shape: Tuple[int, int]) -> np.ndarray:
    """Return `values` (h x w, on the detector's scale) in a photograph's pixels.

    Each pixel has the nearest value, 0 outside the box. shape: (H, W) of the photograph
    """
    whole = np.zeros(shape, values.dtype)
    cut(whole, box)[...] = cv2.resize(values, (box[3], box[2]), interpolation=cv2.INTER_NEAREST)
    return whole


def contrasts(calibrated: Calibrated, window: float = BACKGROUND) -> np.ndarray:
    """Return how much brighter than its surroundings each pixel is, as a share of them.

    A Gaussian takes the noise out, and a large median follows illumination and pigment. Exudates do
    not raise the median while they fill less than half of its window; they would raise the mean,
    which a mean top-hat subtracts.
    window: size of the surroundings as a share of the width
    Returns float32 h x w x 3, each channel on its own, 0 outside the field of view.
    """
    sigma = max(0.5, NOISE * calibrated.image.shape[1])
    smooth = cv2.GaussianBlur(calibrated.image, (0, 0), sigma).astype(np.float32)
    background = np.maximum(_background(calibrated, window), DARKEST)
    return np.where(calibrated.field[..., None], smooth / background - 1, 0).astype(np.float32)


def _background(calibrated: Calibrated, window: float) -> np.ndarray:
    """Return the median of the window around each pixel: float32 h x w x 3, grey levels."""
    height, width = calibrated.field.shape
    size = (max(1, width // SHRINK), max(1, height // SHRINK))
    small = cv2.resize(calibrated.image, size, interpolation=cv2.INTER_AREA)
    share = cv2.resize(calibrated.field.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    # A pixel of the small field of view must have nothing of the dark surround in it.
    filled = extend(small, share > 0.999)
    side = max(3, round(window * size[0]) | 1)
    channels = [cv2.medianBlur(channel, side) for channel in cv2.split(filled)]
    median = cv2.merge(channels).astype(np.float32)
    smooth = cv2.GaussianBlur(median, (0, 0), side / 8)
    return cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)


def extend(pixels: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Return `pixels` with each one outside the field of view replaced by the nearest one inside.

    So no filter sees the dark surround.
    """
    return pixels[nearest(field)] if field.any() else pixels


def nearest(mask: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Return the row and the column, int h x w each, of the True pixel nearest to every pixel."""
    _, labels = cv2.distanceTransformWithLabels(
        (~mask).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    rows, columns = np.nonzero(mask)
    row_of, column_of = np.zeros(labels.max() + 1, int), np.zeros(labels.max() + 1, int)
    row_of[labels[rows, columns]], column_of[labels[rows, columns]] = rows, columns
    return row_of[labels], column_of[labels]
