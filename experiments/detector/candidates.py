"""Bright regions that may be exudates: of the nested regions above every level of brightness, those with the sharpest outlines."""
from typing import NamedTuple

import cv2
import numpy as np

from experiments.detector.normalisation import BACKGROUND, NARROW

CONNECTED = 8


class Scale(NamedTuple):
    """What is looked for at one scale. Brightness is the contrast of the green channel against the median of a window; sizes are
    shares of the field of view's width.

    window: size of that window; lowest, highest: levels of contrast, STEP times each other; peak: contrast that a region's
    brightest pixel reaches; least, most: side of the square that has the area of the smallest and of the largest region
    grow: a region is preferred to the one inside it if its outline is so many times as steep, or steeper; merge: and to several
    """

    window: float
    lowest: float
    highest: float
    peak: float
    least: float
    most: float
    grow: float
    merge: float


# Chosen on 8 training photographs of IDRiD: what of the annotated pixels, lesions and patches some candidate can find at best.
LARGE = Scale(BACKGROUND, lowest=0.03, highest=0.9, peak=0.06, least=1 / 250, most=1 / 8, grow=0.92, merge=1.1)
SMALL = Scale(NARROW, lowest=0.02, highest=0.75, peak=0.04, least=1 / 500, most=1 / 40, grow=0.85, merge=1.3)
STEP = 1.25


class Level(NamedTuple):
    """The regions above one level. labels: int32 h x w, 0 outside them; area, edge: float (n + 1,), of each region: its pixels and
    the mean gradient on its outline; parent: int (n + 1,), the region of the level below that it lies in."""

    labels: np.ndarray
    area: np.ndarray
    edge: np.ndarray
    parent: np.ndarray


def find_candidates(green, allowed, scale):
    """Return the candidates of a photograph at a Scale as labels, int32 h x w: 0 where there is none, else 1 to n.

    green: float32 h x w, contrast of the green channel against the scale's window; allowed: bool h x w, where candidates may lie.

    The regions above rising levels form a tree, each inside one of the level below: what openings by attributes work on. Of every
    branch the regions are kept whose outlines have the steeper gradient: a region as a whole, or those inside it (by their mean,
    weighted by area). So a small exudate on the blurred glow of others, and a large one of several peaks, both come out as one
    region with the outline that is seen. Zhang et al. (2014) segment candidates by mathematical morphology, large and small ones;
    of their text we could read the abstract alone, so the choice among nested regions by gradient is ours.
    """
    gradient = slope(green)
    levels = _tree(np.where(allowed, green, -1), gradient, scale)
    labels = _paint(levels, _choose(levels, scale, green.shape[1]), green.shape)
    bright = np.zeros(labels.max() + 1, bool)
    bright[labels[green >= scale.peak]] = True
    bright[0] = False
    return np.where(bright, np.cumsum(bright), 0).astype(np.int32)[labels]


def slope(values):
    """Return the length of the gradient, float32 h x w, in units of `values` a pixel, after a blur by 1/1000 of the width."""
    smooth = cv2.GaussianBlur(values, (0, 0), max(0.5, values.shape[1] / 1000))
    return cv2.magnitude(*(cv2.Sobel(smooth, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1))))


def _tree(green, gradient, scale):
    """Return the Levels, from the lowest; those above the brightest pixel are left out."""
    levels, threshold = [], scale.lowest
    while threshold < scale.highest:
        above = (green >= threshold).astype(np.uint8)
        count, labels = cv2.connectedComponents(above, connectivity=CONNECTED, ltype=cv2.CV_32S)
        if count == 1:
            break
        inner = np.flatnonzero(above)
        of = labels.ravel()[inner]
        outline = np.flatnonzero(above - cv2.erode(above, np.ones((3, 3), np.uint8)))
        on = labels.ravel()[outline]
        edge = np.bincount(on, gradient.ravel()[outline], count) / np.maximum(np.bincount(on, minlength=count), 1)
        parent = np.zeros(count, int)
        if levels:
            parent[of] = levels[-1].labels.ravel()[inner]
        levels.append(Level(labels, np.bincount(of, minlength=count).astype(float), edge, parent))
        threshold *= STEP
    return levels


def _choose(levels, scale, width):
    """Return for each Level which regions are better than what lies inside them: list of bool (n + 1,)."""
    least, most = (scale.least * width) ** 2, (scale.most * width) ** 2
    chosen = []
    # Of the regions kept inside each region: how many, the sum of their areas, and of area times the steepest edge of their branch.
    count = area = weighted = np.zeros(len(levels[-1].area)) if levels else None
    for place, level in reversed(list(enumerate(levels))):
        own = np.where((level.area >= least) & (level.area <= most), level.edge, 0)
        inside = weighted / np.maximum(area, 1)
        keep = (own > 0) & (own >= np.where(count > 1, scale.merge, scale.grow) * inside)
        keep[0] = False  # what is outside all regions
        chosen.append(keep)
        # With the steepest edge, not the last one, a branch cannot grow again and again.
        best = np.where(count > 1, own, np.maximum(own, inside))
        count, area, weighted = (np.where(keep, *pair) for pair in ((1, count), (level.area, area), (best * level.area, weighted)))
        if place:
            n = len(levels[place - 1].area)
            count, area, weighted = (np.bincount(level.parent, values, n) for values in (count, area, weighted))
    return chosen[::-1]


def _paint(levels, chosen, shape):
    """Return the regions that are chosen and inside no other one as labels, int32 `shape`."""
    painted, count = np.zeros(shape, np.int32), 0
    taken = np.zeros(1, bool)
    for level, keep in zip(levels, chosen):
        inside = taken[level.parent]
        new = keep & ~inside
        painted += np.where(new, count + np.cumsum(new), 0).astype(np.int32)[level.labels]
        count += int(new.sum())
        taken = inside | keep
        taken[0] = False
    return painted
