import numpy as np
import pytest

from data_prep.array_cache import ArrayCache


def array(value, n=10):
    return np.full(n, value, np.uint8)


def test_the_least_recently_used_goes_first():
    cache = ArrayCache(30)
    for key in "abc":
        cache.put(key, array(ord(key)))
    assert cache.get("a")[0] == ord("a")  # now b has waited longest
    cache.put("d", array(4))
    assert cache.get("b") is None
    assert [cache.get(key)[0] for key in "acd"] == [ord("a"), ord("c"), 4]


def test_capacity_counts_bytes():
    cache = ArrayCache(30)
    cache.put("a", array(1, 20))
    cache.put("b", array(2, 20))
    assert cache.get("a") is None
    cache.put("large", array(3, 31))
    assert cache.get("large") is None
    assert cache.get("b") is not None


def test_a_key_put_twice_counts_once():
    cache = ArrayCache(30)
    cache.put("b", array(9))
    for value in range(5):
        cache.put("a", array(value, 20))
    assert cache.get("a")[0] == 4
    assert cache.get("b") is not None


def test_what_is_kept_cannot_be_written():
    cache = ArrayCache(30)
    cache.put("a", array(1))
    with pytest.raises(ValueError, match="read-only"):
        cache.get("a")[0] = 2
