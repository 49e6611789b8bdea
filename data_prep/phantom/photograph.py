"""One synthetic fundus photograph and its exudate mask."""

import numpy as np

from data_prep.phantom import camera, distractors, lesions, retina, vessels
from data_prep.phantom.fields import enlarge
from data_prep.phantom.patient import NOMINAL, draw_patient, frame

# What each layer adds to the log reflectance, BGR, where it is 1.
EXUDATE = (0.46, 0.75, 0.28)
DRUSEN = (0.2, 0.3, 0.12)
COTTON_WOOL = (0.75, 0.55, 0.2)
REFLECTION = (0.6, 0.4, 0.17)
GLINT = (0.7, 0.5, 0.2)
HAEMORRHAGE = (-0.48, -0.7, -0.36)
VEIN = (-0.45, -0.62, -0.24)
ARTERY = (-0.42, -0.48, -0.1)
REFLEX = (0.2, 0.3, 0.12)


def draw(random, size=(960, 1440), lesion=True, patient=None):
    """A synthetic photograph (uint8 H x W x 3, BGR) and its exudate mask (uint8 H x W, 0 or 255; all 0 without lesion).

    random: numpy.random.RandomState, the only source of chance
    size: height and width, pixels
    lesion: whether the eye has exudates, and what comes with them
    patient: a `Patient`, None for a new one
    DataError where the size is too small.
    """
    patient = draw_patient(random) if patient is None else patient
    view = frame(random, size, patient)

    tree = vessels.grow(random, view, patient.tortuosity)
    veins, vein_reflex = vessels.render(view, tree, artery=False)
    arteries, artery_reflex = vessels.render(view, tree, artery=True)
    blood = np.maximum(veins, arteries)

    smooth = retina.ground(random, view, patient)
    small_blood = np.ascontiguousarray(blood[:: retina.STEP, :: retina.STEP])
    _add(smooth, distractors.sheen(random, view, patient, small_blood), REFLECTION)
    _add(smooth, distractors.drusen(random, view, patient, lesion), DRUSEN)
    if lesion:
        _add(smooth, distractors.cotton_wool(random, view), COTTON_WOOL)
    _add(smooth, camera.illumination(random, view), (1, 1, 1))
    light = enlarge(smooth, view)

    mask = np.zeros(view.size, np.uint8)
    if lesion:
        _add(light, distractors.haemorrhages(random, view), HAEMORRHAGE)
        cover, bright = lesions.exudates(random, view)
        _add(light, cover * bright, EXUDATE)
        mask[(cover >= 0.5) & (blood < 0.5) & _field(view)] = 255
    _add(light, veins, VEIN)
    _add(light, vein_reflex * 0.6, REFLEX)
    _add(light, arteries, ARTERY)
    _add(light, artery_reflex, REFLEX)
    _add(light, distractors.glints(random, view, patient, tree), GLINT)
    return camera.expose(random, view, patient, light, camera.veil(random, view)), mask


def _add(light, field, colour):
    for channel in range(3):
        light[..., channel] += field * np.float32(colour[channel])


def _field(view):
    """Which pixels lie inside the field of view, its soft edge left out: bool H x W."""
    x, y = view.grid(1)
    return np.hypot(x, y) < NOMINAL / 2 - 3
