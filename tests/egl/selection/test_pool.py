import pytest

from egl.errors import PoolExhausted
from egl.selection.pool import Pool


def test_revealing():
    pool = Pool([5, 3, 1], labelled=[3])
    assert (pool.labelled, pool.unlabelled) == ([3], [1, 5])
    pool.reveal([5])
    assert (pool.labelled, pool.unlabelled) == ([3, 5], [1])


@pytest.mark.parametrize("item", [3, 7])
def test_an_item_is_revealed_once_and_must_be_there(item):
    pool = Pool([1, 3], labelled=[3])
    with pytest.raises(KeyError):
        pool.reveal([item])


def test_exhausted():
    pool = Pool([1, 3], labelled=[3])
    pool.require(1)
    with pytest.raises(PoolExhausted, match="2 more items asked for, 1 are left"):
        pool.require(2)
