import os
import time

import pytest

from labelling.answers import MASK
from labelling.learn_settings import LearnSettings
from labelling.page.learner import Learner, learn_in_child, rank_in_child
from tests.labelling.test_mixing import block


@pytest.fixture
def learner_of(real_pool, tiny_model):
    """learner_of(in_child, ...): a learner that has not begun."""

    def make(in_child, **values):
        settings = LearnSettings(iterations=5)
        return Learner(real_pool, tiny_model, in_child=in_child, settings=settings, **values)

    return make


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def answer(pool, number):
    pool.answers.add(number, "ann", MASK, 30, block(pool, number))


def test_it_ranks_then_learns_after_enough_answers_and_shows_the_new_model_when_it_has_ranked(
    caffe, learner_of, real_pool, tiny_model, monkeypatch
):
    monkeypatch.setattr(os, "nice", lambda by: 0)  # the tests' own process
    done = []

    def here(work, arguments, folder, progress):
        before = learner.current()
        os.makedirs(folder, exist_ok=True)
        work(*arguments, progress=progress)
        done.append((work, learner.status()["doing"], before))

    learner = learner_of(here, every=3)
    assert learner.current() == (1, tiny_model)
    learner.start()
    until(lambda: len(done) == 1 and learner.status()["doing"] == "")
    assert done[0][:2] == (rank_in_child, "ranking") and learner.status()["until"] == 3
    first = real_pool.rankings.newest()
    for number in (1, 2, 3):
        answer(real_pool, number)
        learner.notice()
    until(lambda: len(done) == 3 and learner.status()["doing"] == "")
    assert [what[:2] for what in done[1:]] == [
        (learn_in_child, "learning"), (rank_in_child, "ranking")
    ]  # fmt: skip
    assert done[2][2] == (1, tiny_model)  # until the ranking was finished
    number, path = learner.current()
    assert number == 2 and path.endswith("-models/after-3-answers")
    assert real_pool.rankings.newest() > first and learner.status()["until"] == 3
    assert os.listdir(os.path.join(learner.folder, "working")) == []
    learner.end()


def test_what_goes_wrong_is_shown_and_tried_again_after_more_answers(
    caffe, learner_of, real_pool, tiny_model
):
    calls = []

    def fails(work, arguments, folder, progress):
        calls.append(work)
        raise RuntimeError("no room")

    ranking = real_pool.rankings.begin(real_pool.rankings.model("x", "/x"), "egl")
    real_pool.rankings.finish(ranking, "sum")  # by a model that the given one does not descend from
    learner = learner_of(fails, every=1)
    assert learner.current()[1] == tiny_model
    learner.start()
    until(lambda: learner.status()["message"] == "no room")
    assert calls == [rank_in_child]
    learner.notice()
    until(lambda: len(calls) == 2)
    learner.end()


def test_it_never_learns_without_three_photographs_with_exudates(caffe, learner_of, real_pool):
    learner = learner_of(None, every=1)
    assert learner.status()["until"] == 3
    real_pool.answers.add(4, "ann", "healthy")
    answer(real_pool, 1)
    assert learner.status()["until"] == 2
    assert learner_of(None, every=0).status()["until"] is None


def test_a_model_whose_folder_is_gone_is_not_asked(caffe, learner_of, real_pool, tiny_model):
    learner = learner_of(None, every=1)
    child = real_pool.rankings.add_model("y", "/gone", parent=1)
    real_pool.rankings.finish(real_pool.rankings.begin(child, "egl"), "sum")
    assert learner.current() == (1, tiny_model)
