"""What the forest knows of a candidate: shape, colours, contrasts, outline and context.

A candidate is one row of numbers. Lengths are shares of the field of view's width. Contrasts are
shares of the background (normalisation.contrasts), against the wide window unless "narrow" is said.
The ring is what surrounds a candidate up to RING, belongs to no candidate and is nearer to this one
than to others; for a candidate without a ring, ring features are measured on the candidate itself.

name                              what
level                             index of its Level in candidates.LEVELS
size                              side of the square of its area
compactness                       squared number of outline pixels over 4 pi times its area
elongation                        long over short axis of the ellipse of its second moments
red, green, blue                  mean over the photograph's median of the channel
green_red, blue_green             ratios of these channels' means, as they are in the photograph
contrast_red, _green, _blue       mean contrast of the channel
peak, spread                      highest contrast of green, its standard deviation
narrow                            mean contrast of green against the narrow window
step_red, _green, _blue           mean contrast of the channel minus that of the ring
ring, ring_spread                 mean contrast of green in the ring, its standard deviation
ring_dark                         share of the ring in vessels and other dark structures
edge, inner                       mean gradient of green's contrast on the outline, over all of it
edge_noise                        edge over the photograph's median gradient
disc_distance, rim_distance       from its centre to the optic disc's, to the edge of the field
crowd                             number of other candidates of its level within CROWD of its centre

Zhang et al. (2014) use "classical features" and "novel contextual features" (abstract); we could
not read their list. More features than these (extent, thickness, blobs, ranks within the
photograph, ...) did not help in cross-validation over training photographs of IDRiD.
"""

from typing import Dict, NamedTuple

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

Columns = Dict[str, np.ndarray]  # feature: (n,), a number for each candidate


class Scene(NamedTuple):
    """A photograph on the detector's scale, all h x w.

    image: uint8 x 3 BGR; field: bool; wide: float32 x 3, contrasts against the wide window; narrow:
    float32, contrast of green against the narrow one; darkness: float32, see exclusion.dark
    """

    image: np.ndarray
    field: np.ndarray
    wide: np.ndarray
    narrow: np.ndarray
    darkness: np.ndarray
    disc: Disc


def describe(labels: np.ndarray, scene: Scene, level: int) -> np.ndarray:
    """Return the features of the candidates of one level: float32 (n, len(NAMES)).

    labels: int32 h x w, 1 to n, 0 elsewhere; level: its index
    """
    n = int(labels.max())
    if n == 0:
        return np.zeros((0, len(NAMES)), np.float32)
    groups = Regions(labels, n)
    columns: Columns = {"level": np.full(n, level)}
    for part in (_shape, _colour, _contrast, _edge, _context):
        columns.update(part(groups, labels, scene))
    return np.stack([columns[name] for name in NAMES], axis=1).astype(np.float32)


def _shape(groups: Regions, labels: np.ndarray, scene: Scene) -> Columns:
    rows, columns = np.indices(labels.shape).astype(float)
    # A pixel is a square, not a point: its own second moment is 1/12.
    rr = groups.spread(rows) ** 2 + 1 / 12
    cc = groups.spread(columns) ** 2 + 1 / 12
    rc = groups.mean(rows * columns) - groups.mean(rows) * groups.mean(columns)
    half, root = (rr + cc) / 2, np.sqrt(((rr - cc) / 2) ** 2 + rc**2)
    outline = groups.mean(outlines(labels).astype(float))
    return {
        "size": np.sqrt(groups.area) / labels.shape[1],
        "compactness": outline**2 * groups.area / (4 * np.pi),
        "elongation": np.sqrt((half + root) / np.maximum(half - root, 1 / 12)),
    }


def _colour(groups: Regions, labels: np.ndarray, scene: Scene) -> Columns:
    blue, green, red = (groups.mean(scene.image[..., channel]) for channel in range(3))
    usual = np.maximum(np.median(scene.image[scene.field], axis=0), 1)
    return {
        "red": red / usual[2],
        "green": green / usual[1],
        "blue": blue / usual[0],
        "green_red": green / np.maximum(red, 1),
        "blue_green": blue / np.maximum(green, 1),
    }


def _contrast(groups: Regions, labels: np.ndarray, scene: Scene) -> Columns:
    ring = Regions(_rings(labels, scene.field), len(groups.area))
    green, dark = scene.wide[..., 1], (scene.darkness > DARK).astype(float)

    def around(measure: str, values: np.ndarray) -> np.ndarray:
        """Return a measure of the ring, or of the candidate itself if it has none."""
        of_ring, of_candidate = getattr(ring, measure)(values), getattr(groups, measure)(values)
        return np.where(ring.area > 0, of_ring, of_candidate)

    columns = {
        "peak": groups.highest(green),
        "spread": groups.spread(green),
        "narrow": groups.mean(scene.narrow),
        "ring": around("mean", green),
        "ring_spread": around("spread", green),
        "ring_dark": around("mean", dark),
    }
    for channel, name in enumerate(("blue", "green", "red")):
        contrast = scene.wide[..., channel]
        columns[f"contrast_{name}"] = groups.mean(contrast)
        columns[f"step_{name}"] = columns[f"contrast_{name}"] - around("mean", contrast)
    return columns


def _rings(labels: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Return the rings as labels, int32 h x w, numbered as the candidates."""
    distance = cv2.distanceTransform((labels == 0).astype(np.uint8), cv2.DIST_L2, 5)
    ring = (distance > 0) & (distance <= RING * labels.shape[1]) & field
    return np.where(ring, labels[nearest(labels > 0)], 0)


def _edge(groups: Regions, labels: np.ndarray, scene: Scene) -> Columns:
    gradient = slope(scene.wide[..., 1])
    outline = Regions(np.where(outlines(labels), labels, 0), len(groups.area))
    edge, noise = outline.mean(gradient), np.median(gradient[scene.field])
    return {
        "edge": edge,
        "inner": groups.mean(gradient),
        "edge_noise": edge / max(float(noise), 1e-6),
    }


def slope(values: np.ndarray) -> np.ndarray:
    """Return the length of the gradient, float32 h x w, after a blur by 1/1000 of the width.

    The unit is that of `values` for each pixel.
    """
    smooth = cv2.GaussianBlur(values, (0, 0), max(0.5, values.shape[1] / 1000))
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    # Not cv2.magnitude: in OpenCV 5, its last bits depend on where the arrays lie in memory.
    return np.hypot(across, down)


def _context(groups: Regions, labels: np.ndarray, scene: Scene) -> Columns:
    width = labels.shape[1]
    rows, columns = np.indices(labels.shape).astype(float)
    centres = np.stack([groups.mean(rows), groups.mean(columns)], axis=1)
    padded = np.pad(scene.field, 1, mode="constant").astype(np.uint8)
    rim = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    pairs = cKDTree(centres).query_pairs(CROWD * width, output_type="ndarray")
    return {
        "disc_distance": np.hypot(*(centres - (scene.disc.row, scene.disc.column)).T) / width,
        "rim_distance": rim[tuple(centres.round().astype(int).T)] / width,
        "crowd": np.bincount(pairs.ravel(), minlength=len(centres)),
    }
