from labelling import assignments
from labelling.rankings import Ranked


def rank(pool, order, finished=True):
    ranking = pool.rankings.begin(pool.rankings.model("abc", "/model"), "egl")
    pool.rankings.add(
        ranking, [Ranked(item, {"sum": 9.0 - n}, 0.5, 4, 0.1, []) for n, item in enumerate(order)]
    )
    if finished:
        pool.rankings.finish(ranking, "sum")


def test_two_people_get_different_photographs_and_each_keeps_her_own(pool):
    assert pool.assignments.next_for("ann") == 1
    assert pool.assignments.next_for("bob") == 2
    assert pool.assignments.next_for("ann") == 1
    pool.answers.add(1, "ann", "healthy")
    assert pool.assignments.next_for("ann") == 3
    assert pool.assignments.next_for("cat") is None


def test_the_newest_finished_ranking_decides_and_what_it_lacks_comes_last(pool):
    rank(pool, [2, 3])
    rank(pool, [1], finished=False)
    order = []
    for _ in range(3):
        order.append(pool.assignments.next_for("ann"))
        pool.answers.add(order[-1], "ann", "healthy")
    assert order == [2, 3, 1]


def test_what_one_person_skipped_another_one_gets(pool):
    pool.answers.add(1, "ann", "skip")
    assert pool.assignments.next_for("ann") == 2
    assert pool.assignments.next_for("bob") == 1


def test_two_answers_to_each_photograph_are_by_two_people(pool):
    pool.answers.add(1, "ann", "healthy")
    assert pool.assignments.next_for("bob") == 2
    pool.assignments.release(2, "bob")
    assert pool.assignments.next_for("bob", wanted=2) == 1
    assert pool.assignments.next_for("ann", wanted=2) == 2


def test_an_assignment_ends(pool, monkeypatch):
    monkeypatch.setattr(assignments, "LEASE", 0.0)
    assert pool.assignments.next_for("ann") == 1
    assert pool.assignments.next_for("bob") == 1


def test_assign_takes_what_is_free(pool):
    assert pool.assignments.assign(2, "ann") and pool.assignments.assign(2, "ann")
    assert not pool.assignments.assign(2, "bob")
    assert pool.assignments.next_for("bob") == 1
    pool.assignments.release(2, "ann")
    assert pool.assignments.assign(2, "bob")
