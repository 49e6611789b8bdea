"""Strokes as masks, by rules that static/raster.js follows to the pixel.

A pixel is inside if its centre is. The pixel of row y and column x has its centre at (x + 0.5,
y + 0.5), in coordinates that begin at the photograph's upper left corner.
"""

import base64
from typing import Dict, List, Sequence, Set, Tuple

import numpy as np

from data_prep import field_of_view
from labelling.answers import Stroke
from labelling.page.tools import ACCEPT, BRUSH, ERASER, MASK, POLYGON, REJECT

Points = Sequence[Sequence[float]]


def mask_of(strokes: Sequence[Stroke], shape: Tuple[int, int]) -> np.ndarray:
    """Return what some strokes draw, one upon another: bool H x W.

    strokes: that count (labelling.answers.in_force), as labelling.page.tools has checked them
    """
    mask = np.zeros(shape, bool)
    for stroke in _without_rejected(strokes):
        if stroke.tool in (BRUSH, ERASER):
            paint(mask, stroke.body["points"], stroke.body["radius"], stroke.tool == BRUSH)
        elif stroke.tool in (ACCEPT, POLYGON):
            fill(mask, stroke.body["rings"])
        elif stroke.tool == MASK:
            mask = field_of_view.from_png(base64.b64decode(stroke.body["png"]))
    return mask


def _without_rejected(strokes: Sequence[Stroke]) -> List[Stroke]:
    """Return the strokes but for outlines that were accepted and then rejected."""
    rejected_later: Set[str] = set()
    kept = []
    for stroke in reversed(strokes):
        if stroke.tool == REJECT:
            rejected_later.add(_name(stroke.body))
        elif stroke.tool != ACCEPT or _name(stroke.body) not in rejected_later:
            kept.append(stroke)
    return kept[::-1]


def _name(body: Dict[str, List[Points]]) -> str:
    return str([[[float(v) for v in point] for point in ring] for ring in body["rings"]])


def paint(mask: np.ndarray, points: Points, radius: float, value: bool) -> None:
    """Set the pixels of a mask that are at most `radius` away from a line through some points.

    points: [(x, y)]; one alone is a disc
    """
    height, width = mask.shape
    for (ax, ay), (bx, by) in zip(points, points[1:] if len(points) > 1 else points):
        left = max(0, int(np.floor(min(ax, bx) - radius)))
        top = max(0, int(np.floor(min(ay, by) - radius)))
        right = min(width, int(np.ceil(max(ax, bx) + radius)))
        bottom = min(height, int(np.ceil(max(ay, by) + radius)))
        if left >= right or top >= bottom:
            continue
        x = np.arange(left, right) + 0.5
        y = (np.arange(top, bottom) + 0.5)[:, None]
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        along: np.ndarray = np.zeros((1, 1))
        if length > 0:
            along = np.clip(((x - ax) * dx + (y - ay) * dy) / length, 0.0, 1.0)
        off_x, off_y = x - (ax + along * dx), y - (ay + along * dy)
        near = off_x * off_x + off_y * off_y <= radius * radius
        mask[top:bottom, left:right][near] = value


def fill(mask: np.ndarray, rings: Sequence[Points]) -> None:
    """Set the pixels of a mask that are inside closed rings of points (x, y).

    A pixel is inside where a line to its left crosses the rings an odd number of times.
    """
    corners = np.array([point for ring in rings for point in ring])
    left, top = (max(0, int(value)) for value in np.floor(corners.min(axis=0)))
    right, bottom = (int(value) for value in np.ceil(corners.max(axis=0)))
    right, bottom = min(mask.shape[1], right), min(mask.shape[0], bottom)
    if left >= right or top >= bottom:
        return
    crossings = np.zeros((bottom - top, right - left + 1), np.int32)
    for ring in rings:
        for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]]):
            first = max(top, int(np.ceil(min(ay, by) - 0.5)))
            rows = np.arange(first, min(bottom, int(np.ceil(max(ay, by) - 0.5))))
            if len(rows):
                x = ax + (rows + 0.5 - ay) * (bx - ax) / (by - ay)
                columns = np.clip(np.ceil(x - 0.5), left, right).astype(int)
                np.add.at(crossings, (rows - top, columns - left), 1)
    mask[top:bottom, left:right] |= np.cumsum(crossings, axis=1)[:, :-1] % 2 == 1
