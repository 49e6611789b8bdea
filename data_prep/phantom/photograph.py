"""One synthetic fundus photograph and its exudate mask."""

from typing import Optional, Tuple

import numpy as np

from data_prep.phantom import camera, distractors, lesions, retina, vessels
from data_prep.phantom.fields import add_layer, enlarge
from data_prep.phantom.patient import NOMINAL, Patient, View, draw_patient, frame

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
LIGHT = (1, 1, 1)


def draw(
    random: np.random.RandomState,
    size: Tuple[int, int] = (960, 1440),
    lesion: bool = True,
    patient: Optional[Patient] = None,
) -> Tuple[np.ndarray, np.ndarray]:
    """Return a synthetic photograph (uint8 H x W x 3, BGR) and its exudate mask (uint8 H x W).

    The mask is 255 at exudates and 0 elsewhere, so all 0 without lesion.
    random: the only source of chance; size: height and width, pixels; lesion: whether the eye has
    exudates, and what comes with them; patient: None for a new one. Raises DataError if the size is
    too small.
    """
    patient = draw_patient(random) if patient is None else patient
    view = frame(random, size, patient)

    tree = vessels.grow(random, view, patient.tortuosity)
    veins, vein_reflex = vessels.render(view, tree, artery=False)
    arteries, artery_reflex = vessels.render(view, tree, artery=True)
    blood = np.maximum(veins, arteries)

    smooth = retina.ground(random, view, patient)
    small_blood = np.ascontiguousarray(blood[:: retina.STEP, :: retina.STEP])
    add_layer(smooth, distractors.sheen(random, view, patient, small_blood), REFLECTION)
    add_layer(smooth, distractors.drusen(random, view, patient, lesion), DRUSEN)
    if lesion:
        add_layer(smooth, distractors.cotton_wool(random, view), COTTON_WOOL)
    add_layer(smooth, camera.illumination(random, view), LIGHT)
    light = enlarge(smooth, view)

    mask = np.zeros(view.size, np.uint8)
    if lesion:
        add_layer(light, distractors.haemorrhages(random, view), HAEMORRHAGE)
        cover, bright = lesions.exudates(random, view)
        add_layer(light, cover * bright, EXUDATE)
        mask[(cover >= 0.5) & (blood < 0.5) & _field(view)] = 255
    add_layer(light, veins, VEIN)
    add_layer(light, vein_reflex * 0.6, REFLEX)
    add_layer(light, arteries, ARTERY)
    add_layer(light, artery_reflex, REFLEX)
    add_layer(light, distractors.glints(random, view, patient, tree), GLINT)
    return camera.expose(random, view, patient, light, camera.veil(random, view)), mask


def _field(view: View) -> np.ndarray:
    """Return which pixels lie inside the field of view, without its soft edge: bool H x W."""
    x, y = view.grid(1)
    return np.hypot(x, y) < NOMINAL / 2 - 3
