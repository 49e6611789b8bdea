import numpy as np
import pytest

from experiments.detector.normalisation import (
    NARROW,
    calibrate,
    contrasts,
    extend,
    to_photograph,
    to_scale,
)


@pytest.fixture
def halved():
    """A photograph whose field of view, 100 x 200, is brought to a width of 100."""
    image = np.zeros((150, 300, 3), np.uint8)
    image[20:120:2, 50:250] = 100
    image[21:120:2, 50:250] = 200
    field = np.zeros((150, 300), bool)
    field[20:120, 50:250] = True
    return calibrate(image, field, 100)


def test_calibrate_by_hand(halved):
    assert halved.box == (20, 50, 100, 200)
    assert halved.image.shape == (50, 100, 3)
    assert (halved.image == 150).all()  # the mean of two rows each
    assert halved.field.all()


def test_to_the_scale_and_back(halved):
    mask = np.zeros((150, 300), bool)
    mask[20, 50] = mask[0, 0] = True
    cover = to_scale(mask, halved)
    assert cover[0, 0] == pytest.approx(0.25)
    assert cover.sum() == pytest.approx(0.25)
    labels = np.zeros((50, 100), np.int32)
    labels[0, 0], labels[49, 99] = 7, 70000
    whole = to_photograph(labels, halved.box, (150, 300))
    assert (whole[20:22, 50:52] == 7).all()
    assert (whole[118:120, 248:250] == 70000).all()
    assert (whole > 0).sum() == 8


def test_a_small_photograph_grows():
    field = np.zeros((60, 60), bool)
    field[10:50, 10:50] = True
    calibrated = calibrate(np.full((60, 60, 3), 90, np.uint8), field, 80)
    assert calibrated.image.shape == (80, 80, 3)
    assert calibrated.field.all()


def eye(light):
    """A Calibrated with the brightness `light` (200 x 200) in an eye and dark around it.

    The field of view ends inside the eye.
    """
    distance = np.hypot(*np.ogrid[-100:100, -100:100])
    image = np.where(distance < 100, light, 0)[..., None] * np.ones(3)
    return calibrate(image.astype(np.uint8), distance < 95, 190)


def test_illumination_is_taken_out_and_the_dark_surround_not_seen():
    calibrated = eye(np.tile(np.linspace(60, 180, 200), (200, 1)))
    flat = contrasts(calibrated)
    assert np.abs(flat[calibrated.field]).max() < 0.12
    assert np.abs(flat[80:110, 80:110]).max() < 0.03
    assert (flat[~calibrated.field] == 0).all()


def test_contrast_is_a_share_of_the_background():
    light = np.full((200, 200), 100.0)
    light[96:104, 96:104] = 130
    for window in (1 / 8, 1 / 4):
        contrast = contrasts(eye(light), window)
        assert contrast[93:97, 93:97].mean() == pytest.approx(0.3, abs=0.02)
        assert np.abs(contrast[50, 50]).max() < 0.01


def test_the_narrow_window_follows_what_the_wide_one_leaves():
    light = np.full((200, 200), 100.0)
    light[90:110, 90:110] = 130  # wider than the narrow window of 9 pixels
    assert np.abs(contrasts(eye(light), NARROW)[94:96, 94:96]).max() < 0.03
    assert contrasts(eye(light), 1 / 4)[94:96, 94:96].min() > 0.25


def test_extend_by_hand():
    field = np.array([[False, True, False, False, True, False]])
    values = np.array([[9, 1, 9, 9, 2, 9]])
    assert extend(values, field).tolist() == [[1, 1, 1, 2, 2, 2]]
    assert (extend(values, field & False) == values).all()
