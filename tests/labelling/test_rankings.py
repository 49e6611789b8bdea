import pytest

from labelling import rankings
from labelling.rankings import Ranked


def ranked(photograph, score):
    return Ranked(photograph, {"sum": score}, 0.5, 10, 0.25, [(1, 2, 48, 0.125)])


def test_a_ranking_counts_once_it_is_finished(pool, monkeypatch):
    monkeypatch.setattr(rankings, "PAGE", 2)
    model = pool.rankings.model("abc", "/model")
    assert pool.rankings.model("abc", "/elsewhere") == model
    first = pool.rankings.begin(model, "egl")
    assert pool.rankings.begin(model, "egl") == first
    pool.rankings.add(first, [ranked(1, 1.0), ranked(3, 3.0)])
    pool.rankings.add(first, [ranked(2, 2.0)])
    assert pool.rankings.newest() is None
    assert pool.rankings.is_ranked(first, [1, 2, 7]) == [1, 2]
    assert list(pool.rankings.all(first)) == [ranked(1, 1.0), ranked(2, 2.0), ranked(3, 3.0)]
    assert pool.rankings.best(first, "sum", 2) == [(3, 3.0), (2, 2.0)]
    pool.rankings.finish(first, "sum")
    assert pool.rankings.newest() == first and pool.rankings.model_of(first) == model
    assert [row.photograph for row in pool.rankings.in_order(first)] == [3, 2, 1]
    assert [row.photograph for row in pool.rankings.in_order(first, 2)] == [3, 2]
    assert [row.photograph for row in pool.rankings.in_order(first, 3)] == [3, 2, 1]
    assert pool.rankings.of(first, 2) == ranked(2, 2.0)._replace(place=2)
    assert pool.rankings.of(first, 9) is None
    assert pool.rankings.begin(model, "egl") != first


def test_the_history_of_models(pool):
    first = pool.rankings.model("abc", "/model")
    second = pool.rankings.add_model("def", "/next", first, 12, 30.5, 0.7, 0.9)
    rows = pool.rankings.models()
    assert [row.id for row in rows] == [first, second]
    assert rows[0].f_measure is None and rows[0].parent is None
    assert rows[1][4:] == (first, 12, 30.5, pytest.approx(0.7), 0.9)


def test_what_comes_first_may_be_given(pool):
    ranking = pool.rankings.begin(pool.rankings.model("abc", "/model"), "egl")
    pool.rankings.add(ranking, [ranked(1, 1.0), ranked(2, 2.0), ranked(3, 2.0)])
    pool.rankings.finish(ranking, "sum", [1])
    assert [row.photograph for row in pool.rankings.in_order(ranking)] == [1, 2, 3]
