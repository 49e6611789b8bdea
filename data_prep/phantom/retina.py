"""The ground the vessels lie on: pigment, choroid, macula and optic disc.

Everything here is smooth, so it is computed at half size. Colours are differences of log reflectance, BGR: layers that
absorb light add up, as they do in the eye.
"""

import cv2
import numpy as np

from data_prep.phantom.fields import noise_grid, ramp, smooth_noise

STEP = 2  # the reduction at which smooth layers are computed


def ground(random, view, patient):
    """Log reflectance of the retina without vessels, BGR: float32 `view.shape(STEP)` x 3."""
    x, y = view.grid(STEP)
    from_fovea = np.hypot(x - view.fovea[0], y - view.fovea[1])
    light = np.empty(x.shape + (3,), np.float32)
    light[:] = np.log(np.array(patient.colour, np.float32))
    _add(light, _choroid(random, view, patient, x, y, from_fovea), (0.10, 0.17, 0.17))
    # Mottling of the pigment epithelium, coarse and fine.
    mottle = (
        smooth_noise(random, view, STEP, 150) * 0.9 + smooth_noise(random, view, STEP, 28) * 0.35
    )
    _add(light, mottle + smooth_noise(random, view, STEP, 7) * 0.35, (0.045, 0.05, 0.03))
    _add(light, smooth_noise(random, view, STEP, 260), (0.03, -0.02, 0.01))
    _add(light, _macula(random, from_fovea), (-0.42, -0.55, -0.36))
    _disc(random, view, patient, light, x, y)
    return light


def _add(light, field, colour):
    for channel in range(3):
        light[..., channel] += field * np.float32(colour[channel])


def _macula(random, from_fovea):
    """How dark the macula is: a broad shade and a darker centre, 0-1."""
    core, wide, depth = random.uniform(30, 48), random.uniform(95, 140), random.uniform(0.6, 1.1)
    return depth * (
        0.55 * np.exp(-((from_fovea / core) ** 2)) + 0.5 * np.exp(-((from_fovea / wide) ** 2))
    )


def _choroid(random, view, patient, x, y, from_fovea):
    """Choroidal vessels: bright bands that fan out from macula and disc, and so cross as a net; none at the macula."""
    from_disc = np.hypot(x - view.disc[0], y - view.disc[1])
    bands = np.maximum(
        _fan(random, view, x - view.fovea[0], y - view.fovea[1]),
        _fan(random, view, x - view.disc[0], y - view.disc[1]) * ramp(from_disc, 80, 240),
    )
    where = np.clip(0.35 + 0.55 * smooth_noise(random, view, STEP, 240), 0, 1) * ramp(
        from_fovea, 90, 330
    )
    strength = 0.1 + 1.2 * max(0.0, random.uniform(-0.2, 1.3) - 0.6 * patient.pigment)
    return (bands - 0.45) * where * strength


def _fan(random, view, right, down):
    """Bands 0-1 that run away from the place where `right` and `down` (units) are 0: noise stretched along the radius."""
    rings, spokes = 8, 116
    pattern = noise_grid(random, rings, spokes)
    # Three copies side by side: the pattern goes on smoothly where the angle wraps.
    pattern = cv2.resize(
        np.hstack([pattern] * 3), (spokes * 12, rings * 24), interpolation=cv2.INTER_CUBIC
    )
    angle = (
        np.arctan2(down, right) / (2 * np.pi) + 0.5 + 0.007 * smooth_noise(random, view, STEP, 110)
    )
    column = (angle + 1) * (pattern.shape[1] / 3)
    row = np.hypot(right, down) * (pattern.shape[0] / 1100.0)
    bands = cv2.remap(
        pattern,
        column.astype(np.float32),
        row.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return ramp(bands, -0.5, 1.1)


def _disc(random, view, patient, light, x, y):
    """Paint the optic disc into `light`: pink rim, pale cup, a halo, and at times a crescent of bare sclera."""
    right, down = x - view.disc[0], y - view.disc[1]
    oval = random.uniform(1.0, 1.14)
    bumps = smooth_noise(random, view, STEP, 60) * 0.025
    rim_distance = np.hypot(right * np.sqrt(oval), down / np.sqrt(oval)) / view.disc_radius + bumps
    edge = random.uniform(0.06, 0.14)
    disc = ramp(rim_distance, 1 + edge, 1 - edge)
    cup_x = -random.uniform(0.05, 0.25) * view.disc_radius
    cup_distance = np.hypot(right - cup_x, (down - random.uniform(-6, 6)) * 0.95) / (
        patient.cup * view.disc_radius
    )
    cup = ramp(cup_distance, 1.5, 0.5)
    temporal = ramp(
        right / view.disc_radius, 0.8, -0.8
    )  # the rim is paler on the side of the macula
    halo = np.exp(-np.maximum(rim_distance - 1, 0) * random.uniform(2.0, 4.5)) * (1 - disc)
    _add(light, halo * random.uniform(0.2, 0.75), (0.2, 0.24, 0.1))
    if random.uniform() < 0.35:
        away = np.hypot(right + random.uniform(6, 16), down) / view.disc_radius + bumps
        _add(
            light, ramp(away, 1.14, 0.98) * (1 - disc) * random.uniform(0.4, 1.0), (0.3, 0.26, 0.16)
        )
    ring = np.exp(-(((rim_distance - 1.06) / 0.06) ** 2)) * ramp(
        smooth_noise(random, view, STEP, 70), 0, 1.5
    )
    _add(light, ring * random.uniform(0, 1), (-0.2, -0.28, -0.22))
    # From the colour of the retina towards that of bare, white tissue under the same light.
    blue, green, red = patient.colour
    cast = min(
        0.95, 1.2 * blue / green
    )  # a camera that sees little blue shows white as orange-yellow
    white = (
        np.array([0.8 * cast, 0.66 + 0.22 * cast, 1.1])
        * (0.7 + 0.5 * red)
        * random.uniform(0.9, 1.08)
    )
    change = np.log(white) - np.log(np.array(patient.colour))
    pale = disc * (0.53 + 0.22 * temporal + 0.3 * cup + 0.05 * smooth_noise(random, view, STEP, 30))
    _add(light, pale, change)
