"""The field of view: the part of a fundus photograph that shows the eye, without the dark surround, notches and bright artefacts."""

import cv2
import numpy as np

from data_prep.errors import DataError

WORKING_WIDTH = 600  # pixels; the outline is smooth, so it is looked for in a small copy
DARK = 10  # grey levels: what the darkest photographs of the known data sets have as noise in the surround
RELATIVE_DARK = 0.15  # of the eye's median brightness: glow around the disc stays below, the dim edge of the eye above
NOTCH = 0.05  # of the diameter: tabs, text and streaks narrower than this are cut off
MARGIN = 0.01  # of the diameter: the blurred rim
LEAST_SHARE = 0.15  # of the photograph: anything smaller is no fundus photograph


def find_field_of_view(image):
    """Return the field of view of a photograph as a bool mask H x W.

    image: uint8 H x W x 3. The eye is what is brighter than the surround in any channel; the largest piece counts, its
    holes (haemorrhages, a dark fovea) are filled, and what is narrower than 5% of its diameter (orientation notches,
    printed text, reflections at the edge) is cut off. A rim of 1% of the diameter is left out.
    Raises DataError where there is none: an image that is all dark, or shows something else. The caller names the file.
    """
    height, width = image.shape[:2]
    factor = min(1.0, WORKING_WIDTH / width)
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).max(axis=2)
    small = cv2.medianBlur(small, 5)
    bright = _largest_piece(small > _threshold(small))
    diameter = 2 * np.sqrt(bright.sum() / np.pi)
    # The frame cuts the disc at the top and bottom of many cameras: the eye goes on outside, so a border of the frame is no edge
    # to open or to erode from. Replicating the frame's pixels says so.
    pad = int(diameter * NOTCH) + 2
    padded = cv2.copyMakeBorder(bright.astype(np.uint8), pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, _disc(diameter * NOTCH))
    eroded = cv2.erode(_fill_holes(opened), _disc(2 * diameter * MARGIN))
    inside = _largest_piece(eroded[pad:-pad, pad:-pad] > 0)
    if inside.mean() < LEAST_SHARE:
        raise DataError(
            f"no field of view found: the bright part covers {inside.mean():.0%} of the image"
        )
    return cv2.resize(inside.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0


def _threshold(brightness):
    """Return the grey level that parts surround and eye: above the surround's noise, well below the dimmest retina."""
    otsu, _ = cv2.threshold(brightness, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    eye = brightness[brightness > otsu]
    return max(DARK, RELATIVE_DARK * float(np.median(eye)) if eye.size else DARK)


def _disc(diameter):
    size = max(3, int(round(diameter)) | 1)
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))


def _largest_piece(mask):
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return np.zeros(mask.shape, bool)
    return pieces == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))


def _fill_holes(mask):
    """Return uint8 `mask` with every hole filled that the outside does not reach."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[-2:]
    return cv2.drawContours(np.zeros_like(mask), outlines, -1, 1, thickness=cv2.FILLED)
