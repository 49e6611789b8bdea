"""What is bright or dark on a photograph and no lesion: reflections, the optic disc, vessels."""

from typing import NamedTuple, Tuple

import cv2
import numpy as np

from data_prep.geometry import disc as ellipse
from experiments.detector.normalisation import nearest

# Sizes are shares of the width of the field of view.
VESSEL = 1 / 45  # wider than any vessel: the size of the closing that fills them
DARK = 0.06  # contrast of the filling from which on a pixel belongs to a vessel or the like
DISC = 0.155  # diameter of the optic disc: 1.8 mm of the 11.5 to 13 mm that 45 to 50 degrees show
DISC_MARGIN = 1.15  # radius of what is excluded, in radii of the disc: it has bright surroundings
SHRINK = 4  # the disc is large, so it is looked for on a copy this many times smaller
RIM = 1 / 100  # width of the rim that a reflection reaches
REFLECTION_DEPTH = 1 / 10  # how far into the field of view reflections reach
REFLECTION = 0.15  # contrast of a smoothed pixel of one
REFLECTION_BLUR = 1 / 125  # sigma of the smoothing


class Disc(NamedTuple):
    """The optic disc: row and column of its centre and its radius, in pixels."""

    row: float
    column: float
    radius: float


def dark(green: np.ndarray) -> np.ndarray:
    """Return how much darker than its surroundings each pixel of a dark structure is.

    Dark structures are what a closing fills, narrower than VESSEL in at least one direction:
    vessels, microaneurysms and small haemorrhages. Bright pixels are first lowered to the
    background, since otherwise the gaps between exudates would count as dark structures.
    green: float32 h x w, contrast of the green channel; returns float32 h x w, 0 or above
    """
    below = np.minimum(green, 0)
    return cv2.morphologyEx(below, cv2.MORPH_CLOSE, ellipse(VESSEL * green.shape[1])) - below


def fill_dark(green: np.ndarray, darkness: np.ndarray) -> np.ndarray:
    """Return the contrasts with dark structures raised to the background.

    So the strip between two vessels does not look brighter than its surroundings.
    green: contrast of the green channel; darkness: as from `dark`
    """
    return np.where(darkness > DARK, np.maximum(green, 0), green)


def reflections(green: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Return the bright regions that reach the edge of the field of view: bool h x w.

    Zhang et al. (2014) exclude such bright border regions before they look for candidates. Here,
    they are the bright pixels near the edge that are connected to the outermost rim.
    green: float32 h x w, contrast of the green channel; field: bool h x w
    """
    width = green.shape[1]
    # The eye goes on beyond the frame, so the frame is no edge: only the surround is one.
    padded = np.pad(field, 1, mode="edge").astype(np.uint8)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    weight = np.maximum(_blurred(field, width), 1e-3)
    smooth = _blurred(np.where(field, green, 0), width) / weight
    bright = field & (smooth > REFLECTION) & (depth < REFLECTION_DEPTH * width)
    n, regions = cv2.connectedComponents(bright.astype(np.uint8), connectivity=8)
    at_rim = np.zeros(n, bool)
    at_rim[regions[bright & (depth < RIM * width)]] = True
    return bright & at_rim[regions]


def _blurred(values: np.ndarray, width: int) -> np.ndarray:
    return cv2.GaussianBlur(values.astype(np.float32), (0, 0), REFLECTION_BLUR * width)


def find_disc(image: np.ndarray, darkness: np.ndarray, field: np.ndarray) -> Disc:
    """Return the Disc of a photograph; there always is one, even where none is visible.

    It lies where a bright circle of its size and many vessels come together. What is highest there
    is a product: the brightness of the circle above the ring around it, times the mean darkness of
    vessels in it, above and below it, where they run vertically. Zhang et al. use a detector of
    their own, which the text that we could read does not describe.
    image: uint8 h x w x 3 BGR; darkness: as from `dark`; field: bool h x w
    """
    size = (image.shape[1] // SHRINK, image.shape[0] // SHRINK)
    inside = _small(field, size) > 0.999
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    light = (small[..., 1] + small[..., 2]) / 2
    light = light[nearest(inside)] if inside.any() else light
    radius = DISC * size[0] / 2
    circle, ring = _mean(light, ellipse(2 * radius)), _mean(light, ellipse(3.4 * radius))
    above = np.maximum(circle - ring, 0) / np.maximum(ring, 1)
    vessels = _small(np.where(field, _vertical(darkness), 0), size)
    window = np.ones((int(4 * radius) | 1, int(2 * radius) | 1), np.uint8)
    score = above * _mean(vessels, window) * inside
    row, column = np.unravel_index(int(score.argmax()), score.shape)
    centre_row, centre_column = SHRINK * (row + 0.5) - 0.5, SHRINK * (column + 0.5) - 0.5
    return Disc(centre_row, centre_column, DISC * image.shape[1] / 2)


def disc_mask(disc: Disc, shape: Tuple[int, int]) -> np.ndarray:
    """Return the optic disc with its margin: bool `shape`."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - disc.row) ** 2 + (columns - disc.column) ** 2 <= (DISC_MARGIN * disc.radius) ** 2


def _small(values: np.ndarray, size: Tuple[int, int]) -> np.ndarray:
    return cv2.resize(values.astype(np.float32), size, interpolation=cv2.INTER_AREA)


def _vertical(darkness: np.ndarray) -> np.ndarray:
    """Return the darkness of structures that run up rather than across."""
    length = max(3, int(VESSEL * darkness.shape[1]) | 1)
    along, across = cv2.blur(darkness, (1, length)), cv2.blur(darkness, (length, 1))
    return np.maximum(along - across, 0)


def _mean(values: np.ndarray, window: np.ndarray) -> np.ndarray:
    kernel = window.astype(np.float32) / window.sum()
    return cv2.filter2D(values, -1, kernel, borderType=cv2.BORDER_REPLICATE)
