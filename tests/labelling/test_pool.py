import pytest

from data_prep.errors import DataError
from labelling.pool import Pool


def test_what_is_noted_is_there_for_others(pool):
    pool.note("folders", ["/a", "/b"])
    pool.note("folders", ["/c"])
    assert Pool(pool.path).fact("folders") == ["/c"]
    assert pool.fact("nothing", 5) == 5


def test_budget(pool):
    assert pool.budget_minutes == 0
    pool.budget_minutes = 120
    assert Pool(pool.path).budget_minutes == 120
    with pytest.raises(DataError, match="a budget of -1 minutes"):
        pool.budget_minutes = -1
