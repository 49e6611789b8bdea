import numpy as np

from data_prep.phantom import camera
from data_prep.phantom.retina import STEP

SEEDS = range(8)


def random(seed):
    return np.random.RandomState(seed)


def test_the_light_falls_towards_the_edge(view):
    lights = [camera.illumination(random(seed), view) for seed in SEEDS]
    x, y = view.grid(STEP)
    distance = np.hypot(x, y)
    for light in lights:
        assert light.shape == view.shape(STEP) and light.dtype == np.float32
        assert light[distance < 100].mean() > light[(distance > 400) & (distance < 480)].mean()


def test_stray_light_only_adds(view):
    for seed in SEEDS:
        stray = camera.veil(random(seed), view)
        assert stray.shape == view.shape(STEP) + (3,)
        assert stray.min() >= 0
        assert stray.max() < 1


def test_the_aperture_is_a_disc(view, patient):
    seen = camera.aperture(random(0), view, patient)
    rows, columns = np.indices(view.size)
    distance = np.hypot(columns - view.centre[0], rows - view.centre[1]) / view.unit
    assert (seen[distance < 477] == 1).all()
    assert (seen[distance > 480] == 0).all()


def test_a_notch_is_two_teeth_at_the_upper_right(view, patient):
    plain = camera.aperture(random(0), view, patient)
    notched = camera.aperture(random(0), view, patient._replace(notch=True))
    rows, columns = np.nonzero(notched - plain)
    assert len(rows)
    assert (rows < view.centre[1]).all() and (columns > view.centre[0]).all()


def test_the_exposure_is_noisy_and_dark_outside(view, patient):
    light = np.full(view.size + (3,), np.log(0.5), np.float32)
    stray = np.zeros(view.shape(STEP) + (3,), np.float32)
    picture = camera.expose(random(0), view, patient, light, stray)
    assert picture.shape == view.size + (3,) and picture.dtype == np.uint8
    middle = picture[100:220, 160:320].astype(float)
    assert abs(middle.mean() - 255 * 0.5) < 2
    assert 1 < middle.std() < 8
    assert picture[:, :20].mean() < 10


def test_bright_parts_are_compressed(view, patient):
    """A reflectance of 1.3 is 0.8 + 0.6 * 0.5 = 1.1 on the sensor, and clipped."""
    stray = np.zeros(view.shape(STEP) + (3,), np.float32)
    light = np.full(view.size + (3,), np.log(1.0), np.float32)
    picture = camera.expose(random(0), view, patient, light, stray)
    assert abs(picture[100:220, 160:320].mean() - 255 * (0.8 + 0.6 * 0.2)) < 2
