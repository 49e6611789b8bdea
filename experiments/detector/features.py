"""What the forest knows of a candidate: its shape, colours, contrasts, outline and context, as one row of numbers.

Lengths are shares of the field of view's width, contrasts are shares of the background (normalisation.contrasts), against the wide
window but where "narrow" is said. The ring is what surrounds a candidate up to RING, is part of no candidate, and is nearer to it
than to others; where there is none, a ring feature is that of the candidate itself.

name                              what
large                             1 for a candidate of the large scale, 0 of the small one
size, length                      side of the square of its area; long axis of the ellipse of its second moments
compactness                       squared number of outline pixels through 4 pi times its area
elongation                        long through short axis of that ellipse
extent                            its area through that of its bounding box
thickness                         twice the largest distance of its pixels from outside it, as a length
red, green, blue                  mean through the photograph's median of the channel
green_red, blue_green             ratios of these channels' means, as they are in the photograph
contrast_red, _green, _blue       mean contrast of the channel
peak, spread                      highest contrast of green, standard deviation of it
narrow, narrow_peak               mean and highest contrast of green against the narrow window
step_red, _green, _blue           mean contrast of the channel above that of the ring
ring, ring_spread                 mean contrast of green in the ring, standard deviation of it
ring_dark                         share of the ring that belongs to vessels and other dark structures
edge, edge_least, edge_spread     gradient of green's contrast on the outline: mean, lowest, standard deviation through mean
inner                             mean gradient over all of it
edge_noise                        edge through the photograph's median gradient
fine, coarse                      mean response to a blob of 1/300 and of 1/100 (difference of Gaussians)
disc_distance, rim_distance       of its centre from the optic disc's centre, from the edge of the field of view
near, crowd                       number of other candidates within about 1/30 and 1/10 of its centre
near_step, crowd_step             the same, each counted with its step_green times its size (0 if that is negative)
rank, rank_step                   share of the photograph's candidates of its scale with a lower edge, a lower step_green
all_candidates, all_edge          their number; the 95th percentile of their edge
all_noise, all_green_red          median gradient of the photograph; ratio of its median green and red

Zhang et al. (2014) use "classical features" and "novel contextual features" (abstract); their list is not in what we could read.
"""
from typing import NamedTuple

import cv2
import numpy as np
from scipy.spatial import cKDTree

from experiments.detector.candidates import slope
from experiments.detector.exclusion import DARK, Disc
from experiments.detector.normalisation import nearest
from experiments.detector.regions import Regions, outlines

RING = 1 / 150  # of the width
FINE, COARSE = 1 / 300, 1 / 100
NEAR, CROWD = 1 / 30, 1 / 10

NAMES = (
    "large", "size", "length", "compactness", "elongation", "extent", "thickness",
    "red", "green", "blue", "green_red", "blue_green",
    "contrast_red", "contrast_green", "contrast_blue", "peak", "spread", "narrow", "narrow_peak",
    "step_red", "step_green", "step_blue", "ring", "ring_spread", "ring_dark",
    "edge", "edge_least", "edge_spread", "inner", "edge_noise", "fine", "coarse",
    "disc_distance", "rim_distance", "near", "crowd", "near_step", "crowd_step", "rank", "rank_step",
    "all_candidates", "all_edge", "all_noise", "all_green_red",
)  # fmt: skip


class Seen(NamedTuple):
    """A photograph on the detector's scale, all h x w. image: uint8 x 3 BGR; field: bool; wide, narrow: float32 x 3, contrasts;
    darkness: float32, see exclusion.dark; disc: Disc."""

    image: np.ndarray
    field: np.ndarray
    wide: np.ndarray
    narrow: np.ndarray
    darkness: np.ndarray
    disc: Disc


def describe(labels, seen, large):
    """Return the features of candidates, float32 (n, len(NAMES)). labels: int32 h x w, 1 to n, 0 elsewhere; seen: Seen; large: bool."""
    n = int(labels.max())
    if n == 0:
        return np.zeros((0, len(NAMES)), np.float32)
    groups = Regions(labels, n)
    columns = {"large": np.full(groups.n, float(large))}
    for part in (_shape, _colour, _contrast, _edge):
        columns.update(part(groups, labels, seen))
    columns.update(_context(groups, seen, columns))
    return np.stack([columns[name] for name in NAMES], axis=1).astype(np.float32)


