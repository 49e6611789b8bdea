import numpy as np
import pytest

from data_prep.geometry import grid_inside
from data_prep.patches import corners, cut, grid, scatter


def field(height=100, width=120):
    return np.ones((height, width), bool)


def inside(field):
    return grid_inside(field.shape, (48, 48), 1, field)


def test_an_image_smaller_than_a_patch_has_none():
    healthy, exudate = corners(field(47, 200), np.ones((47, 200), bool))
    assert healthy.size == exudate.size == 0
    assert grid(field(47, 200), 8).shape == (0, 2)
    assert scatter(healthy, 5, np.random.RandomState(1)).shape == (0, 2)


def test_the_centre_rule_and_what_is_healthy():
    mask = np.zeros((100, 120), bool)
    mask[50, 60] = True
    healthy, exudate = corners(field(), mask)
    # The corner whose pixel (24, 24) is (50, 60).
    assert np.argwhere(exudate).tolist() == [[26, 36]]
    holds = np.zeros((53, 73), bool)
    holds[3:51, 13:61] = True  # corners of the patches that hold the pixel
    assert (healthy == ~holds).all()


@pytest.mark.parametrize(("rule", "first", "last"), [("any", 0, 48), (2 / 48**2, 1, 47)])
def test_the_other_rules(rule, first, last):
    """Corner rows, of 0 to 52, whose patch has one, or both, of the annotated rows 47 and 48."""
    mask = np.zeros((100, 48), bool)
    mask[47:49, 10] = True
    _, exudate = corners(field(100, 48), mask, rule)
    assert np.flatnonzero(exudate.any(axis=1)).tolist() == list(range(first, last + 1))


def test_patches_of_another_side_and_stride():
    mask = np.zeros((100, 120), bool)
    mask[50, 60] = True
    healthy, exudate = corners(field(), mask, side=20, stride=10)
    # The grid's corners are multiples of 10; pixel (10, 10) of the one at (40, 50) is annotated.
    assert healthy.shape == exudate.shape == (9, 11)
    assert np.argwhere(exudate).tolist() == [[4, 5]]
    # Rows 40 and 50 and columns 50 and 60 hold the pixel.
    assert np.argwhere(~healthy).tolist() == [[4, 5], [4, 6], [5, 5], [5, 6]]


def test_without_a_mask_everything_inside_is_healthy():
    healthy, exudate = corners(field(), None)
    assert (healthy == inside(field())).all()
    assert not exudate.any()


def test_scatter_keeps_its_distance_and_its_limit():
    allowed = np.zeros((60, 60), bool)
    allowed[10:40, 20:50] = True
    chosen = scatter(allowed, 100, np.random.RandomState(1), least_distance=8)
    assert 4 <= len(chosen) <= 16  # a 30 x 30 square holds at most 4 x 4 such corners
    assert allowed[chosen[:, 0], chosen[:, 1]].all()
    apart = np.abs(chosen[:, None] - chosen[None]).max(axis=2)
    assert apart[~np.eye(len(chosen), dtype=bool)].min() >= 8
    assert (scatter(allowed, 3, np.random.RandomState(1), 8) == chosen[:3]).all()
    assert len(scatter(np.zeros((5, 5), bool), 3, np.random.RandomState(1))) == 0


def test_scatter_with_millions_of_positions():
    chosen = scatter(np.ones((1500, 1500), bool), 20, np.random.RandomState(1))
    assert len(chosen) == 20


def test_grid_and_cut():
    image = np.arange(100 * 120 * 3, dtype=np.uint32).reshape(100, 120, 3).astype(np.uint8)
    yx = grid(field(), 24)
    assert yx.tolist() == [[y, x] for y in (0, 24, 48) for x in (0, 24, 48, 72)]
    patches = cut(image, yx)
    assert patches.shape == (12, 3, 48, 48)
    assert (patches[5] == image[24:72, 24:72].transpose(2, 0, 1)).all()


def test_patches_of_another_side():
    image = np.arange(30 * 40 * 3).reshape(30, 40, 3).astype(np.uint8)
    yx = grid(field(30, 40), 10, side=20)
    assert yx.tolist() == [[y, x] for y in (0, 10) for x in (0, 10, 20)]
    patches = cut(image, yx, side=20)
    assert patches.shape == (6, 3, 20, 20)
    assert (patches[4] == image[10:30, 10:30].transpose(2, 0, 1)).all()


def test_a_grid_keeps_to_the_field_of_view():
    part = field()
    part[:, 60:] = False
    corners_in_it = grid(part, 20, 20)
    assert corners_in_it.dtype == np.int32
    assert corners_in_it.tolist() == [[y, x] for y in range(0, 81, 20) for x in (0, 20, 40)]


def test_scattered_corners_are_of_32_bits_also_where_there_is_none():
    random = np.random.RandomState(0)
    for allowed in (field(9, 9), ~field(9, 9)):
        found = scatter(allowed, 5, random)
        assert (found.dtype, found.shape[1]) == (np.int32, 2)
