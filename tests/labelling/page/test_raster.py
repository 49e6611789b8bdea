import base64

import numpy as np
import pytest

from data_prep.field_of_view import to_png
from labelling.answers import Stroke
from labelling.page.raster import fill, mask_of, paint


def drawn(*strokes, shape=(8, 10)):
    rows = [Stroke(number, 0.0, tool, body) for number, (tool, body) in enumerate(strokes)]
    return mask_of(rows, shape)


def where(mask):
    return {(int(x), int(y)) for y, x in np.argwhere(mask)}


def square(left, top, right, bottom):
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def test_a_point_paints_the_pixels_whose_centres_are_in_its_disc():
    mask = np.zeros((8, 10), bool)
    paint(mask, [[3.5, 2.5]], 1.0, True)
    assert where(mask) == {(3, 2), (2, 2), (4, 2), (3, 1), (3, 3)}


def test_a_line_paints_what_is_near_to_it_and_not_beyond_its_ends():
    mask = np.zeros((8, 10), bool)
    paint(mask, [[2.5, 4.5], [5.5, 4.5]], 0.5, True)
    assert where(mask) == {(x, 4) for x in (2, 3, 4, 5)}
    paint(mask, [[2.5, 4.5], [2.5, 4.5]], 0.5, False)  # of no length
    assert where(mask) == {(x, 4) for x in (3, 4, 5)}


def test_lines_of_all_directions_against_distances_of_every_pixel():
    random = np.random.RandomState(1)
    for _ in range(20):
        (ax, ay), (bx, by) = random.uniform(-5, 35, (2, 2)).round(1)
        radius = float(random.uniform(0.5, 9))
        mask = np.zeros((30, 30), bool)
        paint(mask, [[ax, ay], [bx, by]], radius, True)
        steps = np.linspace(0, 1, 4001)
        line = np.stack([ax + steps * (bx - ax), ay + steps * (by - ay)], axis=1)
        y, x = np.mgrid[:30, :30] + 0.5
        distance = np.hypot(x[..., None] - line[:, 0], y[..., None] - line[:, 1]).min(axis=2)
        clear = abs(distance - radius) > 0.02
        np.testing.assert_array_equal(mask[clear], (distance <= radius)[clear])


def test_a_polygon_has_the_pixels_whose_centres_are_inside_and_holes_stay_open():
    mask = np.zeros((8, 10), bool)
    fill(mask, [square(1, 1, 6, 6), square(2.6, 2.6, 4.4, 4.4)])
    assert where(mask) == {(x, y) for x in range(1, 6) for y in range(1, 6)} - {(3, 3)}


def test_what_lies_outside_the_photograph_is_cut_off():
    mask = np.zeros((8, 10), bool)
    fill(mask, [square(-50, -50, 500, 2)])
    assert mask[:2].all() and not mask[2:].any()
    fill(mask, [square(20, 20, 30, 30)])
    paint(mask, [[-40, 4], [-20, 4]], 3, True)
    assert mask.sum() == 20


def test_polygons_against_the_angle_under_which_each_pixel_sees_them():
    random = np.random.RandomState(2)
    y, x = np.mgrid[:30, :40] + 0.5
    for _ in range(20):
        angles = np.arange(9) * 2 * np.pi / 9
        radii = random.uniform(2, 18, 9)
        ring = np.stack([20 + radii * np.cos(angles), 15 + radii * np.sin(angles)], 1).round(3)
        mask = np.zeros((30, 40), bool)
        fill(mask, [ring.tolist()])
        towards = np.arctan2(ring[:, 1] - y[..., None], ring[:, 0] - x[..., None])
        turns = (np.roll(towards, -1, axis=2) - towards + np.pi) % (2 * np.pi) - np.pi
        np.testing.assert_array_equal(mask, abs(turns.sum(axis=2)) > np.pi)


def test_strokes_come_one_upon_another():
    brush = ("brush", {"points": [[2.5, 2.5]], "radius": 0.5})
    eraser = ("eraser", {"points": [[2.5, 2.5]], "radius": 0.5})
    assert where(drawn(brush)) == {(2, 2)}
    assert where(drawn(brush, eraser)) == set()
    assert where(drawn(eraser, brush)) == {(2, 2)}
    whole = np.zeros((8, 10), bool)
    whole[7, 9] = True
    png = base64.b64encode(to_png(whole)).decode()
    assert where(drawn(brush, ("mask", {"png": png}))) == {(9, 7)}


def test_an_outline_that_is_rejected_later_was_never_accepted():
    one, other = {"rings": [square(0, 0, 2, 2)]}, {"rings": [square(4, 4, 6, 6)]}
    accepted = drawn(("accept", one), ("accept", other))
    assert accepted.sum() == 8
    assert where(drawn(("accept", one), ("accept", other), ("reject", one))) == where(
        drawn(("accept", other))
    )
    again = drawn(("accept", one), ("reject", one), ("accept", one))
    assert where(again) == where(drawn(("accept", one)))


@pytest.mark.parametrize("over", ["accept", "polygon"])
def test_what_was_painted_stays_when_an_outline_around_it_is_rejected(over):
    brush = ("brush", {"points": [[1.5, 1.5]], "radius": 0.5})
    outline = {"rings": [square(0, 0, 4, 4)]}
    assert where(drawn(brush, ("accept", outline), ("reject", outline))) == {(1, 1)}
