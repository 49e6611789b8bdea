import numpy as np
import pytest

from data_prep.patches import corners, cut, grid, inside, scatter


def field(height=100, width=120):
    return np.ones((height, width), bool)


def test_inside_is_where_the_whole_patch_fits():
    assert np.argwhere(inside(field(48, 49))).tolist() == [[0, 0], [0, 1]]
    narrow = field()
    narrow[60, 70] = False  # one pixel outside the eye
    fits = inside(narrow)
    expected = [
        (y, x) for y in range(53) for x in range(73) if not (y <= 60 < y + 48 and x <= 70 < x + 48)
    ]
    assert [tuple(place) for place in np.argwhere(fits)] == expected


def test_an_image_smaller_than_a_patch_has_none():
    assert not inside(field(47, 200)).any()


def test_the_centre_rule_and_what_is_healthy():
    mask = np.zeros((100, 120), bool)
    mask[50, 60] = True
    healthy, exudate = corners(field(), mask)
    assert np.argwhere(exudate).tolist() == [
        [26, 36]
    ]  # the corner whose pixel (24, 24) is (50, 60)
    holds = np.zeros_like(mask)
    holds[3:51, 13:61] = True  # corners of the patches that hold the pixel
    assert (healthy == (inside(field()) & ~holds)).all()


@pytest.mark.parametrize(("rule", "first", "last"), [("any", 0, 48), (2 / 48**2, 1, 47)])
def test_the_other_rules(rule, first, last):
    """Of the corner rows 0 to 52, those whose patch holds one, or both, of the annotated rows 47 and 48."""
    mask = np.zeros((100, 48), bool)
    mask[47:49, 10] = True
    _, exudate = corners(field(100, 48), mask, rule)
    assert np.flatnonzero(exudate.any(axis=1)).tolist() == list(range(first, last + 1))


def test_without_a_mask_everything_inside_is_healthy():
    healthy, exudate = corners(field(), None)
    assert (healthy == inside(field())).all()
    assert not exudate.any()


def test_scatter_keeps_its_distance_and_its_limit():
    allowed = np.zeros((60, 60), bool)
    allowed[10:40, 20:50] = True
    chosen = scatter(allowed, 100, np.random.RandomState(1), least_distance=8)
    assert 4 <= len(chosen) <= 16  # a 30 x 30 square holds at most 4 x 4 such places
    assert allowed[chosen[:, 0], chosen[:, 1]].all()
    apart = np.abs(chosen[:, None] - chosen[None]).max(axis=2)
    assert apart[~np.eye(len(chosen), dtype=bool)].min() >= 8
    assert (scatter(allowed, 3, np.random.RandomState(1), 8) == chosen[:3]).all()
    assert len(scatter(np.zeros((5, 5), bool), 3, np.random.RandomState(1))) == 0


def test_scatter_with_millions_of_places():
    chosen = scatter(np.ones((1500, 1500), bool), 20, np.random.RandomState(1))
    assert len(chosen) == 20


def test_grid_and_cut():
    image = np.arange(100 * 120 * 3, dtype=np.uint32).reshape(100, 120, 3).astype(np.uint8)
    yx = grid(field(), 24)
    assert yx.tolist() == [[y, x] for y in (0, 24, 48) for x in (0, 24, 48, 72)]
    patches = cut(image, yx)
    assert patches.shape == (12, 3, 48, 48)
    assert (patches[5] == image[24:72, 24:72].transpose(2, 0, 1)).all()
