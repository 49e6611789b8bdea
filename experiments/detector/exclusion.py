"""What is bright or dark on a photograph and no lesion: reflections at the edge of the field of view, the optic disc, vessels."""

from typing import NamedTuple

import cv2
import numpy as np

from experiments.detector.normalisation import nearest

# Sizes are shares of the width of the field of view.
VESSEL = 1 / 45  # wider than any vessel: size of the closing that fills them
DARK = 0.06  # contrast of the filling: from here on a pixel belongs to a vessel or another dark structure
DISC = 0.155  # diameter of the optic disc: 1.8 mm of the 11.5 to 13 mm that 45 to 50 degrees show
DISC_MARGIN = (
    1.15  # its bright surroundings belong to it: radius of what is excluded, in radii of the disc
)
SHRINK = 4  # for the disc, which is large
RIM = 1 / 100  # width of the rim that a reflection reaches
REFLECTION_DEPTH = 1 / 10  # how far into the field of view reflections reach
REFLECTION = 0.15  # contrast of a smoothed pixel of one
REFLECTION_BLUR = 1 / 125  # sigma of the smoothing


class Disc(NamedTuple):
    """The optic disc: row and column of its centre and its radius, in pixels."""

    row: float
    column: float
    radius: float


def dark(green):
    """Return how much darker than its surroundings each pixel of a dark structure is: float32 h x w, 0 or above.

    green: float32 h x w, contrast of the green channel. The structures are those that a closing fills: narrower than VESSEL in
    one direction at least, so vessels, microaneurysms and small haemorrhages. What is bright is brought down to its background
    before, or else the gaps between exudates were such structures.
    """
    below = np.minimum(green, 0)
    return cv2.morphologyEx(below, cv2.MORPH_CLOSE, ellipse(VESSEL * green.shape[1])) - below


def fill_dark(green, darkness):
    """Return the contrasts with what is darker than the background raised to it, where the structure is dark.

    So the bright strip between two vessels is not brighter than its surroundings because of them.
    """
    return np.where(darkness > DARK, np.maximum(green, 0), green)


def reflections(green, field):
    """Return the bright regions that reach the edge of the field of view: bool h x w.

    Zhang et al. (2014) exclude such bright border regions before they look for candidates. Here: what is connected, among the
    bright pixels not far from the edge, to the outermost rim.
    """
    width = green.shape[1]
    # Beyond the frame the eye goes on, so the frame itself is no edge: only the surround is.
    padded = np.pad(field, 1, mode="edge").astype(np.uint8)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    weight = np.maximum(
        cv2.GaussianBlur(field.astype(np.float32), (0, 0), REFLECTION_BLUR * width), 1e-3
    )
    smooth = (
        cv2.GaussianBlur(
            np.where(field, green, 0).astype(np.float32), (0, 0), REFLECTION_BLUR * width
        )
        / weight
    )
    bright = field & (smooth > REFLECTION) & (depth < REFLECTION_DEPTH * width)
    count, regions = cv2.connectedComponents(bright.astype(np.uint8), connectivity=8)
    touching = np.zeros(count, bool)
    touching[regions[bright & (depth < RIM * width)]] = True
    return bright & touching[regions]


def find_disc(image, darkness, field):
    """Return the Disc of a photograph.

    image: uint8 h x w x 3 BGR; darkness: as from `dark`; field: bool h x w. Every photograph gets one, also where the disc is not
    to be seen. The disc is where a bright circle of its size and many vessels come together: the product of the circle's
    brightness above the ring around it and of the mean darkness of vessels in and above and below it, where they run
    vertically, is highest. Zhang et al. use a detector of their own that the text we could read does not describe.
    """
    size = (image.shape[1] // SHRINK, image.shape[0] // SHRINK)
    inside = cv2.resize(field.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.999
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    light = (small[..., 1] + small[..., 2]) / 2
    light = light[nearest(inside)] if inside.any() else light
    radius = DISC * size[0] / 2
    circle, ring = _mean(light, ellipse(2 * radius)), _mean(light, ellipse(3.4 * radius))
    above = np.maximum(circle - ring, 0) / np.maximum(ring, 1)
    vessels = cv2.resize(
        np.where(field, _vertical(darkness), 0).astype(np.float32),
        size,
        interpolation=cv2.INTER_AREA,
    )
    window = np.ones((int(4 * radius) | 1, int(2 * radius) | 1), np.uint8)
    score = above * _mean(vessels, window) * inside
    row, column = np.unravel_index(int(score.argmax()), score.shape)
    return Disc(
        *(SHRINK * (place + 0.5) - 0.5 for place in (row, column)), DISC * image.shape[1] / 2
    )


def disc_mask(disc, shape):
    """Return the optic disc with its margin: bool `shape`."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - disc.row) ** 2 + (columns - disc.column) ** 2 <= (DISC_MARGIN * disc.radius) ** 2


def ellipse(diameter):
    """Return a round structuring element of odd size, 3 pixels at least."""
    size = max(3, int(round(diameter)) | 1)
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))


def _vertical(darkness):
    """Return the darkness of structures that run rather up than across."""
    length = max(3, int(VESSEL * darkness.shape[1]) | 1)
    along, across = (cv2.blur(darkness, size) for size in ((1, length), (length, 1)))
    return np.maximum(along - across, 0)


def _mean(values, window):
    return cv2.filter2D(
        values, -1, window.astype(np.float32) / window.sum(), borderType=cv2.BORDER_REPLICATE
    )
