"""Bright regions that may be exudates: what is connected above each of a few levels of contrast."""

from typing import NamedTuple

import cv2
import numpy as np

from experiments.detector.normalisation import BACKGROUND, NARROW


class Level(NamedTuple):
    """What is looked for at one level. Sizes are shares of the field of view's width.

    window: of the median that the green channel's contrast is against; contrast: of every pixel of a candidate, or higher; least,
    most: side of the square that has the area of the smallest and of the largest candidate
    """

    window: float
    contrast: float
    least: float
    most: float


# Large exudates stand out from a wide surrounding, small and crowded ones from a narrow one. Low levels find the faint, high
# levels part what a low one runs together; chosen by cross-validation over training photographs of IDRiD.
LEVELS = (
    Level(BACKGROUND, 0.15, 1 / 250, 1 / 8),
    Level(BACKGROUND, 0.08, 1 / 250, 1 / 8),
    Level(NARROW, 0.08, 1 / 500, 1 / 40),
    Level(NARROW, 0.04, 1 / 500, 1 / 40),
)


def find_candidates(green, allowed, level):
    """Return the candidates of a photograph at a Level as labels, int32 h x w: 0 where there is none, else 1 to n.

    green: float32 h x w, contrast of the green channel against the level's window; allowed: bool h x w, where candidates may lie.
    Zhang et al. (2014) segment candidates by mathematical morphology, large and small ones; of their text we could read the
    abstract alone, so the levels are ours. A candidate of one level may lie inside one of another.
    """
    above = ((green >= level.contrast) & allowed).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(above, connectivity=8, ltype=cv2.CV_32S)
    side = np.sqrt(stats[:, cv2.CC_STAT_AREA]) / green.shape[1]
    kept = (side >= level.least) & (side <= level.most)
    kept[0] = False  # what is below the level
    return np.where(kept, np.cumsum(kept), 0).astype(np.int32)[labels]
