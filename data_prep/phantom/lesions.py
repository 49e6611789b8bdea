"""Hard exudates: clusters of bright, sharp-edged yellowish deposits."""

import math

import numpy as np

from data_prep.phantom.fields import blob, blur, paint, smooth_noise


def exudates(random, view):
    """How much of each pixel is exudate, 0-1, and how bright that exudate is, about 0.25-1.3: two float32 H x W."""
    outlines, values = [], []
    for place, radius, stretch, angle, value in _deposits(random, view):
        outlines.append(blob(random, place, radius, stretch, angle, rough=0.22))
        values.append(value)
    whole = paint(view, outlines, [1.0] * len(outlines), 1)
    # Crumbly edges: the outline follows a fine noise.
    crumbs, lumps = smooth_noise(random, view, 1, 3.5), smooth_noise(random, view, 1, 9)
    cover = blur(whole, 1.0 * view.unit)
    cover = np.clip((cover - 0.42 + 0.16 * crumbs * (cover > 0.02)) * 2.5 + 0.5, 0, 1)
    bright = blur(paint(view, outlines, values, 1), 1.2 * view.unit) * (
        1 + 0.12 * crumbs + 0.12 * lumps
    )
    return cover, np.maximum(bright, 0.25)


def _deposits(random, view):
    """The deposits of one eye: a list of (place, radius, stretch, angle, brightness 0-1)."""
    severity = random.uniform() ** 1.2
    contrast = random.uniform(0.35, 0.95)
    groups = [_clump(random, view, severity)]
    for _ in range(random.poisson(0.7 + 3.5 * severity)):
        kind = (_ring, _clump, _fan, _scatter)[random.choice(4, p=(0.3, 0.35, 0.15, 0.2))]
        groups.append(kind(random, view, severity))
    deposits = []
    for group in groups:
        faint = random.uniform(0.75, 1.1)
        for place, radius, stretch, angle in group:
            near_disc = (
                math.hypot(place[0] - view.disc[0], place[1] - view.disc[1]) < view.disc_radius + 15
            )
            if not near_disc and view.shows(place, 25):
                value = np.clip(contrast * faint * random.normal(1, 0.2), 0.25, 1)
                deposits.append((place, radius, stretch, angle, value))
    return deposits


def _centre(random, view, near, far):
    """A place around the fovea where a cluster may lie: well inside the picture and off the disc."""
    for _ in range(50):
        angle, distance = random.uniform(0, 2 * np.pi), random.uniform(near, far)
        place = (
            view.fovea[0] + distance * math.cos(angle),
            view.fovea[1] + distance * math.sin(angle),
        )
        off_disc = (
            math.hypot(place[0] - view.disc[0], place[1] - view.disc[1]) > view.disc_radius + 60
        )
        if off_disc and view.shows(place, 60):
            return place
    return view.fovea


def _radius(random, median, largest):
    return float(np.clip(median * math.exp(random.normal(0, 0.6)), 1.5, largest))


def _clump(random, view, severity):
    """A group that runs together in its middle; its first deposit is large, so that every lesion image has one."""
    x, y = _centre(random, view, 40, 330)
    spread = random.uniform(10, 24 + 24 * severity)
    lean, flat = random.uniform(0, np.pi), random.uniform(0.4, 1.0)
    group = [((x, y), random.uniform(5, 7 + 7 * severity), random.uniform(1, 1.8), lean)]
    for _ in range(random.randint(8, 18 + int(90 * severity))):
        along, across = random.normal(0, spread), random.normal(0, spread * flat)
        place = (
            x + along * math.cos(lean) - across * math.sin(lean),
            y + along * math.sin(lean) + across * math.cos(lean),
        )
        group.append(
            (
                place,
                _radius(random, 1.8 + 0.5 * severity, 12),
                random.uniform(1, 2),
                random.uniform(0, np.pi),
            )
        )
    return group


def _ring(random, view, severity):
    """A circinate ring, or part of one, around a leaking vessel."""
    x, y = _centre(random, view, 60, 280)
    size = random.uniform(35, 70 + 50 * severity)
    start, arc = random.uniform(0, 2 * np.pi), random.uniform(2.0, 2 * np.pi)
    group = []
    for _ in range(random.randint(15, 35 + int(90 * severity))):
        angle = start + arc * random.uniform()
        out = size * random.normal(1, 0.11)
        place = (x + out * math.cos(angle), y + 0.9 * out * math.sin(angle))
        group.append((place, _radius(random, 1.9, 10), random.uniform(1, 2.2), angle + np.pi / 2))
    return group


def _fan(random, view, severity):
    """A macular star, or a sector of one: streaks that point at the fovea."""
    start, arc = random.uniform(0, 2 * np.pi), random.uniform(0.6, 3.0)
    group = []
    for _ in range(random.randint(10, 20 + int(60 * severity))):
        angle, out = start + arc * random.uniform(), random.uniform(35, 130)
        place = (view.fovea[0] + out * math.cos(angle), view.fovea[1] + out * math.sin(angle))
        group.append(
            (place, _radius(random, 2.0, 9), random.uniform(1.5, 4), angle + random.normal(0, 0.15))
        )
    return group


def _scatter(random, view, severity):
    """Single deposits, far apart."""
    return [
        (
            _centre(random, view, 30, 380),
            _radius(random, 2.6, 8),
            random.uniform(1, 1.7),
            random.uniform(0, np.pi),
        )
        for _ in range(random.randint(2, 6 + int(14 * severity)))
    ]
