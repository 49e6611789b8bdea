"""Pictures of one number per pixel: smooth noise, and irregular blobs painted in."""

import math
from typing import Sequence, Tuple

import cv2
import numpy as np

from data_prep.phantom.patient import Point, View

_BITS = 4  # OpenCV takes polygon corners in 1/16 pixels


def smooth_noise(random: np.random.RandomState, view: View, step: int, cell: float) -> np.ndarray:
    """Return noise of mean 0 and deviation about 1: float32 `view.shape(step)`.

    It varies over `cell` units. The random numbers drawn depend on the shape of the photograph, not
    on its size in pixels, so a small phantom shows the same eye as a large one.
    """
    height, width = view.shape(step)
    rows = int(round(view.size[0] / view.unit / cell)) + 3
    columns = int(round(view.size[1] / view.unit / cell)) + 3
    coarse = noise_grid(random, rows, columns)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(1.3)


def noise_grid(random: np.random.RandomState, rows: int, columns: int) -> np.ndarray:
    """Return independent noise of mean 0 and deviation 1: float32 rows x columns.

    It sums four random bytes: close to normal, and several times faster than `random.normal`.
    """
    count = rows * columns
    numbers = np.frombuffer(random.bytes(4 * count), np.uint8).reshape(4, count)
    total = numbers.sum(axis=0, dtype=np.float32)
    return ((total - 510) / 147.8).reshape(rows, columns)


def blob(
    random: np.random.RandomState,
    centre: Point,
    radius: float,
    stretch: float = 1.0,
    angle: float = 0.0,
    rough: float = 0.25,
    corners: int = 14,
) -> np.ndarray:
    """Return the outline of an irregular spot around `centre`: (corners, 2), in units.

    radius: units; stretch: length divided by width, at equal area; angle: of the long axis,
    radians; rough: deviation of the outline's distance from the centre, as a share of the radius
    """
    around = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    noise = random.normal(0, 1, corners)
    noise = noise + 0.5 * (np.roll(noise, 1) + np.roll(noise, -1))
    distance = radius * np.clip(1 + rough * noise, 0.35, 1.9)
    along = distance * np.cos(around) * np.sqrt(stretch)
    across = distance * np.sin(around) / np.sqrt(stretch)
    cosine, sine = np.cos(angle), np.sin(angle)
    return (
        np.stack([along * cosine - across * sine, along * sine + across * cosine], axis=1) + centre
    )


def paint(
    view: View, outlines: Sequence[np.ndarray], values: Sequence[float], step: int
) -> np.ndarray:
    """Fill outlines with values 0-1, weak ones first: float32 `view.shape(step)`, 0 elsewhere.

    outlines: (N, 2) each, in units
    """
    canvas = np.zeros(view.shape(step), np.uint8)
    for index in np.argsort(values, kind="stable"):
        pixels = (view.pixels(outlines[index]) - (step - 1) / 2) / step
        corners = np.round(pixels * 2**_BITS).astype(np.int32)
        level = int(round(255 * min(1.0, values[index])))
        cv2.fillPoly(canvas, [corners], level, cv2.LINE_AA, _BITS)
    return canvas.astype(np.float32) / 255


def blur(field: np.ndarray, sigma: float) -> np.ndarray:
    """Return the field under a Gaussian blur of `sigma` pixels, unblurred if that is too little."""
    return cv2.GaussianBlur(field, (0, 0), sigma) if sigma > 0.2 else field


def enlarge(field: np.ndarray, view: View) -> np.ndarray:
    """Return a reduced picture at the photograph's full size, linearly interpolated."""
    return cv2.resize(field, view.size[::-1], interpolation=cv2.INTER_LINEAR)


def ramp(field: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return 0 below `low`, 1 above `high`, a smooth rise between them.

    If `low` is the larger one, the ramp falls.
    """
    share = np.clip((field - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)


def add_layer(light: np.ndarray, layer: np.ndarray, colour: Sequence[float]) -> None:
    """Add a layer (H x W) of a colour, given where the layer is 1, to `light` (H x W x 3)."""
    for channel in range(3):
        light[..., channel] += layer * np.float32(colour[channel])


def polar(centre: Point, distance: float, angle: float) -> Tuple[float, float]:
    """Return the point at a distance (units) and angle (radians) from `centre`."""
    return centre[0] + distance * math.cos(angle), centre[1] + distance * math.sin(angle)
