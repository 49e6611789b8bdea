"""What looks like exudates and is not, and what comes with them.

These are drusen, cotton-wool spots, reflections and haemorrhages.
"""

import math
from typing import List, Sequence

import numpy as np

from data_prep.phantom.fields import blob, blur, paint, polar, ramp, smooth_noise
from data_prep.phantom.patient import Patient, View
from data_prep.phantom.retina import STEP
from data_prep.phantom.vessels import Vessel


def drusen(random: np.random.RandomState, view: View, patient: Patient, lesion: bool) -> np.ndarray:
    """Return drusen, about 0-1: float32 `view.shape(STEP)`.

    They are roundish, blurred and paler than exudates; a healthy eye has few.
    """
    count = random.poisson(30 * patient.age**2 if lesion else 9 * patient.age**2)
    outlines, values = [], []
    for _ in range(count):
        angle, distance = random.uniform(0, 2 * np.pi), abs(random.normal(0, 130))
        centre = polar(view.fovea, distance, angle)
        radius = min(9.0, 3.0 * math.exp(random.normal(0, 0.45)))
        outlines.append(blob(random, centre, radius, rough=0.1))
        values.append(random.uniform(0.35, 1.0))
    return blur(paint(view, outlines, values, STEP), 1.9 * view.unit / STEP) * np.float32(1.1)


def cotton_wool(random: np.random.RandomState, view: View) -> np.ndarray:
    """Return cotton-wool spots, about 0-1: float32 `view.shape(STEP)`.

    They are large, whitish and fluffy, near the arcades.
    """
    outlines, values = [], []
    for _ in range(random.poisson(0.9)):
        angle, distance = random.uniform(0, 2 * np.pi), random.uniform(150, 340)
        x, y = polar(view.fovea, distance, angle)
        if not view.shows((x, y), 30) or view.from_disc((x, y)) < view.disc_radius + 40:
            continue
        radius, lean = random.uniform(9, 22), random.uniform(0, np.pi)
        strength = random.uniform(0.5, 1.0)
        for _ in range(random.randint(3, 8)):
            part_x, part_y = x + random.normal(0, 0.7 * radius), y + random.normal(0, 0.5 * radius)
            part_radius, stretch = radius * random.uniform(0.5, 1), random.uniform(1, 2)
            outlines.append(blob(random, (part_x, part_y), part_radius, stretch, lean, rough=0.2))
            values.append(strength * random.uniform(0.6, 1))
    spots = blur(paint(view, outlines, values, STEP), 6 * view.unit / STEP)
    return spots * np.clip(0.9 + 0.15 * smooth_noise(random, view, STEP, 9), 0, 1.3)


def haemorrhages(random: np.random.RandomState, view: View) -> np.ndarray:
    """Return dots, blots and flames of blood, about 0-1: float32 H x W."""
    outlines, values = [], []
    for _ in range(random.poisson(3 + 14 * random.uniform() ** 2)):
        angle, distance = random.uniform(0, 2 * np.pi), random.uniform(40, 400)
        x, y = polar(view.fovea, distance, angle)
        if view.from_disc((x, y)) < view.disc_radius + 10:
            continue
        strength = random.uniform(0.3, 1.0)
        # A quarter are flames: they lie along the nerve fibres, which come from the disc.
        if random.uniform() < 0.25:
            lean = math.atan2(y - view.disc[1], x - view.disc[0])
            for _ in range(random.randint(3, 8)):
                part = (x + random.normal(0, 4), y + random.normal(0, 4))
                radius, stretch = random.uniform(3, 7), random.uniform(2, 5)
                outlines.append(blob(random, part, radius, stretch, lean, rough=0.35))
                values.append(strength)
        else:
            radius = min(16.0, 3.2 * math.exp(random.normal(0, 0.6)))
            outlines.append(blob(random, (x, y), radius, random.uniform(1, 1.5), angle))
            values.append(strength)
    return blur(paint(view, outlines, values, 1), 1.8 * view.unit)


def sheen(
    random: np.random.RandomState, view: View, patient: Patient, blood: np.ndarray
) -> np.ndarray:
    """Return reflections of the nerve fibre layer, about 0-1: float32 `view.shape(STEP)`.

    They are strongest in young eyes: patches beside the large vessels, streaked along the fibres
    that fan out from the disc, and sometimes a ring around the macula.
    blood: the vessels, float32 `view.shape(STEP)`
    """
    x, y = view.grid(STEP)
    right, down = x - view.disc[0], y - view.disc[1]
    from_disc = np.hypot(right, down)
    beside_vessels = blur(blood, 26 * view.unit / STEP) - 0.3 * blur(blood, 5 * view.unit / STEP)
    patches = ramp(smooth_noise(random, view, STEP, 55), -0.3, 2.0)
    streaks = 0.8 + 0.2 * np.sin(
        np.arctan2(down, right) * 130 + 4 * smooth_noise(random, view, STEP, 30)
    )
    fibres = np.clip(beside_vessels, 0, 1) * patches * streaks * np.exp(-from_disc / 330) * 12.0
    fibres *= ramp(from_disc / view.disc_radius, 0.8, 1.3)
    from_fovea = np.hypot(x - view.fovea[0], (y - view.fovea[1]) * 1.15)
    ring = np.exp(-(((from_fovea - random.uniform(70, 100)) / 13) ** 2))
    ring = ring * patches * random.uniform(0, 0.5)
    strength = np.float32(_youth(patient) * random.uniform(0.5, 1.1))
    return (fibres + ring).astype(np.float32) * strength


def glints(
    random: np.random.RandomState, view: View, patient: Patient, vessels: Sequence[Vessel]
) -> np.ndarray:
    """Return small sharp reflections, 0-1: float32 H x W.

    They are beside the vessels of young eyes, and sometimes in the fovea.
    """
    outlines: List[np.ndarray] = []
    values = []
    youth = _youth(patient)
    wide = [vessel for vessel in vessels if vessel.widths[0] > 2.5]
    for _ in range(random.poisson(14 * youth)):
        vessel = wide[random.randint(len(wide))]
        index = random.randint(1, len(vessel.points))
        ahead = vessel.points[index] - vessel.points[index - 1]
        lean = math.atan2(ahead[1], ahead[0])
        aside = vessel.widths[index] * random.choice((-1, 1)) * random.uniform(0.5, 1.4)
        centre = vessel.points[index] + (-math.sin(lean) * aside, math.cos(lean) * aside)
        radius, stretch = random.uniform(1.2, 2.8), random.uniform(2, 5)
        outlines.append(blob(random, centre, radius, stretch, lean, rough=0.2))
        values.append(random.uniform(0.25, 0.9))
    if random.uniform() < 0.5 * youth + 0.1:
        radius, stretch = random.uniform(1.5, 4), random.uniform(1, 2.5)
        outlines.append(blob(random, view.fovea, radius, stretch, random.uniform(0, np.pi)))
        values.append(random.uniform(0.3, 0.9))
    return blur(paint(view, outlines, values, 1), 0.9 * view.unit)


def _youth(patient: Patient) -> float:
    """Return how strongly the nerve fibre layer reflects: 1 in the youngest eyes, then less."""
    return max(0.0, 1 - patient.age / 0.7)
