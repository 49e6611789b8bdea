"""The camera: uneven light, stray light, focus, the edge of the field of view, and noise."""

import cv2
import numpy as np

from data_prep.phantom.fields import blur, enlarge, noise_grid, ramp, smooth_noise
from data_prep.phantom.patient import NOMINAL, Patient, View
from data_prep.phantom.retina import STEP


def illumination(random: np.random.RandomState, view: View) -> np.ndarray:
    """Return uneven light as a difference of log reflectance: float32 `view.shape(STEP)`.

    It is about 0 where the light is brightest.
    """
    x, y = view.grid(STEP)
    lamp_x, lamp_y = random.normal(0, 90, 2)
    from_lamp = np.hypot(x - lamp_x, y - lamp_y) / (NOMINAL / 2)
    from_centre = np.hypot(x, y) / (NOMINAL / 2)
    fall, rim = random.uniform(0.1, 0.5), random.uniform(0.05, 0.3)
    light = 0.1 - fall * from_lamp**2 - rim * from_centre**6
    light += 0.05 * smooth_noise(random, view, STEP, 330)
    return light.astype(np.float32)


def veil(random: np.random.RandomState, view: View) -> np.ndarray:
    """Return stray light that adds to the picture, BGR 0-1: float32 `view.shape(STEP)` x 3.

    It is a faint haze everywhere, sometimes with a pale crescent at the edge (from a pupil that is
    too small) or a round ghost of the flash.
    """
    x, y = view.grid(STEP)
    haze = np.full(x.shape, random.uniform(0, 0.03), np.float32)
    if random.uniform() < 0.25:
        direction = random.uniform(0, 2 * np.pi)
        beyond = np.hypot(x, y) + 90 * np.cos(np.arctan2(y, x) - direction)
        haze += ramp(beyond, 380, 600) * np.float32(random.uniform(0.1, 0.4))
    if random.uniform() < 0.12:
        ghost_x, ghost_y = random.uniform(-300, 300, 2)
        from_ghost = np.hypot(x - ghost_x, y - ghost_y)
        haze += ramp(from_ghost, 34, 22) * np.float32(random.uniform(0.04, 0.14))
    tint = np.array([0.75, 0.85, 1.0]) * random.uniform(0.85, 1.1, 3)
    return haze[..., None] * tint.astype(np.float32)


def expose(
    random: np.random.RandomState,
    view: View,
    patient: Patient,
    light: np.ndarray,
    stray: np.ndarray,
) -> np.ndarray:
    """Return the photograph: uint8 H x W x 3, BGR.

    light: log reflectance, float32 H x W x 3; stray: as from `veil`
    """
    picture = cv2.exp(light)
    picture += enlarge(stray, view)
    # A camera's tone curve compresses bright parts, so that the disc does not burn out at once.
    picture -= np.maximum(picture - 0.8, 0) * np.float32(0.4)
    picture = blur(picture, random.uniform(0.6, 1.5) * view.unit)
    seen = aperture(random, view, patient)
    glow = np.array([0.4, 0.4, 1.0], np.float32) * random.uniform(0.004, 0.02)
    picture *= seen[..., None]
    picture += (1 - seen)[..., None] * glow
    return _digitise(random, view, picture)


def aperture(random: np.random.RandomState, view: View, patient: Patient) -> np.ndarray:
    """Return the field of view: float32 H x W, 1 inside, 0 outside, soft at the edge."""
    height, width = view.size
    rows, columns = np.ogrid[:height, :width]
    x, y = (columns - view.centre[0]) / view.unit, (rows - view.centre[1]) / view.unit
    softness = random.uniform(0.8, 2.5)
    radius = NOMINAL / 2
    inside = np.clip((radius - np.sqrt(x * x + y * y)) / softness, 0, 1).astype(np.float32)
    if patient.notch:
        # Two small teeth at the upper right, which fundus cameras cut to show which way is up.
        for angle in (-0.52, -0.46):
            ahead = x * np.cos(angle) + y * np.sin(angle)
            aside = y * np.cos(angle) - x * np.sin(angle)
            inside[(ahead > 0) & (ahead < radius + 13) & (np.abs(aside) < 9)] = 1
    return inside


def _digitise(random: np.random.RandomState, view: View, picture: np.ndarray) -> np.ndarray:
    """Return the picture in 8 bits, with noise.

    The noise is grain in all colours at once and coarser grain in each, stronger in the dark.
    """
    height, width = view.size
    level = random.uniform(1.0, 2.6)
    grain = blur(noise_grid(random, height, width), 0.6) * np.float32(level * 1.7)
    half_height, half_width = view.shape(2)
    noise = np.stack([noise_grid(random, half_height, half_width) for _ in range(3)], axis=2)
    noise = enlarge(noise, view)
    noise *= np.array([1.3, 0.6, 0.9], np.float32) * np.float32(level * 0.7)
    noise += grain[..., None]
    # The camera clips the black surround, which has only a trace of noise.
    noise *= np.clip(picture.max(axis=2) * 2.5, 0.25, 1)[..., None]
    picture *= 255
    picture += noise
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)
