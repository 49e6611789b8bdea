import numpy as np
import pytest

from data_prep.errors import DataError
from labelling import photographs
from tests.labelling.conftest import found


def test_a_photograph_comes_back_as_it_was_put(pool):
    photograph = pool.photographs.get(2)
    assert (photograph.path, photograph.height, photograph.width) == ("/b", 20, 30)
    assert pool.photographs.at("/b") == photograph and pool.photographs.at("/z") is None
    np.testing.assert_array_equal(pool.photographs.field(2), np.ones((20, 30), bool))
    with pytest.raises(DataError, match="no photograph with the id 9"):
        pool.photographs.get(9)


def test_one_put_again_keeps_its_id(pool):
    assert pool.photographs.put(found("/b", patient="p")) == 2
    assert pool.photographs.get(2).patient == "p" and len(pool.photographs) == 3


def test_usable_are_those_that_can_be_read_have_a_field_and_repeat_no_other(pool, monkeypatch):
    monkeypatch.setattr(photographs, "PAGE", 2)
    pool.photographs.put(found("/bad", problem="not an image"))
    pool.photographs.put(found("/copy"), (1, "copy"))
    pool.photographs.put(found("/black", marks="dark, no field of view"))
    pool.photographs.put(found("/blurred", marks="blurred", warning="a name"))
    assert [item.path for item in pool.photographs.usable()] == ["/a", "/b", "/c", "/blurred"]
    assert [item.path for item in pool.photographs.not_usable()] == ["/bad", "/copy", "/black"]
    assert [item.path for item in pool.photographs.with_warning()] == ["/blurred"]
    assert pool.photographs.n_usable() == 4


def test_scale_is_by_the_width_of_the_field_unless_it_was_given(pool):
    assert pool.photographs.get(1).scale(60) == 2
    pool.photographs.put(found("/d", given_scale=0.5))
    assert pool.photographs.get(4).scale(60) == 0.5


def test_bands_find_what_shares_one(pool):
    pool.photographs.put(found("/a", hash=b"aabb"))
    pool.photographs.put(found("/b", hash=b"ccbb"))
    pool.photographs.set_bands(1, [b"aa", b"bb"])
    pool.photographs.set_bands(2, [b"cc", b"bb"])
    assert pool.photographs.sharing_a_band([b"bb", b"aa"]) == []
    assert pool.photographs.sharing_a_band([b"cc", b"xx"]) == [(2, b"ccbb")]
    assert pool.photographs.sharing_a_band([b"xx", b"bb"]) == [(1, b"aabb"), (2, b"ccbb")]
