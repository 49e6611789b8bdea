import cv2
import numpy as np
import pytest

from experiments.detector.candidates import LARGE, SMALL, find_candidates, slope

WIDTH = 400  # LARGE takes regions of 2.6 pixels to 50 x 50, SMALL of 1 pixel to 10 x 10
EVERYWHERE = np.ones((WIDTH, WIDTH), bool)


def disc(row, column, radius, value, blur=0.0):
    image = np.zeros((WIDTH, WIDTH), np.float32)
    cv2.circle(image, (column, row), radius, value, cv2.FILLED)
    return cv2.GaussianBlur(image, (0, 0), blur) if blur else image


def test_a_disc_on_a_ramp():
    ramp = np.tile(np.linspace(0, 0.1, WIDTH, dtype=np.float32), (WIDTH, 1))
    labels = find_candidates(ramp + disc(200, 300, 8, 0.3, 1), EVERYWHERE, LARGE)
    drawn = disc(200, 300, 8, 1) > 0
    found = labels == labels[200, 300]
    assert labels[200, 300] > 0
    assert (found & drawn).sum() / (found | drawn).sum() > 0.75


def test_two_discs_and_nothing_else():
    labels = find_candidates(disc(100, 100, 6, 0.3) + disc(100, 200, 10, 0.2), EVERYWHERE, LARGE)
    drawn = (disc(100, 100, 6, 1) > 0) * 1 + (disc(100, 200, 10, 1) > 0) * 2
    assert sorted(np.unique(labels)) == [0, 1, 2]
    assert ((labels > 0) == (drawn > 0)).all()
    assert len(np.unique(labels[drawn == 1])) == len(np.unique(labels[drawn == 2])) == 1


def test_sharp_peaks_on_a_soft_glow_are_several():
    peaks = disc(200, 190, 4, 0.3, 0.8) + disc(200, 215, 4, 0.3, 0.8)
    labels = find_candidates(disc(200, 200, 22, 0.08, 6) + peaks, EVERYWHERE, LARGE)
    assert 0 < labels[200, 190] != labels[200, 215] > 0


def test_soft_peaks_in_a_sharp_outline_are_one():
    peaks = disc(200, 190, 6, 0.1, 4) + disc(200, 212, 6, 0.1, 4)
    whole = disc(200, 200, 20, 0.3)
    labels = find_candidates(whole + peaks, EVERYWHERE, LARGE)
    assert labels[200, 190] == labels[200, 212] > 0
    assert ((labels == labels[200, 190]) == (whole > 0)).mean() > 0.999


@pytest.mark.parametrize(
    "green, scale",
    [
        (disc(200, 200, 30, 0.3), LARGE),  # 53 pixels wide as a square
        (disc(200, 200, 8, 0.3), SMALL),
        (disc(200, 200, 8, 0.05), LARGE),  # too faint
        (disc(200, 200, 0, 0.3), LARGE),  # a single pixel
        (disc(200, 200, 8, -0.3), LARGE),
        (np.zeros((WIDTH, WIDTH), np.float32), SMALL),
    ],
)
def test_too_large_too_faint_too_small(green, scale):
    assert not find_candidates(green, EVERYWHERE, scale).any()


def test_none_where_they_are_not_allowed():
    allowed = EVERYWHERE.copy()
    allowed[:, :200] = False
    labels = find_candidates(disc(100, 100, 8, 0.3) + disc(100, 300, 8, 0.3), allowed, LARGE)
    assert np.unique(labels).tolist() == [0, 1]
    assert not labels[:, :200].any()


def test_regions_touching_at_a_corner_are_one():
    green = np.zeros((WIDTH, WIDTH), np.float32)
    green[100:104, 100:104] = green[104:108, 104:108] = 0.3
    assert find_candidates(green, EVERYWHERE, LARGE).max() == 1


def test_the_numbers_have_no_gaps():
    random = np.random.RandomState(0)
    green = cv2.GaussianBlur(random.randn(WIDTH, WIDTH).astype(np.float32), (0, 0), 3)
    labels = find_candidates(green, EVERYWHERE, SMALL)
    assert labels.max() > 100
    assert np.unique(labels).tolist() == list(range(labels.max() + 1))
    assert (find_candidates(green, EVERYWHERE, SMALL) == labels).all()


def test_slope_of_a_ramp():
    ramp = np.tile(0.01 * np.arange(50, dtype=np.float32), (40, 1))
    assert slope(ramp)[5:-5, 5:-5] == pytest.approx(0.01, rel=1e-4)
