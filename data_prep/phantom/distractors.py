"""What looks like exudates and is none, and what comes with them: drusen, cotton-wool spots, reflections, haemorrhages."""

import math

import numpy as np

from data_prep.phantom.fields import blob, blur, paint, ramp, smooth_noise
from data_prep.phantom.retina import STEP


def drusen(random, view, patient, lesion):
    """Drusen: roundish, blurred, paler than exudates. float32 `view.shape(STEP)`, about 0-1; few in healthy eyes."""
    count = random.poisson(30 * patient.age**2 if lesion else 9 * patient.age**2)
    outlines, values = [], []
    for _ in range(count):
        angle, out = random.uniform(0, 2 * np.pi), abs(random.normal(0, 130))
        place = (view.fovea[0] + out * math.cos(angle), view.fovea[1] + out * math.sin(angle))
        outlines.append(
            blob(random, place, min(9.0, 3.0 * math.exp(random.normal(0, 0.45))), rough=0.1)
        )
        values.append(random.uniform(0.35, 1.0))
    return blur(paint(view, outlines, values, STEP), 1.9 * view.unit / STEP) * np.float32(1.1)


def cotton_wool(random, view):
    """Cotton-wool spots: large, whitish, fluffy, near the arcades. float32 `view.shape(STEP)`, about 0-1."""
    outlines, values = [], []
    for _ in range(random.poisson(0.9)):
        angle, out = random.uniform(0, 2 * np.pi), random.uniform(150, 340)
        x, y = view.fovea[0] + out * math.cos(angle), view.fovea[1] + out * math.sin(angle)
        if (
            not view.shows((x, y), 30)
            or math.hypot(x - view.disc[0], y - view.disc[1]) < view.disc_radius + 40
        ):
            continue
        size, lean, strength = (
            random.uniform(9, 22),
            random.uniform(0, np.pi),
            random.uniform(0.5, 1.0),
        )
        for _ in range(random.randint(3, 8)):
            place = (x + random.normal(0, 0.7 * size), y + random.normal(0, 0.5 * size))
            outlines.append(
                blob(
                    random,
                    place,
                    size * random.uniform(0.5, 1),
                    random.uniform(1, 2),
                    lean,
                    rough=0.2,
                )
            )
            values.append(strength * random.uniform(0.6, 1))
    spots = blur(paint(view, outlines, values, STEP), 6 * view.unit / STEP)
    return spots * np.clip(0.9 + 0.15 * smooth_noise(random, view, STEP, 9), 0, 1.3)


def haemorrhages(random, view):
    """Dots, blots and flames of blood: float32 H x W, about 0-1."""
    outlines, values = [], []
    for _ in range(random.poisson(3 + 14 * random.uniform() ** 2)):
        angle, out = random.uniform(0, 2 * np.pi), random.uniform(40, 400)
        x, y = view.fovea[0] + out * math.cos(angle), view.fovea[1] + out * math.sin(angle)
        if math.hypot(x - view.disc[0], y - view.disc[1]) < view.disc_radius + 10:
            continue
        strength = random.uniform(0.3, 1.0)
        if random.uniform() < 0.25:  # a flame lies along the nerve fibres, which come from the disc
            lean = math.atan2(y - view.disc[1], x - view.disc[0])
            for _ in range(random.randint(3, 8)):
                place = (x + random.normal(0, 4), y + random.normal(0, 4))
                outlines.append(
                    blob(
                        random, place, random.uniform(3, 7), random.uniform(2, 5), lean, rough=0.35
                    )
                )
                values.append(strength)
        else:
            radius = min(16.0, 3.2 * math.exp(random.normal(0, 0.6)))
            outlines.append(blob(random, (x, y), radius, random.uniform(1, 1.5), angle))
            values.append(strength)
    return blur(paint(view, outlines, values, 1), 1.8 * view.unit)


def sheen(random, view, patient, blood):
    """Reflections of the nerve fibre layer, strongest in young eyes: float32 `view.shape(STEP)`, about 0-1.

    blood: float32 `view.shape(STEP)`, the vessels; the sheen lies in patches beside the large ones, streaked along the
    fibres that fan out from the disc, and at times in a ring around the macula.
    """
    x, y = view.grid(STEP)
    youth = max(0.0, 1 - patient.age / 0.7)
    right, down = x - view.disc[0], y - view.disc[1]
    from_disc = np.hypot(right, down)
    beside = blur(blood, 26 * view.unit / STEP) - 0.3 * blur(blood, 5 * view.unit / STEP)
    patches = ramp(smooth_noise(random, view, STEP, 55), -0.3, 2.0)
    streaks = 0.8 + 0.2 * np.sin(
        np.arctan2(down, right) * 130 + 4 * smooth_noise(random, view, STEP, 30)
    )
    fibres = np.clip(beside, 0, 1) * patches * streaks * np.exp(-from_disc / 330) * 12.0
    fibres *= ramp(from_disc / view.disc_radius, 0.8, 1.3)
    from_fovea = np.hypot(x - view.fovea[0], (y - view.fovea[1]) * 1.15)
    ring = (
        np.exp(-(((from_fovea - random.uniform(70, 100)) / 13) ** 2))
        * patches
        * random.uniform(0, 0.5)
    )
    return (fibres + ring).astype(np.float32) * np.float32(youth * random.uniform(0.5, 1.1))


def glints(random, view, patient, vessels):
    """Small sharp reflections beside the vessels of young eyes, and at times one in the fovea: float32 H x W, 0-1."""
    outlines, values = [], []
    youth = max(0.0, 1 - patient.age / 0.7)
    wide = [vessel for vessel in vessels if vessel.widths[0] > 2.5]
    for _ in range(random.poisson(14 * youth)):
        vessel = wide[random.randint(len(wide))]
        at = random.randint(1, len(vessel.points))
        ahead = vessel.points[at] - vessel.points[at - 1]
        lean = math.atan2(ahead[1], ahead[0])
        away = vessel.widths[at] * random.choice((-1, 1)) * random.uniform(0.5, 1.4)
        place = vessel.points[at] + (-math.sin(lean) * away, math.cos(lean) * away)
        outlines.append(
            blob(random, place, random.uniform(1.2, 2.8), random.uniform(2, 5), lean, rough=0.2)
        )
        values.append(random.uniform(0.25, 0.9))
    if random.uniform() < 0.5 * youth + 0.1:
        outlines.append(
            blob(
                random,
                view.fovea,
                random.uniform(1.5, 4),
                random.uniform(1, 2.5),
                random.uniform(0, np.pi),
            )
        )
        values.append(random.uniform(0.3, 0.9))
    return blur(paint(view, outlines, values, 1), 0.9 * view.unit)
