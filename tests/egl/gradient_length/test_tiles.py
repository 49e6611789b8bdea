"""A grid cut into tiles: together they hold every position inside, and no tile is too long."""

import numpy as np
import pytest

from egl.gradient_length import tiles as module
from egl.gradient_length.tiles import Tile, tiles


@pytest.fixture
def short(monkeypatch):
    """Tiles of 4 positions at most, at stride 24."""
    monkeypatch.setattr(module, "SIDE", 48 + 3 * 24)


def test_pixels_under_a_tile():
    tile = Tile(slice(2, 5), slice(0, 1))
    assert tile.pixels(10) == (slice(20, 88), slice(0, 48))  # corners 20, 30, 40; and 0


def test_a_small_grid_is_one_tile(short):
    assert list(tiles(np.ones((4, 3), bool), 24)) == [Tile(slice(0, 4), slice(0, 3))]


def test_a_long_grid_is_cut_evenly_and_the_last_tile_overlaps(short):
    found = [tile.columns for tile in tiles(np.ones((1, 9), bool), 24)]
    assert found == [slice(0, 3), slice(3, 6), slice(6, 9)]
    found = [tile.columns for tile in tiles(np.ones((1, 10), bool), 24)]
    assert found == [slice(0, 4), slice(4, 8), slice(6, 10)]


def test_what_lies_outside_is_left_out(short):
    inside = np.zeros((20, 10), bool)
    inside[5, 2:4] = inside[14, 7] = True
    found = list(tiles(inside, 24))
    for tile in found:
        assert inside[tile.rows, tile.columns].any()
    assert min(tile.rows.start for tile in found) == 5
    assert max(tile.rows.stop for tile in found) == 15
    assert list(tiles(np.zeros((3, 3), bool), 24)) == []


@pytest.mark.parametrize("multiple", [1, 3, 50])
def test_every_position_is_in_a_tile(short, multiple):
    inside = np.random.RandomState(2).uniform(size=(23, 31)) < 0.1
    seen = np.zeros_like(inside)
    for tile in tiles(inside, 24, multiple):
        assert tile.rows.stop - tile.rows.start <= max(4 // multiple, 1) * multiple
        seen[tile.rows, tile.columns] = True
    assert seen[inside].all()


def test_where_the_positions_begin_makes_no_tile_shorter(short):
    inside = np.zeros((40, 40), bool)
    inside[30:34, 30:34] = True
    assert list(tiles(inside, 24)) == [Tile(slice(30, 34), slice(30, 34))]
