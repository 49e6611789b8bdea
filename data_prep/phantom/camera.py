"""The camera: uneven light, a veil of stray light, focus, the edge of the field of view, and noise."""

import cv2
import numpy as np

from data_prep.phantom.fields import blur, enlarge, noise_grid, ramp, smooth_noise
from data_prep.phantom.patient import NOMINAL
from data_prep.phantom.retina import STEP


def illumination(random, view):
    """Uneven light, as a difference of log reflectance, about 0 where it is brightest: float32 `view.shape(STEP)`."""
    x, y = view.grid(STEP)
    lamp_x, lamp_y = random.normal(0, 90, 2)
    away = np.hypot(x - lamp_x, y - lamp_y) / (NOMINAL / 2)
    edge = np.hypot(x, y) / (NOMINAL / 2)
    fall, rim = random.uniform(0.1, 0.5), random.uniform(0.05, 0.3)
    return (
        0.1 - fall * away**2 - rim * edge**6 + 0.05 * smooth_noise(random, view, STEP, 330)
    ).astype(np.float32)


def veil(random, view):
    """Stray light that adds to the picture, BGR 0-1: float32 `view.shape(STEP)` x 3.

    A faint haze everywhere, at times a pale crescent at the edge (a pupil too small) or a round ghost of the flash.
    """
    x, y = view.grid(STEP)
    haze = np.full(x.shape, random.uniform(0, 0.03), np.float32)
    if random.uniform() < 0.25:
        turn = random.uniform(0, 2 * np.pi)
        beyond = np.hypot(x, y) + 90 * np.cos(np.arctan2(y, x) - turn)
        haze += ramp(beyond, 380, 600) * np.float32(random.uniform(0.1, 0.4))
    if random.uniform() < 0.12:
        ghost_x, ghost_y = random.uniform(-300, 300, 2)
        inside = np.hypot(x - ghost_x, y - ghost_y)
        haze += ramp(inside, 34, 22) * np.float32(random.uniform(0.04, 0.14))
    tint = np.array([0.75, 0.85, 1.0]) * random.uniform(0.85, 1.1, 3)
    return haze[..., None] * tint.astype(np.float32)


def expose(random, view, patient, light, stray):
    """The photograph (uint8 H x W x 3, BGR) of log reflectance `light` (float32 H x W x 3) under stray light `stray`."""
    picture = cv2.exp(light)
    picture += enlarge(stray, view)
    # Bright parts are compressed, as by a camera's tone curve, so that the disc does not burn out at once.
    picture -= np.maximum(picture - 0.8, 0) * np.float32(0.4)
    picture = blur(picture, random.uniform(0.6, 1.5) * view.unit)
    seen = aperture(random, view, patient)
    glow = np.array([0.4, 0.4, 1.0], np.float32) * random.uniform(0.004, 0.02)
    picture *= seen[..., None]
    picture += (1 - seen)[..., None] * glow
    return _sample(random, view, picture)


def aperture(random, view, patient):
    """The field of view: 1 inside, 0 outside, soft at the edge: float32 H x W."""
    height, width = view.size
    y, x = np.ogrid[:height, :width]
    x, y = (x - view.centre[0]) / view.unit, (y - view.centre[1]) / view.unit
    soft = random.uniform(0.8, 2.5)
    limit = NOMINAL / 2
    inside = np.clip((limit - np.sqrt(x * x + y * y)) / soft, 0, 1).astype(np.float32)
    if patient.notch:
        # Two small teeth at the upper right, as fundus cameras cut to show which way is up.
        for angle in (-0.52, -0.46):
            ahead, aside = (
                x * np.cos(angle) + y * np.sin(angle),
                y * np.cos(angle) - x * np.sin(angle),
            )
            inside[(ahead > 0) & (ahead < limit + 13) & (np.abs(aside) < 9)] = 1
    return inside


def _sample(random, view, picture):
    """Noise and 8 bits: grain in all colours at once, coarser grain in each, stronger in the dark."""
    height, width = view.size
    level = random.uniform(1.0, 2.6)
    grain = blur(noise_grid(random, height, width), 0.6) * np.float32(level * 1.7)
    colour = np.stack(
        [noise_grid(random, -(-height // 2), -(-width // 2)) for _ in range(3)], axis=2
    )
    colour = enlarge(colour, view)
    colour *= np.array([1.3, 0.6, 0.9], np.float32) * np.float32(level * 0.7)
    colour += grain[..., None]
    # The black surround is clipped by the camera, and carries a trace of noise only.
    colour *= np.clip(picture.max(axis=2) * 2.5, 0.25, 1)[..., None]
    picture *= 255
    picture += colour
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)
