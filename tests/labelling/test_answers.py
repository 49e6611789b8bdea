import sqlite3

import numpy as np
import pytest

from data_prep.errors import DataError
from labelling.answers import Stroke, in_force


def mask_with(*pixels):
    mask = np.zeros((20, 30), bool)
    for pixel in pixels:
        mask[pixel] = True
    return mask


def test_a_mask_comes_back_to_the_pixel(pool):
    mask = np.arange(600).reshape(20, 30) < 300  # half of the field of view is not yet too much
    mask[19, 29], mask[0, 0] = True, False
    answer = pool.answers.add(1, "ann", "mask", 12.5, mask)
    np.testing.assert_array_equal(pool.answers.mask(answer), mask)
    (found,) = pool.answers.latest(1)
    assert (found.id, found.who, found.kind, found.seconds) == (answer, "ann", "mask", 12.5)


def test_every_answer_is_kept_and_a_person_s_last_one_counts(pool):
    pool.answers.add(1, "ann", "mask", mask=mask_with((1, 1)))
    pool.answers.add(1, "bob", "healthy", 2)
    pool.answers.add(1, "ann", "healthy", 3)
    pool.answers.add(1, "bob", "skip", 4)
    pool.answers.add(3, "bob", "cannot grade", 1)
    assert [answer.kind for answer in pool.answers.history(1)] == [
        "mask", "healthy", "healthy", "skip"
    ]  # fmt: skip
    assert [(a.who, a.kind) for a in pool.answers.latest(1)] == [
        ("ann", "healthy"), ("bob", "healthy")
    ]  # fmt: skip
    assert [(a.photograph, a.who) for a in pool.answers.all_latest()] == [
        (1, "ann"), (1, "bob"), (3, "bob")
    ]  # fmt: skip
    assert pool.answers.counts() == {"mask": 0, "healthy": 2, "cannot grade": 1, "skip": 0}
    assert pool.answers.seconds() == 10 and pool.minutes_used == 10 / 60


def test_history_cannot_be_changed(pool):
    pool.answers.add(1, "ann", "healthy")
    pool.answers.add_stroke(1, "ann", "brush", {})
    for table in ("answer", "stroke"):
        for change in (f"DELETE FROM {table}", f"UPDATE {table} SET who = 'x'"):
            with pytest.raises(sqlite3.IntegrityError, match="history"):
                with pool.answers._database.writing() as connection:
                    connection.execute(change)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, "a", "maybe"), "answer 'maybe': give one of mask, healthy"),
        ((1, "a", "healthy", -1.0), "took -1.0 seconds"),
        ((1, "a", "healthy", float("nan")), "took nan seconds"),
        ((1, "a", "healthy", 0.0, np.ones((20, 30), bool)), "'healthy' has no mask"),
        ((1, "a", "mask", 0.0, np.zeros((20, 30), bool)), "an empty mask"),
        ((1, "a", "mask", 0.0, np.ones((30, 20), bool)), "20 x 30 pixels for photograph 1"),
        ((1, "a", "mask", 0.0, np.arange(600).reshape(20, 30) < 301), "50% of the field of view"),
        ((9, "a", "healthy"), "no photograph 9"),
        ((9, "a", "mask", 0.0, np.ones((20, 30), bool)), "no photograph 9"),
    ],
)
def test_answers_that_make_no_sense_are_refused(pool, arguments, message):
    with pytest.raises(DataError, match=message):
        pool.answers.add(*arguments)
    assert pool.answers.history(1) == []


def test_strokes_are_kept_until_the_answer_and_a_new_drawing_begins(pool):
    pool.answers.add_stroke(1, "ann", "brush", {"points": [[1, 2]], "radius": 3})
    pool.answers.add_stroke(1, "bob", "brush", {})
    pool.answers.add_stroke(1, "ann", "undo", {})
    strokes = pool.answers.strokes(1, "ann")
    assert [stroke.tool for stroke in strokes] == ["brush", "undo"]
    assert strokes[0].body == {"points": [[1, 2]], "radius": 3}
    pool.answers.add(1, "ann", "healthy")
    assert pool.answers.strokes(1, "ann") == [] and len(pool.answers.strokes(1, "bob")) == 1


def test_undo_and_redo():
    def left(*tools):
        strokes = [Stroke(number, 0.0, tool, {}) for number, tool in enumerate(tools)]
        return [stroke.id for stroke in in_force(strokes)]

    assert left("brush", "brush") == [0, 1]
    assert left("brush", "brush", "undo") == [0]
    assert left("brush", "undo", "undo", "redo") == [0]
    assert left("brush", "brush", "undo", "undo", "redo", "redo", "redo") == [0, 1]
    assert left("brush", "undo", "eraser", "redo") == [2]
