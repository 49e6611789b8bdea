import math

import numpy as np
import pytest

from data_prep.phantom.fields import (
    add_layer,
    blob,
    blur,
    enlarge,
    noise_grid,
    paint,
    polar,
    ramp,
    smooth_noise,
)


def test_noise_is_standard_and_independent():
    noise = noise_grid(np.random.RandomState(0), 300, 400)
    assert noise.shape == (300, 400) and noise.dtype == np.float32
    assert abs(noise.mean()) < 0.01
    assert abs(noise.std() - 1) < 0.01
    assert abs(np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]) < 0.02


def test_smooth_noise_varies_over_its_cell(view):
    """Near pixels agree, pixels a few cells apart do not."""
    noise = smooth_noise(np.random.RandomState(0), view, 1, 30)
    assert noise.shape == view.size
    cell = int(30 * view.unit)
    assert np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1] > 0.9
    far = 4 * cell
    assert abs(np.corrcoef(noise[:, far:].ravel(), noise[:, :-far].ravel())[0, 1]) < 0.15


def test_a_blob_without_roughness_is_an_ellipse_of_equal_area():
    outline = blob(np.random.RandomState(0), (3.0, 4.0), 6.0, stretch=2.25, angle=0, rough=0)
    x, y = (outline - (3.0, 4.0)).T
    np.testing.assert_allclose((x / 9) ** 2 + (y / 4) ** 2, 1)  # 6 * 1.5 and 6 / 1.5


def test_a_blob_is_turned_by_its_angle():
    outline = blob(np.random.RandomState(0), (0.0, 0.0), 6.0, 2.25, np.pi / 2, rough=0)
    x, y = outline.T
    np.testing.assert_allclose((x / 4) ** 2 + (y / 9) ** 2, 1)


def test_paint_fills_outlines_strong_over_weak(view):
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)
    painted = paint(view, [60 * square, 30 * square], [1.0, 0.4], 1)
    row, column = int(view.centre[1]), int(view.centre[0])
    assert painted[row, column] == 1  # the weak one was painted first
    assert painted[0, 0] == 0
    # 120 units are 40 pixels; OpenCV also fills the pixels that the outline runs through.
    assert 40**2 <= (painted > 0.5).sum() <= 42**2


def test_blur_keeps_the_sum_and_does_nothing_for_a_small_sigma():
    field = np.zeros((41, 41), np.float32)
    field[20, 20] = 1
    assert blur(field, 0.1) is field
    blurred = blur(field, 3)
    assert blurred.sum() == pytest.approx(1, abs=1e-5)
    # The peak of a Gaussian is 1 / (2 pi sigma^2).
    assert blurred.max() == pytest.approx(1 / (2 * math.pi * 9), rel=0.02)


def test_ramps_rise_and_fall():
    values = np.array([0.0, 1.0, 1.5, 2.0, 3.0])
    assert ramp(values, 1, 2).tolist() == [0, 0, 0.5, 1, 1]
    assert ramp(values, 2, 1).tolist() == [1, 1, 0.5, 0, 0]


def test_a_layer_adds_its_colour():
    light = np.ones((1, 2, 3), np.float32)
    add_layer(light, np.array([[1, 0.5]], np.float32), (1, 2, -1))
    assert light.tolist() == [[[2, 3, 0], [1.5, 2, 0.5]]]


def test_enlarge_gives_the_size_of_the_photograph(view):
    assert enlarge(np.ones(view.shape(2), np.float32), view).shape == view.size


def test_polar():
    assert polar((1.0, 2.0), 5.0, 0.0) == (6.0, 2.0)
    assert polar((1.0, 2.0), 5.0, math.pi / 2) == pytest.approx((1.0, 7.0))
