"""A photograph on the scale that the detector works at: field of view of one width, noise and illumination taken out."""

from typing import NamedTuple

import cv2
import numpy as np

WIDTH = 1400  # pixels: width of the field of view on the detector's scale; all other sizes are shares of it
BACKGROUND, NARROW = (
    1 / 8,
    1 / 25,
)  # of the width: windows of the medians that large and small exudates are brighter than
NOISE = 1 / 1000  # of the width: sigma of the Gaussian that takes noise out
DARKEST = 10.0  # grey levels: a darker background counts as this, so that noise in the dark is not taken for contrast
SHRINK = 4  # the background is smooth, so it is looked for in a copy that is so many times smaller


class Calibrated(NamedTuple):
    """The field of view's box of a photograph, with a field of view of a given width.

    image: uint8 h x w x 3 BGR; field: bool h x w; box: (top, left, height, width) in pixels of the photograph
    """

    image: np.ndarray
    field: np.ndarray
    box: tuple


def calibrate(image, field, width=WIDTH):
    """Return the Calibrated of a photograph: uint8 H x W x 3 BGR with its field of view, bool H x W, which is not empty.

    Zhang et al. (2014) calibrate by the field of view too, since neither pixels nor millimetres are comparable between cameras.
    Here photographs are resized to one width; the field of view of a camera that cuts it off above and below keeps its width.
    """
    (top, bottom), (left, right) = (
        np.flatnonzero(field.any(axis=axis))[[0, -1]] for axis in (1, 0)
    )
    box = (int(top), int(left), int(bottom - top + 1), int(right - left + 1))
    size = (width, max(1, round(box[2] * width / box[3])))
    inside = cut(field, box).astype(np.uint8)
    method = cv2.INTER_AREA if width < box[3] else cv2.INTER_LINEAR
    return Calibrated(
        cv2.resize(cut(image, box), size, interpolation=method), cv2.resize(inside, size) > 0, box
    )


def cut(pixels, box):
    """Return what is inside a box (top, left, height, width)."""
    top, left, height, width = box
    return pixels[top : top + height, left : left + width]


def to_scale(mask, calibrated):
    """Return the share (float32 h x w) of each pixel on the detector's scale that a mask (bool H x W) of the photograph covers."""
    shape = calibrated.field.shape
    method = cv2.INTER_AREA if shape[1] < calibrated.box[3] else cv2.INTER_LINEAR
    return cv2.resize(
        cut(mask, calibrated.box).astype(np.float32), shape[::-1], interpolation=method
    )


def to_photograph(values, box, shape):
    """Return `values` (h x w, on the detector's scale) in a photograph's pixels, `shape`: of the nearest, 0 outside the box."""
    whole = np.zeros(shape, values.dtype)
    cut(whole, box)[...] = cv2.resize(values, (box[3], box[2]), interpolation=cv2.INTER_NEAREST)
    return whole


def contrasts(calibrated, window=BACKGROUND):
    """Return how much brighter than its surroundings each pixel is in each channel, as a share of them: float32 h x w x 3, 0 outside.

    window: size of the surroundings as a share of the width. A Gaussian takes the noise out, a large median follows illumination
    and pigment. The median is not drawn upwards by exudates as long as they fill less than half of its window, as the mean would
    be that a mean top-hat subtracts.
    """
    smooth = cv2.GaussianBlur(
        calibrated.image, (0, 0), max(0.5, NOISE * calibrated.image.shape[1])
    ).astype(np.float32)
    background = np.maximum(_background(calibrated, window), DARKEST)
    return np.where(calibrated.field[..., None], smooth / background - 1, 0).astype(np.float32)


def _background(calibrated, window):
    """Return the median of the window around each pixel, float32 h x w x 3, in grey levels."""
    height, width = calibrated.field.shape
    size = (max(1, width // SHRINK), max(1, height // SHRINK))
    small = cv2.resize(calibrated.image, size, interpolation=cv2.INTER_AREA)
    # A pixel of the small field of view must have nothing of the dark surround in it.
    filled = extend(
        small,
        cv2.resize(calibrated.field.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.999,
    )
    side = max(3, round(window * size[0]) | 1)
    median = cv2.merge([cv2.medianBlur(channel, side) for channel in cv2.split(filled)]).astype(
        np.float32
    )
    return cv2.resize(
        cv2.GaussianBlur(median, (0, 0), side / 8), (width, height), interpolation=cv2.INTER_LINEAR
    )


def extend(pixels, field):
    """Return `pixels` with every pixel outside the field of view replaced by the nearest one inside, so that no filter sees the dark."""
    return pixels[nearest(field)] if field.any() else pixels


def nearest(mask):
    """Return (rows, columns), each int h x w: the nearest pixel where a mask is True, of every pixel."""
    _, labels = cv2.distanceTransformWithLabels(
        (~mask).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    row, column = np.nonzero(mask)
    place = np.zeros((labels.max() + 1, 2), int)
    place[labels[row, column]] = np.stack([row, column], axis=1)
    return place[labels, 0], place[labels, 1]
