"""Hard exudates: clusters of bright, sharp-edged yellowish deposits."""

import math
from typing import List, NamedTuple, Tuple

import numpy as np

from data_prep.phantom.fields import blob, blur, paint, polar, smooth_noise
from data_prep.phantom.patient import Point, View


class Deposit(NamedTuple):
    """centre, radius: units; stretch: length divided by width; angle: of the long axis, radians."""

    centre: Point
    radius: float
    stretch: float
    angle: float


def exudates(random: np.random.RandomState, view: View) -> Tuple[np.ndarray, np.ndarray]:
    """Return two float32 H x W: how much of each pixel is exudate, 0-1, and how bright that is.

    The brightness is about 0.25 to 1.3.
    """
    outlines, values = [], []
    for deposit, value in _deposits(random, view):
        outlines.append(
            blob(random, deposit.centre, deposit.radius, deposit.stretch, deposit.angle, rough=0.22)
        )
        values.append(value)
    whole = paint(view, outlines, [1.0] * len(outlines), 1)
    # Crumbly edges: the outline follows a fine noise.
    crumbs = smooth_noise(random, view, 1, 3.5)
    lumps = smooth_noise(random, view, 1, 9)
    cover = blur(whole, 1.0 * view.unit)
    cover = np.clip((cover - 0.42 + 0.16 * crumbs * (cover > 0.02)) * 2.5 + 0.5, 0, 1)
    texture = 1 + 0.12 * crumbs + 0.12 * lumps
    bright = blur(paint(view, outlines, values, 1), 1.2 * view.unit) * texture
    return cover, np.maximum(bright, 0.25)


def _deposits(random: np.random.RandomState, view: View) -> List[Tuple[Deposit, float]]:
    """Return the deposits of an eye, each with its brightness, 0-1."""
    severity = random.uniform() ** 1.2
    contrast = random.uniform(0.35, 0.95)
    groups = [_clump(random, view, severity)]
    for _ in range(random.poisson(0.7 + 3.5 * severity)):
        kind = (_ring, _clump, _fan, _scatter)[random.choice(4, p=(0.3, 0.35, 0.15, 0.2))]
        groups.append(kind(random, view, severity))
    deposits = []
    for group in groups:
        group_contrast = contrast * random.uniform(0.75, 1.1)
        for deposit in group:
            near_disc = view.from_disc(deposit.centre) < view.disc_radius + 15
            if not near_disc and view.shows(deposit.centre, 25):
                value = np.clip(group_contrast * random.normal(1, 0.2), 0.25, 1)
                deposits.append((deposit, value))
    return deposits


def _centre(random: np.random.RandomState, view: View, near: float, far: float) -> Point:
    """Return a point around the fovea for a cluster: well inside the picture and off the disc."""
    for _ in range(50):
        angle, distance = random.uniform(0, 2 * np.pi), random.uniform(near, far)
        centre = polar(view.fovea, distance, angle)
        if view.from_disc(centre) > view.disc_radius + 60 and view.shows(centre, 60):
            return centre
    return view.fovea


def _radius(random: np.random.RandomState, median: float, largest: float) -> float:
    return float(np.clip(median * math.exp(random.normal(0, 0.6)), 1.5, largest))


def _clump(random: np.random.RandomState, view: View, severity: float) -> List[Deposit]:
    """Return a group that runs together in its middle.

    Its first deposit is large, so that every lesion image has a large one.
    """
    x, y = _centre(random, view, 40, 330)
    spread = random.uniform(10, 24 + 24 * severity)
    lean, flatness = random.uniform(0, np.pi), random.uniform(0.4, 1.0)
    radius, stretch = random.uniform(5, 7 + 7 * severity), random.uniform(1, 1.8)
    group = [Deposit((x, y), radius, stretch, lean)]
    for _ in range(random.randint(8, 18 + int(90 * severity))):
        along, across = random.normal(0, spread), random.normal(0, spread * flatness)
        centre = (
            x + along * math.cos(lean) - across * math.sin(lean),
            y + along * math.sin(lean) + across * math.cos(lean),
        )
        radius, stretch = _radius(random, 1.8 + 0.5 * severity, 12), random.uniform(1, 2)
        group.append(Deposit(centre, radius, stretch, random.uniform(0, np.pi)))
    return group


def _ring(random: np.random.RandomState, view: View, severity: float) -> List[Deposit]:
    """Return a circinate ring, or part of one, around a leaking vessel."""
    x, y = _centre(random, view, 60, 280)
    ring_radius = random.uniform(35, 70 + 50 * severity)
    start, arc = random.uniform(0, 2 * np.pi), random.uniform(2.0, 2 * np.pi)
    group = []
    for _ in range(random.randint(15, 35 + int(90 * severity))):
        angle = start + arc * random.uniform()
        distance = ring_radius * random.normal(1, 0.11)
        centre = (x + distance * math.cos(angle), y + 0.9 * distance * math.sin(angle))
        radius, stretch = _radius(random, 1.9, 10), random.uniform(1, 2.2)
        group.append(Deposit(centre, radius, stretch, angle + np.pi / 2))
    return group


def _fan(random: np.random.RandomState, view: View, severity: float) -> List[Deposit]:
    """Return a macular star, or a sector of one: streaks that point at the fovea."""
    start, arc = random.uniform(0, 2 * np.pi), random.uniform(0.6, 3.0)
    group = []
    for _ in range(random.randint(10, 20 + int(60 * severity))):
        angle, distance = start + arc * random.uniform(), random.uniform(35, 130)
        centre = polar(view.fovea, distance, angle)
        radius, stretch = _radius(random, 2.0, 9), random.uniform(1.5, 4)
        group.append(Deposit(centre, radius, stretch, angle + random.normal(0, 0.15)))
    return group


def _scatter(random: np.random.RandomState, view: View, severity: float) -> List[Deposit]:
    """Return single deposits, far apart."""
    return [
        Deposit(
            _centre(random, view, 30, 380),
            _radius(random, 2.6, 8),
            random.uniform(1, 1.7),
            random.uniform(0, np.pi),
        )
        for _ in range(random.randint(2, 6 + int(14 * severity)))
    ]
