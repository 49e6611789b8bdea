import cv2
import numpy as np
import pytest

from experiments.detector import exclusion

WIDTH = 450  # the closing is 11 pixels wide


def spot(row, column, radius, value=1.0, height=WIDTH):
    """A round spot on nothing: float32 height x WIDTH."""
    image = np.zeros((height, WIDTH), np.float32)
    cv2.circle(image, (column, row), radius, value, cv2.FILLED)
    return image


FIELD = spot(225, 225, 200) > 0


def test_dark_structures():
    green = np.zeros((100, WIDTH), np.float32)
    green[40:45] = -0.2  # a vessel
    green[70:100, 300:400] = -0.3  # a large haemorrhage is no structure narrower than the closing
    green[10:20, 100:110] = green[10:20, 112:122] = (
        0.5  # exudates: the gap between them is not dark
    )
    darkness = exclusion.dark(green)
    assert np.allclose(darkness[40:45, :250], 0.2)
    assert np.allclose(darkness[:35, :250], 0)
    assert darkness[85, 350] == 0


def test_fill_dark_by_hand():
    green, darkness = np.array([-0.3, -0.3, 0.2, 0.2]), np.array([0.1, 0.01, 0.1, 0])
    assert exclusion.fill_dark(green, darkness).tolist() == [0, -0.3, 0.2, 0.2]


def test_a_reflection_reaches_the_rim():
    at_rim = spot(225, 420, 20, 0.5) * FIELD
    inside = spot(225, 225, 10, 0.5)
    near_rim = spot(50, 225, 8, 0.5)  # its edge is 17 pixels inside
    found = exclusion.reflections(at_rim + inside + near_rim, FIELD)
    assert found[225, 415:424].all()
    assert not found[:, :380].any()
    assert not exclusion.reflections(inside + near_rim, FIELD).any()


def test_a_reflection_ends_where_it_gets_deep():
    found = exclusion.reflections(np.where(FIELD, np.float32(0.5), np.float32(0)), FIELD)
    depth = 200 - np.hypot(*np.ogrid[-225:225, -225:225])
    assert found[(depth > 3) & (depth < 40)].all()
    assert not found[depth > 48].any()


def test_the_frame_is_no_rim():
    # The camera cuts the eye off above: an exudate there is no reflection.
    field = FIELD[60:]
    green = spot(2, 225, 10, 0.5, 390)
    assert not exclusion.reflections(green, field).any()


def test_the_disc_is_where_vessels_meet():
    image = np.full((WIDTH, WIDTH, 3), 90, np.uint8)
    radius = round(exclusion.DISC * WIDTH / 2)
    cv2.circle(image, (120, 250), radius, (90, 160, 200), cv2.FILLED)
    cv2.circle(
        image, (320, 200), radius, (90, 190, 230), cv2.FILLED
    )  # exudates may be brighter, and as large
    for column in (115, 125):
        cv2.line(image, (column, 120), (column, 380), (60, 60, 70), 3)
    image[~FIELD] = 0
    green = image[..., 1].astype(np.float32) / 90 - 1
    disc = exclusion.find_disc(image, exclusion.dark(green), FIELD)
    assert (disc.row, disc.column) == pytest.approx((250, 120), abs=10)
    assert disc.radius == pytest.approx(0.0775 * WIDTH)


def test_a_photograph_without_anything_has_a_disc_too():
    disc = exclusion.find_disc(
        np.full((60, 80, 3), 90, np.uint8), np.zeros((60, 80), np.float32), np.ones((60, 80), bool)
    )
    assert 0 <= disc.row < 60
    assert 0 <= disc.column < 80


def test_disc_mask():
    mask = exclusion.disc_mask(exclusion.Disc(50.0, 40.0, 20.0), (100, 100))
    assert mask.sum() == pytest.approx(np.pi * 23**2, rel=0.02)  # with its margin
    assert mask[50, 62]
    assert mask[73, 40]
    assert not mask[50, 64]