def _shape(groups, labels, seen):
    width = labels.shape[1]
    row, column = (groups.mean(place) for place in (groups.row, groups.column))
    # A pixel is a square, not a point: its own second moment is 1/12.
    rr = groups.spread(groups.row) ** 2 + 1 / 12
    cc = groups.spread(groups.column) ** 2 + 1 / 12
    rc = groups.mean(groups.row * groups.column) - row * column
    half, root = (rr + cc) / 2, np.sqrt(((rr - cc) / 2) ** 2 + rc ** 2)
    long, short = half + root, np.maximum(half - root, 1 / 12)
    outline = outlines(labels)
    box = [groups.most(place) - groups.least(place) + 1 for place in (groups.row, groups.column)]
    inside = cv2.distanceTransform(np.pad((labels > 0) & ~outline, 1, mode="constant").astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    return {
        "size": np.sqrt(groups.area) / width,
        "length": 4 * np.sqrt(long) / width,
        "compactness": (groups.mean(outline.astype(float)) * groups.area) ** 2 / (4 * np.pi * groups.area),
        "elongation": np.sqrt(long / short),
        "extent": groups.area / (box[0] * box[1]),
        "thickness": 2 * (groups.most(inside) + 0.5) / width,
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
        "all_green_red": np.full(groups.n, usual[1] / usual[2]),
    }


def _contrast(groups, labels, seen):
    ring = Regions(_ring(labels, seen.field), groups.n)
    green, narrow, dark = seen.wide[..., 1], seen.narrow[..., 1], (seen.darkness > DARK).astype(float)

    def around(measure, values):
        """Return a measure of the ring, or of the candidate itself if it has none."""
        return np.where(ring.area > 0, getattr(ring, measure)(values), getattr(groups, measure)(values))

    columns = {
        "peak": groups.most(green),
        "spread": groups.spread(green),
        "narrow": groups.mean(narrow),
        "narrow_peak": groups.most(narrow),
        "ring": around("mean", green),
        "ring_spread": around("spread", green),
        "ring_dark": around("mean", dark),
    }
    for place, name in enumerate(("blue", "green", "red")):
        columns["contrast_" + name] = groups.mean(seen.wide[..., place])
        columns["step_" + name] = columns["contrast_" + name] - around("mean", seen.wide[..., place])
    return columns


def _ring(labels, field):
    """Return the rings as labels, int32 h x w, numbered as the candidates."""
    distance = cv2.distanceTransform((labels == 0).astype(np.uint8), cv2.DIST_L2, 5)
    return np.where((distance > 0) & (distance <= RING * labels.shape[1]) & field, labels[nearest(labels > 0)], 0)


def _edge(groups, labels, seen):
    green = seen.wide[..., 1]
    gradient = slope(green)
    outline = Regions(np.where(outlines(labels), labels, 0), groups.n)
    edge, noise = outline.mean(gradient), float(np.median(gradient[seen.field]))
    return {
        "edge": edge,
        "edge_least": outline.least(gradient),
        "edge_spread": outline.spread(gradient) / np.maximum(edge, 1e-6),
        "inner": groups.mean(gradient),
        "edge_noise": edge / max(noise, 1e-6),
        "fine": groups.mean(_blob(green, FINE)),
        "coarse": groups.mean(_blob(green, COARSE)),
        "all_noise": np.full(groups.n, noise),
    }


def _blob(green, size):
    sigma = size * green.shape[1] / 2
    return cv2.GaussianBlur(green, (0, 0), sigma) - cv2.GaussianBlur(green, (0, 0), 1.6 * sigma)


def _context(groups, seen, columns):
    width = seen.field.shape[1]
    centres = np.stack([groups.mean(groups.row), groups.mean(groups.column)], axis=1)
    rim = cv2.distanceTransform(np.pad(seen.field, 1, mode="constant").astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    strength = np.maximum(columns["step_green"], 0) * columns["size"]
    result = {
        "disc_distance": np.hypot(*(centres - (seen.disc.row, seen.disc.column)).T) / width,
        "rim_distance": rim[tuple(centres.round().astype(int).T)] / width,
        "rank": _rank(columns["edge"]),
        "rank_step": _rank(columns["step_green"]),
        "all_candidates": np.full(groups.n, groups.n),
        "all_edge": np.full(groups.n, np.percentile(columns["edge"], 95)),
    }
    tree = cKDTree(centres)
    for name, distance in (("near", NEAR), ("crowd", CROWD)):
        one, other = tree.query_pairs(distance * width, output_type="ndarray").T
        result[name] = np.bincount(one, minlength=groups.n) + np.bincount(other, minlength=groups.n)
        result[name + "_step"] = np.bincount(one, strength[other], groups.n) + np.bincount(other, strength[one], groups.n)
    return result


def _rank(values):
    """Return the share of all values that are lower than each."""
    return np.searchsorted(np.sort(values), values) / len(values)
