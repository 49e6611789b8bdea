"""The ground on which the vessels lie: pigment, choroid, macula and optic disc.

Everything here is smooth, so it is computed at half size. Colours are differences of log
reflectance, BGR: layers that absorb light add up, as they do in the eye.
"""

import cv2
import numpy as np

from data_prep.phantom.fields import add_layer, noise_grid, ramp, smooth_noise
from data_prep.phantom.patient import Patient, View

STEP = 2  # the reduction at which smooth layers are computed

CHOROID = (0.10, 0.17, 0.17)
MOTTLE = (0.045, 0.05, 0.03)
TINT = (0.03, -0.02, 0.01)
MACULA = (-0.42, -0.55, -0.36)
HALO = (0.2, 0.24, 0.1)
SCLERA = (0.3, 0.26, 0.16)
DISC_EDGE = (-0.2, -0.28, -0.22)


def ground(random: np.random.RandomState, view: View, patient: Patient) -> np.ndarray:
    """Return the log reflectance of the retina without vessels: float32 `view.shape(STEP)` x 3."""
    x, y = view.grid(STEP)
    from_fovea = np.hypot(x - view.fovea[0], y - view.fovea[1])
    light = np.empty(x.shape + (3,), np.float32)
    light[:] = np.log(np.array(patient.colour, np.float32))
    add_layer(light, _choroid(random, view, patient, x, y, from_fovea), CHOROID)
    # Mottling of the pigment epithelium, coarse and fine.
    mottle = smooth_noise(random, view, STEP, 150) * 0.9
    mottle = mottle + smooth_noise(random, view, STEP, 28) * 0.35
    add_layer(light, mottle + smooth_noise(random, view, STEP, 7) * 0.35, MOTTLE)
    add_layer(light, smooth_noise(random, view, STEP, 260), TINT)
    add_layer(light, _macula(random, from_fovea), MACULA)
    _paint_disc(random, view, patient, light, x, y)
    return light


def _macula(random: np.random.RandomState, from_fovea: np.ndarray) -> np.ndarray:
    """Return how dark the macula is, 0-1: a broad shade and a darker centre."""
    core, width, depth = random.uniform(30, 48), random.uniform(95, 140), random.uniform(0.6, 1.1)
    centre = 0.55 * np.exp(-((from_fovea / core) ** 2))
    shade = 0.5 * np.exp(-((from_fovea / width) ** 2))
    return depth * (centre + shade)


def _choroid(
    random: np.random.RandomState,
    view: View,
    patient: Patient,
    x: np.ndarray,
    y: np.ndarray,
    from_fovea: np.ndarray,
) -> np.ndarray:
    """Return choroidal vessels: bright bands that fan out from macula and disc.

    They cross as a net; there are none at the macula.
    """
    from_disc = np.hypot(x - view.disc[0], y - view.disc[1])
    around_fovea = _fan(random, view, x - view.fovea[0], y - view.fovea[1])
    around_disc = _fan(random, view, x - view.disc[0], y - view.disc[1])
    bands = np.maximum(around_fovea, around_disc * ramp(from_disc, 80, 240))
    visible = np.clip(0.35 + 0.55 * smooth_noise(random, view, STEP, 240), 0, 1)
    visible = visible * ramp(from_fovea, 90, 330)
    strength = 0.1 + 1.2 * max(0.0, random.uniform(-0.2, 1.3) - 0.6 * patient.pigment)
    return (bands - 0.45) * visible * strength


def _fan(
    random: np.random.RandomState, view: View, right: np.ndarray, down: np.ndarray
) -> np.ndarray:
    """Return bands, 0-1, that run away from a point: noise stretched along the radius.

    right, down: of each pixel, its distance from the point, units
    """
    rings, spokes = 8, 116
    pattern = noise_grid(random, rings, spokes)
    # Three copies side by side: the pattern stays smooth where the angle wraps.
    pattern = cv2.resize(
        np.hstack([pattern] * 3), (spokes * 12, rings * 24), interpolation=cv2.INTER_CUBIC
    )
    turn = np.arctan2(down, right) / (2 * np.pi) + 0.5
    turn = turn + 0.007 * smooth_noise(random, view, STEP, 110)
    column = (turn + 1) * (pattern.shape[1] / 3)
    row = np.hypot(right, down) * (pattern.shape[0] / 1100.0)
    bands = cv2.remap(
        pattern,
        column.astype(np.float32),
        row.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return ramp(bands, -0.5, 1.1)


def _paint_disc(
    random: np.random.RandomState,
    view: View,
    patient: Patient,
    light: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
) -> None:
    """Paint the optic disc into `light`: pink rim, pale cup and a halo.

    Sometimes there is a crescent of bare sclera.
    """
    right, down = x - view.disc[0], y - view.disc[1]
    oval = random.uniform(1.0, 1.14)
    bumps = smooth_noise(random, view, STEP, 60) * 0.025
    # Distances are in radii of the disc.
    from_centre = np.hypot(right * np.sqrt(oval), down / np.sqrt(oval)) / view.disc_radius + bumps
    edge = random.uniform(0.06, 0.14)
    disc = ramp(from_centre, 1 + edge, 1 - edge)
    cup_x = -random.uniform(0.05, 0.25) * view.disc_radius
    from_cup = np.hypot(right - cup_x, (down - random.uniform(-6, 6)) * 0.95)
    cup = ramp(from_cup / (patient.cup * view.disc_radius), 1.5, 0.5)
    # The rim is paler on the side of the macula.
    temporal = ramp(right / view.disc_radius, 0.8, -0.8)
    halo = np.exp(-np.maximum(from_centre - 1, 0) * random.uniform(2.0, 4.5)) * (1 - disc)
    add_layer(light, halo * random.uniform(0.2, 0.75), HALO)
    if random.uniform() < 0.35:
        from_crescent = np.hypot(right + random.uniform(6, 16), down) / view.disc_radius + bumps
        crescent = ramp(from_crescent, 1.14, 0.98) * (1 - disc)
        add_layer(light, crescent * random.uniform(0.4, 1.0), SCLERA)
    ring = np.exp(-(((from_centre - 1.06) / 0.06) ** 2))
    ring = ring * ramp(smooth_noise(random, view, STEP, 70), 0, 1.5)
    add_layer(light, ring * random.uniform(0, 1), DISC_EDGE)
    # From the colour of the retina towards that of bare, white tissue under the same light. A
    # camera that sees little blue shows white as orange-yellow.
    blue, green, red = patient.colour
    cast = min(0.95, 1.2 * blue / green)
    brightness = 0.7 + 0.5 * red
    white = np.array([0.8 * cast, 0.66 + 0.22 * cast, 1.1]) * brightness
    white = white * random.uniform(0.9, 1.08)
    change = np.log(white) - np.log(np.array(patient.colour))
    pale = disc * (0.53 + 0.22 * temporal + 0.3 * cup + 0.05 * smooth_noise(random, view, STEP, 30))
    add_layer(light, pale, change)
