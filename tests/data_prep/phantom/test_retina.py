import numpy as np

from data_prep.phantom.retina import STEP, ground


def places(view):
    """Bool masks, at half size: the disc, the fovea, and the retina away from both."""
    x, y = view.grid(STEP)
    from_disc = np.hypot(x - view.disc[0], y - view.disc[1])
    from_fovea = np.hypot(x - view.fovea[0], y - view.fovea[1])
    retina = (from_disc > 200) & (from_fovea > 200) & (np.hypot(x, y) < 480)
    return from_disc < 0.6 * view.disc_radius, from_fovea < 15, retina


def test_the_disc_is_bright_and_the_fovea_dark(view, patient):
    disc, fovea, retina = places(view)
    for seed in range(6):
        green = ground(np.random.RandomState(seed), view, patient)[..., 1]
        assert green.shape == view.shape(STEP)
        assert green[disc].mean() > green[retina].mean() + 0.3
        assert green[fovea].mean() < green[retina].mean() - 0.2


def test_the_retina_has_the_patients_colour(view, patient):
    retina = places(view)[2]
    light = np.mean([ground(np.random.RandomState(s), view, patient)[retina] for s in range(6)], 0)
    np.testing.assert_allclose(light.mean(axis=0), np.log(patient.colour), atol=0.1)
