"""What the forest knows of a candidate: its shape, colours, contrasts, outline and context, as one row of numbers.

Lengths are shares of the field of view's width, contrasts are shares of the background (normalisation.contrasts), against the wide
window but where "narrow" is said. The ring is what surrounds a candidate up to RING, is part of no candidate, and is nearer to it
than to others; where there is none, a ring feature is that of the candidate itself.

name                              what
level                             number of its Level in candidates.LEVELS
size                              side of the square of its area
compactness                       squared number of outline pixels through 4 pi times its area
elongation                        long through short axis of the ellipse of its second moments
red, green, blue                  mean through the photograph's median of the channel
green_red, blue_green             ratios of these channels' means, as they are in the photograph
contrast_red, _green, _blue       mean contrast of the channel
peak, spread                      highest contrast of green, standard deviation of it
narrow                            mean contrast of green against the narrow window
step_red, _green, _blue           mean contrast of the channel above that of the ring
ring, ring_spread                 mean contrast of green in the ring, standard deviation of it
ring_dark                         share of the ring that belongs to vessels and other dark structures
edge, inner                       mean gradient of green's contrast on the outline, over all of it
edge_noise                        edge through the photograph's median gradient
disc_distance, rim_distance       of its centre from the optic disc's centre, from the edge of the field of view
crowd                             number of other candidates of its level within CROWD of its centre

Zhang et al. (2014) use "classical features" and "novel contextual features" (abstract); their list is not in what we could read.
More features than these (extent, thickness, blobs, ranks within the photograph, ...) did not help in cross-validation over training
photographs of IDRiD.
"""

from typing import NamedTuple

import cv2
import numpy as np
from scipy.spatial import cKDTree

from experiments.detector.exclusion import DARK, Disc
from experiments.detector.normalisation import nearest
from experiments.detector.regions import Regions, outlines

RING = 1 / 150  # of the width
CROWD = 1 / 10

NAMES = (
    "level", "size", "compactness", "elongation", "red", "green", "blue", "green_red", "blue_green",
    "contrast_red", "contrast_green", "contrast_blue", "peak", "spread", "narrow",
    "step_red", "step_green", "step_blue", "ring", "ring_spread", "ring_dark",
    "edge", "inner", "edge_noise", "disc_distance", "rim_distance", "crowd",
)  # fmt: skip


class Seen(NamedTuple):
    """A photograph on the detector's scale, all h x w. image: uint8 x 3 BGR; field: bool; wide: float32 x 3, contrasts; narrow:
    float32, contrast of green; darkness: float32, see exclusion.dark; disc: Disc."""

    image: np.ndarray
    field: np.ndarray
    wide: np.ndarray
    narrow: np.ndarray
    darkness: np.ndarray
    disc: Disc


def describe(labels, seen, level):
    """Return the features of the candidates of one level, float32 (n, len(NAMES)).

    labels: int32 h x w, 1 to n, 0 elsewhere; seen: Seen; level: its number
    """
    n = int(labels.max())
    if n == 0:
        return np.zeros((0, len(NAMES)), np.float32)
    groups = Regions(labels, n)
    columns = {"level": np.full(n, level)}
    for part in (_shape, _colour, _contrast, _edge, _context):
        columns.update(part(groups, labels, seen))
    return np.stack([columns[name] for name in NAMES], axis=1).astype(np.float32)


def _shape(groups, labels, seen):
    row, column = (groups.mean(place) for place in (groups.row, groups.column))
    # A pixel is a square, not a point: its own second moment is 1/12.
    rr = groups.spread(groups.row) ** 2 + 1 / 12
    cc = groups.spread(groups.column) ** 2 + 1 / 12
    rc = groups.mean(groups.row * groups.column) - row * column
    half, root = (rr + cc) / 2, np.sqrt(((rr - cc) / 2) ** 2 + rc**2)
    return {
        "size": np.sqrt(groups.area) / labels.shape[1],
        "compactness": groups.mean(outlines(labels).astype(float)) ** 2 * groups.area / (4 * np.pi),
        "elongation": np.sqrt((half + root) / np.maximum(half - root, 1 / 12)),
    }


def _colour(groups, labels, seen):
    blue, green, red = (groups.mean(seen.image[..., channel].astype(float)) for channel in range(3))
    usual = np.maximum(np.median(seen.image[seen.field], axis=0), 1)
    return {
        "red": red / usual[2],
        "green": green / usual[1],
        "blue": blue / usual[0],
        "green_red": green / np.maximum(red, 1),
        "blue_green": blue / np.maximum(green, 1),
    }


def _contrast(groups, labels, seen):
    ring = Regions(_ring(labels, seen.field), groups.n)
    green, dark = seen.wide[..., 1], (seen.darkness > DARK).astype(float)

    def around(measure, values):
        """Return a measure of the ring, or of the candidate itself if it has none."""
        return np.where(
            ring.area > 0, getattr(ring, measure)(values), getattr(groups, measure)(values)
        )

    columns = {
        "peak": groups.most(green),
        "spread": groups.spread(green),
        "narrow": groups.mean(seen.narrow),
        "ring": around("mean", green),
        "ring_spread": around("spread", green),
        "ring_dark": around("mean", dark),
    }
    for place, name in enumerate(("blue", "green", "red")):
        columns["contrast_" + name] = groups.mean(seen.wide[..., place])
        columns["step_" + name] = columns["contrast_" + name] - around(
            "mean", seen.wide[..., place]
        )
    return columns


def _ring(labels, field):
    """Return the rings as labels, int32 h x w, numbered as the candidates."""
    distance = cv2.distanceTransform((labels == 0).astype(np.uint8), cv2.DIST_L2, 5)
    return np.where(
        (distance > 0) & (distance <= RING * labels.shape[1]) & field,
        labels[nearest(labels > 0)],
        0,
    )


def _edge(groups, labels, seen):
    gradient = slope(seen.wide[..., 1])
    edge = Regions(np.where(outlines(labels), labels, 0), groups.n).mean(gradient)
    noise = np.median(gradient[seen.field])
    return {
        "edge": edge,
        "inner": groups.mean(gradient),
        "edge_noise": edge / max(float(noise), 1e-6),
    }


def slope(values):
    """Return the length of the gradient, float32 h x w, in units of `values` a pixel, after a blur by 1/1000 of the width."""
    smooth = cv2.GaussianBlur(values, (0, 0), max(0.5, values.shape[1] / 1000))
    # Not cv2.magnitude: with OpenCV 5 its last bits depend on where the arrays lie in memory.
    return np.hypot(
        *(cv2.Sobel(smooth, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    )


def _context(groups, labels, seen):
    centres = np.stack([groups.mean(groups.row), groups.mean(groups.column)], axis=1)
    rim = cv2.distanceTransform(
        np.pad(seen.field, 1, mode="constant").astype(np.uint8), cv2.DIST_L2, 5
    )[1:-1, 1:-1]
    pairs = cKDTree(centres).query_pairs(CROWD * labels.shape[1], output_type="ndarray")
    return {
        "disc_distance": np.hypot(*(centres - (seen.disc.row, seen.disc.column)).T)
        / labels.shape[1],
        "rim_distance": rim[tuple(centres.round().astype(int).T)] / labels.shape[1],
        "crowd": np.bincount(pairs.ravel(), minlength=groups.n),
    }
