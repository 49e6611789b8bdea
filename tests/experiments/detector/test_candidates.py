import cv2
import numpy as np
import pytest

from experiments.detector.candidates import Level, find_candidates

WIDTH = 400
LEVEL = Level(1, 0.1, least=1 / 100, most=1 / 20)  # squares of 4 to 20 pixels
EVERYWHERE = np.ones((WIDTH, WIDTH), bool)


def squares(*corners_sides_values):
    image = np.zeros((WIDTH, WIDTH), np.float32)
    for row, column, side, value in corners_sides_values:
        image[row : row + side, column : column + side] = value
    return image


def test_one_bright_square():
    labels = find_candidates(squares((100, 200, 7, 0.3)), EVERYWHERE, LEVEL)
    assert np.unique(labels, return_counts=True)[1].tolist() == [WIDTH**2 - 49, 49]
    assert (labels[100:107, 200:207] == 1).all()


@pytest.mark.parametrize(
    "side, value, found",
    [(4, 0.1, 1), (20, 0.1, 1), (3, 0.3, 0), (21, 0.3, 0), (10, 0.099, 0), (10, -0.3, 0)],
)
def test_size_and_contrast(side, value, found):
    assert find_candidates(squares((50, 60, side, value)), EVERYWHERE, LEVEL).max() == found


def test_a_higher_level_parts_what_a_lower_one_runs_together():
    green = squares((100, 100, 18, 0.12), (102, 102, 5, 0.3), (110, 110, 5, 0.3))
    assert find_candidates(green, EVERYWHERE, LEVEL).max() == 1
    labels = find_candidates(green, EVERYWHERE, LEVEL._replace(contrast=0.2))
    assert np.bincount(labels.ravel())[1:].tolist() == [25, 25]


def test_none_where_they_are_not_allowed():
    allowed = EVERYWHERE.copy()
    allowed[:, :200] = False
    labels = find_candidates(
        squares((100, 100, 8, 0.3), (100, 195, 10, 0.3), (200, 300, 8, 0.3)), allowed, LEVEL
    )
    assert np.bincount(labels.ravel())[1:].tolist() == [
        50,
        64,
    ]  # of the second the half that is allowed


def test_regions_touching_at_a_corner_are_one():
    assert (
        find_candidates(squares((100, 100, 4, 0.3), (104, 104, 4, 0.3)), EVERYWHERE, LEVEL).max()
        == 1
    )


def test_the_numbers_have_no_gaps():
    green = cv2.GaussianBlur(
        np.random.RandomState(0).randn(WIDTH, WIDTH).astype(np.float32), (0, 0), 3
    )
    labels = find_candidates(green, EVERYWHERE, LEVEL)
    assert labels.max() > 50
    assert np.unique(labels).tolist() == list(range(labels.max() + 1))


def test_a_photograph_without_any():
    assert not find_candidates(np.zeros((WIDTH, WIDTH), np.float32), EVERYWHERE, LEVEL).any()
