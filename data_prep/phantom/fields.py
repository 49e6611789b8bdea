"""Pictures of one number per pixel: smooth noise, and irregular blobs painted in."""

import cv2
import numpy as np

_BITS = 4  # OpenCV takes polygon corners in 1/16 pixels


def smooth_noise(random, view, step, cell):
    """Noise of mean 0 and deviation about 1 that varies over `cell` units: float32, `view.shape(step)`.

    The random numbers drawn depend on the shape of the photograph, not on its size in pixels: so a small phantom shows
    the same eye as a large one.
    """
    height, width = view.shape(step)
    rows = int(round(view.size[0] / view.unit / cell)) + 3
    columns = int(round(view.size[1] / view.unit / cell)) + 3
    coarse = noise_grid(random, rows, columns)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(1.3)


def noise_grid(random, rows, columns):
    """Independent noise of mean 0 and deviation 1, float32 rows x columns.

    Sums of four random bytes: close to normal, and several times faster than `random.normal`.
    """
    count = rows * columns
    total = (
        np.frombuffer(random.bytes(4 * count), np.uint8)
        .reshape(4, count)
        .sum(axis=0, dtype=np.float32)
    )
    return ((total - 510) / 147.8).reshape(rows, columns)


def blob(random, centre, radius, stretch=1.0, angle=0.0, rough=0.25, corners=14):
    """Outline (corners x 2) of an irregular spot around `centre`, in the units of `radius`.

    stretch: length divided by width, at equal area; angle: of the long axis, radians; rough: deviation of the outline's
    distance from the centre, as a share of the radius.
    """
    around = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    noise = random.normal(0, 1, corners)
    noise = noise + 0.5 * (np.roll(noise, 1) + np.roll(noise, -1))
    distance = radius * np.clip(1 + rough * noise, 0.35, 1.9)
    long, wide = (
        distance * np.cos(around) * np.sqrt(stretch),
        distance * np.sin(around) / np.sqrt(stretch),
    )
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([long * c - wide * s, long * s + wide * c], axis=1) + centre


def paint(view, outlines, values, step):
    """Fill outlines (N x 2 in units) with values 0-1, weak ones first: float32 `view.shape(step)`, 0 elsewhere."""
    canvas = np.zeros(view.shape(step), np.uint8)
    for index in np.argsort(values, kind="stable"):
        corners = np.round(
            (view.pixels(outlines[index]) - (step - 1) / 2) / step * 2**_BITS
        ).astype(np.int32)
        cv2.fillPoly(
            canvas, [corners], int(round(255 * min(1.0, values[index]))), cv2.LINE_AA, _BITS
        )
    return canvas.astype(np.float32) / 255


def blur(field, sigma):
    """Gaussian blur with `sigma` in pixels; as it was where that is too little to show."""
    return cv2.GaussianBlur(field, (0, 0), sigma) if sigma > 0.2 else field


def enlarge(field, view):
    """A reduced picture at the photograph's full size, linearly interpolated."""
    return cv2.resize(field, view.size[::-1], interpolation=cv2.INTER_LINEAR)


def ramp(field, low, high):
    """0 below `low`, 1 above `high`, smooth between; `low` may be the larger one, for a falling ramp."""
    share = np.clip((field - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)
