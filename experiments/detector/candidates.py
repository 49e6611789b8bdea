"""Bright regions that may be exudates: what is connected above each of a few levels of contrast."""

from typing import NamedTuple

import cv2
import numpy as np

from experiments.detector.normalisation import BACKGROUND, NARROW


class Level(NamedTuple):
    """What counts as a candidate at one level. Sizes are shares of the field of view's width.

    window: of the median against which the green channel's contrast is measured
    contrast: the least of a candidate's pixels
    least, most: the side of the square with the area of the smallest and of the largest candidate
    """

    window: float
    contrast: float
    least: float
    most: float


# Large exudates stand out from a wide surrounding, small and crowded ones from a narrow one. Low
# levels find the faint ones; high levels separate what a low one joins. Chosen by cross-validation
# over training photographs of IDRiD.
LEVELS = (
    Level(BACKGROUND, 0.15, 1 / 250, 1 / 8),
    Level(BACKGROUND, 0.08, 1 / 250, 1 / 8),
    Level(NARROW, 0.08, 1 / 500, 1 / 40),
    Level(NARROW, 0.04, 1 / 500, 1 / 40),
)


def find_candidates(green: np.ndarray, allowed: np.ndarray, level: Level) -> np.ndarray:
    """Return the candidates of a photograph at a Level as labels: int32 h x w, 1 to n, 0 elsewhere.

    Zhang et al. (2014) segment large and small candidates by mathematical morphology. We could read
    only their abstract, so the levels are ours. A candidate of one level may lie inside one of
    another.
    green: float32 h x w, contrast of the green channel against the level's window
    allowed: bool h x w, where candidates may lie
    """
    above = ((green >= level.contrast) & allowed).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(above, connectivity=8, ltype=cv2.CV_32S)
    side = np.sqrt(stats[:, cv2.CC_STAT_AREA]) / green.shape[1]
    kept = (side >= level.least) & (side <= level.most)
    kept[0] = False  # the pixels below the level
    return np.where(kept, np.cumsum(kept), 0).astype(np.int32)[labels]
