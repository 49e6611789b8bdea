"""How dark and how sharp a photograph is inside its field of view: what to look at before labels.

The limits: of 30 photographs of IDRiD none is marked; one of them blurred by a Gaussian of 8
pixels, or darkened to a fifth, is. Marks are hints: a marked photograph is used like any other.
"""

from typing import List, NamedTuple

import cv2
import numpy as np

WIDTH = 512  # pixels of the field of view, so that cameras compare
DARK = 40.0  # mean grey level of the brightest channel
BLURRED = 0.8  # standard deviation of the Laplacian of the green channel, per mean grey level, %


class Quality(NamedTuple):
    """brightness: mean grey level; sharpness: fine contrast, in percent of the brightness."""

    brightness: float
    sharpness: float

    @property
    def marks(self) -> List[str]:
        """Words for what is wrong."""
        return [
            word
            for word, is_so in (
                ("dark", self.brightness < DARK),
                ("blurred", self.sharpness < BLURRED),
            )
            if is_so
        ]


def quality_of(image: np.ndarray, field: np.ndarray) -> Quality:
    """Return the Quality of a photograph, uint8 H x W x 3, in its field of view, bool H x W."""
    columns = np.flatnonzero(field.any(axis=0))
    rows = np.flatnonzero(field.any(axis=1))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    factor = min(1.0, WIDTH / (columns[-1] - columns[0] + 1))
    small = cv2.resize(image[box], None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    size = small.shape[1::-1]
    inside = cv2.resize(field[box].astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    # Not at the rim, where the eye ends.
    inside = cv2.erode(inside, np.ones((9, 9), np.uint8)) > 0
    if not inside.any():
        return Quality(0.0, 0.0)
    brightness = float(small.max(axis=2)[inside].mean())
    green = small[:, :, 1].astype(np.float32)
    detail = cv2.Laplacian(cv2.GaussianBlur(green, (0, 0), 1.0), cv2.CV_32F)
    return Quality(brightness, float(100 * detail[inside].std() / max(green[inside].mean(), 1.0)))
