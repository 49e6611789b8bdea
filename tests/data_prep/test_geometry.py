import cv2
import numpy as np
import pytest

from data_prep.geometry import PATCH_SIDE, disc, grid_counts, grid_inside, grid_shape


def by_cutting(mask, patch, stride):
    """Cut every patch of the grid and count its pixels."""
    rows = range(0, mask.shape[0] - patch[0] + 1, stride)
    columns = range(0, mask.shape[1] - patch[1] + 1, stride)
    return [[mask[y : y + patch[0], x : x + patch[1]].sum() for x in columns] for y in rows]


def test_the_papers_patch():
    assert PATCH_SIDE == 48


@pytest.mark.parametrize(
    ("shape", "patch", "stride", "expected"),
    [
        ((48, 49), (48, 48), 1, (1, 2)),
        ((100, 120), (48, 48), 24, (3, 4)),
        ((100, 120), (20, 30), 7, (12, 13)),
        ((47, 200), (48, 48), 1, (0, 0)),
        ((200, 47), (48, 48), 8, (0, 0)),
    ],
)
def test_how_many_patches_a_grid_has(shape, patch, stride, expected):
    assert grid_shape(shape, patch, stride) == expected
    assert grid_inside(shape, patch, stride).shape == expected
    assert grid_counts(np.ones(shape, bool), patch, stride).shape == expected


@pytest.mark.parametrize("stride", [1, 3, 8])
@pytest.mark.parametrize("patch", [(8, 8), (5, 12)])
def test_counts_and_inside_as_by_cutting(patch, stride):
    mask = np.random.RandomState(0).uniform(size=(40, 50)) < 0.97
    expected = np.array(by_cutting(mask, patch, stride))
    assert (grid_counts(mask, patch, stride) == expected).all()
    inside = grid_inside(mask.shape, patch, stride, mask)
    assert (inside == (expected == patch[0] * patch[1])).all()
    assert 0 < inside.sum() < inside.size


def test_one_pixel_outside_the_field_excludes_the_patches_that_hold_it():
    field = np.ones((100, 120), bool)
    field[60, 70] = False
    outside = np.argwhere(~grid_inside(field.shape, (48, 48), 1, field))
    assert outside.min(axis=0).tolist() == [13, 23]  # 60 - 47, 70 - 47
    assert outside.max(axis=0).tolist() == [52, 70]  # the last row of the grid, and column 70
    assert len(outside) == (52 - 13 + 1) * (70 - 23 + 1)


def test_a_photograph_of_many_pixels_does_not_overflow():
    mask = np.ones((3000, 4300), bool)
    assert (grid_counts(mask, (48, 48), 500) == 48**2).all()


def test_a_view_with_strides_of_its_own():
    mask = np.random.RandomState(0).uniform(size=(60, 80)) < 0.9
    assert (grid_counts(mask.T, (8, 8), 2) == grid_counts(mask, (8, 8), 2).T).all()


@pytest.mark.parametrize(("diameter", "size"), [(0.5, 3), (3, 3), (4, 5), (7.4, 7), (8.6, 9)])
def test_a_disc_is_round_and_of_odd_size(diameter, size):
    element = disc(diameter)
    assert element.shape == (size, size)
    assert (element == element[::-1]).all() and (element == element[:, ::-1]).all()
    assert element[size // 2].all()
    # It grows a point by half its size.
    point = np.zeros((31, 31), np.uint8)
    point[15, 15] = 1
    rows, _ = np.nonzero(cv2.dilate(point, element))
    assert (rows.min(), rows.max()) == (15 - size // 2, 15 + size // 2)
