"""Properties of grids, patches and symmetries, over inputs that hypothesis makes up.

The same inputs on every run; each expected value is found by an independent and slower route.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from data_prep import patches
from data_prep.geometry import PATCH_SIDE, ceil_div, grid_counts, grid_inside, grid_shape
from data_prep.orientation import shown, stored
from data_prep.symmetry import COUNT, transform, transform_each
from egl.gradient_length.tiles import SIDE, tiles
from tests.campaign.properties.values import fuzz, masks_of_any_size, seeds

# Geometry


@fuzz
@given(masks_of_any_size(), some.integers(1, 12), some.integers(1, 12), some.integers(1, 9))
def test_a_grid_counts_what_its_patches_hold(mask, height, width, stride):
    counts = grid_counts(mask, (height, width), stride)
    tops = range(0, mask.shape[0] - height + 1, stride)
    lefts = range(0, mask.shape[1] - width + 1, stride)
    by_hand = [[mask[y : y + height, x : x + width].sum() for x in lefts] for y in tops]
    expected = np.array(by_hand, int).reshape(-1, len(lefts)) if len(lefts) else np.zeros((0, 0))
    if not len(tops):
        expected = np.zeros((0, 0))
    assert counts.shape == grid_shape(mask.shape, (height, width), stride) == expected.shape
    assert np.array_equal(counts, expected)
    inside = grid_inside(mask.shape, (height, width), stride, mask)
    assert np.array_equal(inside, expected == height * width)
    assert grid_inside(mask.shape, (height, width), stride).shape == expected.shape


@fuzz
@given(some.integers(-(10**12), 10**12), some.integers(1, 10**6))
def test_ceil_div(numerator, denominator):
    quotient = ceil_div(numerator, denominator)
    assert (quotient - 1) * denominator < numerator <= quotient * denominator


@fuzz
@given(
    masks_of_any_size(),
    some.integers(1, 8),
    some.integers(1, 5),
    some.one_of(some.sampled_from(patches.EXUDATE_RULES), some.sampled_from([0.125, 0.5, 1.0])),
    seeds,
)
def test_patches_by_each_rule(field, side, stride, rule, seed):
    mask = np.random.RandomState(seed).rand(*field.shape) < 0.2
    healthy, exudate = patches.corners(field, mask, rule, side, stride)
    assert not (healthy & exudate).any()
    for y, x in np.argwhere(np.ones(healthy.shape, bool)):
        rows = slice(y * stride, y * stride + side)
        columns = slice(x * stride, x * stride + side)
        within, annotated = field[rows, columns].all(), mask[rows, columns]
        wanted = {
            "any": annotated.any(),
            "centre": annotated[side // 2, side // 2],
        }.get(rule, None if isinstance(rule, str) else annotated.mean() >= rule)
        assert healthy[y, x] == (within and not annotated.any())
        assert exudate[y, x] == (within and wanted)


@fuzz
@given(masks_of_any_size(), some.integers(1, 10), some.integers(1, 6), seeds)
def test_scattered_corners_are_allowed_and_apart(allowed, most, least, seed):
    chosen = patches.scatter(allowed, most, np.random.RandomState(seed), least)
    assert len(chosen) <= most
    assert all(allowed[y, x] for y, x in chosen)
    for index, corner in enumerate(chosen):
        apart = np.abs(chosen[:index] - corner).max(axis=1)
        assert (apart >= least).all()
    if len(chosen) < most:  # then no corner is left that is far enough from all of them
        for corner in np.argwhere(allowed):
            assert len(chosen) and np.abs(chosen - corner).max(axis=1).min() < least


@fuzz
@given(masks_of_any_size(), some.sampled_from([64, 128, 300]), some.integers(1, 5))
def test_tiles_hold_every_wanted_position_within_their_box(inside, stride, multiple):
    seen = np.zeros(inside.shape, bool)
    longest = max((SIDE - PATCH_SIDE) // stride + 1, multiple)
    for tile in tiles(inside, stride, multiple):
        assert inside[tile.rows, tile.columns].any()
        for part in (tile.rows, tile.columns):
            assert 0 < part.stop - part.start <= longest
        seen[tile.rows, tile.columns] = True
        assert tile.pixels(stride)[0].stop == (tile.rows.stop - 1) * stride + PATCH_SIDE
    box = np.outer(_from_first_to_last(inside.any(axis=1)), _from_first_to_last(inside.any(axis=0)))
    assert not (inside & ~seen).any()
    assert not (seen & ~box).any()


def _from_first_to_last(used):
    return np.logical_or.accumulate(used) & np.logical_or.accumulate(used[::-1])[::-1]


# Symmetry and orientation


@fuzz
@given(arrays(np.uint8, (2, 3, 5, 5)), some.integers(0, 7), some.integers(0, 7))
def test_two_symmetries_make_a_third(values, first, second):
    both = transform(transform(values, first), second)
    assert any(np.array_equal(both, transform(values, third)) for third in range(COUNT))
    assert np.array_equal(np.sort(both, axis=None), np.sort(values, axis=None))


@fuzz
@given(arrays(np.uint8, (6, 2, 4, 4)), some.lists(some.integers(0, 7), min_size=6, max_size=6))
def test_each_patch_under_its_own_symmetry(values, symmetries):
    found = transform_each(values, np.array(symmetries))
    for patch, symmetry, result in zip(values, symmetries, found):
        assert np.array_equal(result, transform(patch, symmetry))


@fuzz
@given(some.integers(-5, 15))
def test_other_symmetries_are_refused(symmetry):
    if 0 <= symmetry < COUNT:
        transform(np.zeros((2, 2)), symmetry)
    else:
        with pytest.raises(ValueError, match=str(symmetry)):
            transform(np.zeros((2, 2)), symmetry)


@fuzz
@given(masks_of_any_size(), some.integers(1, 8))
def test_what_is_shown_is_stored_again(pixels, tag):
    assert np.array_equal(stored(shown(pixels, tag), tag), pixels)
