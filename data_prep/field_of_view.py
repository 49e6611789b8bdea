"""The field of view: the part of a fundus photograph that shows the eye.

It leaves out the dark surround, notches and bright artefacts.
"""

import cv2
import numpy as np
from scipy.ndimage import binary_fill_holes

from data_prep.captured_stderr import captured_stderr
from data_prep.errors import DataError
from data_prep.geometry import disc

WORKING_WIDTH = 600  # pixels; the outline is smooth, so a small copy is enough to find it
DARK = 10  # grey levels: noise in the surround of the darkest photographs of the known data sets
# Share of the eye's median brightness: glow around the disc is darker, the eye's dim edge brighter.
RELATIVE_DARK = 0.15
NOTCH = 0.05  # of the diameter: tabs, text and streaks narrower than this are cut off
MARGIN = 0.01  # of the diameter: the blurred rim
LEAST_SHARE = 0.15  # of the photograph: anything smaller is not a fundus photograph
MOST_ELONGATED = 4  # longer side by the shorter one: no camera's frame, and no disc fits in


def find_field_of_view(image: np.ndarray) -> np.ndarray:
    """Return the field of view of a photograph: bool H x W.

    The eye is brighter than the surround in at least one channel. The largest bright piece counts;
    its holes (haemorrhages, a dark fovea) are filled, and parts narrower than 5% of its diameter
    (orientation notches, printed text, reflections at the edge) are cut off. A rim of 1% of the
    diameter is left out.
    image: uint8 H x W x 3. Raises DataError if there is no field of view, because the image is dark
    all over or shows something else. The caller names the file.
    """
    height, width = image.shape[:2]
    if max(height, width) > MOST_ELONGATED * min(height, width):
        raise DataError(
            f"no field of view found: {width} x {height} pixels are not the shape of a photograph"
        )
    factor = min(1.0, WORKING_WIDTH / width)
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).max(axis=2)
    small = cv2.medianBlur(small, 5)
    bright = _largest_piece(small > _threshold(small))
    diameter = 2 * np.sqrt(bright.sum() / np.pi)
    # Many cameras cut the disc at the top and bottom of the frame: the eye continues outside, so
    # the frame is not an edge to open or erode from. Replicating its pixels says so.
    pad = int(diameter * NOTCH) + 2
    padded = cv2.copyMakeBorder(bright.astype(np.uint8), pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, disc(diameter * NOTCH))
    filled = binary_fill_holes(opened).astype(np.uint8)
    eroded = cv2.erode(filled, disc(2 * diameter * MARGIN))
    inside = _largest_piece(eroded[pad:-pad, pad:-pad] > 0)
    if inside.mean() < LEAST_SHARE:
        raise DataError(
            f"no field of view found: the bright part covers {inside.mean():.0%} of the image"
        )
    return cv2.resize(inside.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0


def width_of(field: np.ndarray) -> int:
    """Return how many pixels wide a field of view (bool H x W) is, from its left to its right end.

    Not its height: many cameras cut the eye off above and below.
    """
    columns = np.flatnonzero(field.any(axis=0))
    return int(columns[-1] - columns[0] + 1) if len(columns) else 0


def to_png(field: np.ndarray) -> bytes:
    """Return a field of view (bool H x W) as the bytes of a black and white PNG."""
    settings = [cv2.IMWRITE_PNG_BILEVEL, 1, cv2.IMWRITE_PNG_COMPRESSION, 9]
    _, png = cv2.imencode(".png", field.astype(np.uint8) * 255, settings)
    return png.tobytes()


def from_png(png: bytes) -> np.ndarray:
    """Return the field of view that `to_png` encoded: bool H x W. ValueError for other bytes."""
    with captured_stderr():
        pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE) if png else None
    if pixels is None:
        raise ValueError("not a PNG")
    return pixels > 0


def _threshold(brightness: np.ndarray) -> float:
    """Return the grey level between surround and eye.

    It lies above the noise of the surround and well below the dimmest retina.
    """
    otsu, _ = cv2.threshold(brightness, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    eye = brightness[brightness > otsu]
    return max(DARK, RELATIVE_DARK * float(np.median(eye)) if eye.size else DARK)


def _largest_piece(mask: np.ndarray) -> np.ndarray:
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return np.zeros(mask.shape, bool)
    return pieces == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
