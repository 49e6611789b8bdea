"""Strokes are kept: over a reload, a killed server, and in two tabs at once."""

import numpy as np
import pytest

LINE = (0.4, 0.4), (0.5, 0.45), (0.5, 0.6)


@pytest.fixture
def ann(page):
    return page("ann")


def same(ann):
    """Check that the browser's mask is the server's, and return it."""
    ann.wait_until_saved()
    mask = ann.mask()
    np.testing.assert_array_equal(mask, ann.served_mask())
    return mask


def test_paint_save_reload_next(ann, pool):
    first = ann.photograph
    ann.pointer(*LINE)
    ann.press("]", "]")
    ann.pointer((0.3, 0.5), (0.35, 0.52))
    ann.press("e")
    ann.pointer((0.5, 0.45), (0.5, 0.5))
    ann.press("p")
    for place in ((0.6, 0.3), (0.7, 0.35), (0.62, 0.42)):
        ann.pointer(place)
    ann.press("\ue007")  # Enter closes the polygon
    mask = same(ann)
    assert mask.sum() > 1000
    ann.reload()
    assert ann.photograph == first
    np.testing.assert_array_equal(ann.mask(), mask)
    ann.press("\ue007")
    ann.wait_for_photograph(other_than=str(first))
    assert not ann.mask().any()
    (answer,) = pool.answers.latest(first)
    assert (answer.who, answer.kind) == ("ann", "mask") and answer.seconds > 0
    np.testing.assert_array_equal(pool.answers.mask(answer.id), mask)
    ann.press("\ue003")  # Backspace: back, to correct it
    ann.until(lambda: ann.photograph == first, "the first photograph again")
    np.testing.assert_array_equal(ann.mask(), mask)
    assert ann.problems() == []


def test_undo_over_a_reload(ann):
    ann.pointer(*LINE)
    one = same(ann)
    ann.pointer((0.3, 0.5), (0.35, 0.52))
    both = same(ann)
    ann.press("z")
    assert (same(ann) == one).all()
    ann.reload()
    assert (ann.mask() == one).all()
    ann.press("y")
    assert (same(ann) == both).all()
    ann.press("z", "z", "z")
    assert not same(ann).any()
    ann.reload()
    ann.element("redo").click()
    assert (same(ann) == one).all()


def test_a_server_that_is_killed_mid_stroke_loses_that_stroke_alone(ann, page, server, pool):
    first = ann.photograph
    ann.pointer(*LINE)
    one = same(ann)
    ann.pointer((0.3, 0.5), (0.35, 0.52), lift=False)
    server.kill()
    ann.pointer((0.36, 0.52), (0.37, 0.52))
    ann.until(lambda: "Not saved" in ann.text("saved"), "Not saved")
    drawn = ann.mask()
    ann.pointer((0.7, 0.7), (0.72, 0.7))  # refused: more would be lost
    assert (ann.mask() == drawn).all() and "not saved yet" in ann.notice()
    again = page("ann", server.start("--learn-every", "0"))
    assert again.photograph == first
    assert (again.mask() == one).all() and (again.served_mask() == one).all()
    assert len(pool.answers.strokes(first, "ann")) == 1


def test_a_stroke_is_sent_again_when_the_server_answers_again(ann, pool):
    ann.js("window.real = window.fetch; window.fetch = () => Promise.reject(new TypeError('off'))")
    ann.pointer(*LINE)
    ann.until(lambda: "Not saved" in ann.text("saved"), "Not saved")
    ann.js("window.fetch = window.real")
    assert same(ann).any()
    assert len(pool.answers.strokes(ann.photograph, "ann")) == 1


def test_two_tabs_of_two_people(page, pool):
    ann, bob = page("ann"), page("bob")
    assert ann.photograph != bob.photograph
    bob.pointer(*LINE)
    ann.pointer((0.3, 0.5), (0.35, 0.52))
    ann.wait_until_saved(), bob.wait_until_saved()
    taken = {ann.photograph, bob.photograph}
    for tab in (ann, bob):
        tab.press("\ue007")
        tab.wait_for_photograph(other_than=str(tab.photograph))
    assert ann.photograph != bob.photograph and not taken & {ann.photograph, bob.photograph}


def test_two_tabs_of_one_person_do_not_mix(page, pool):
    one, other = page("ann"), page("ann")
    assert one.photograph == other.photograph
    one.pointer(*LINE)
    one.wait_until_saved()
    other.pointer((0.3, 0.5), (0.35, 0.52))
    other.until(lambda: other.text("saved") == "Not saved", "Not saved")
    assert "another tab" in other.notice()
    other.reload()
    assert (other.mask() == one.mask()).all()


def test_a_photograph_labelled_twice_shows_how_far_two_people_agree(page, server):
    server.start("--people", "2", "--learn-every", "0")
    ann, bob = page("ann"), page("bob")
    first = bob.photograph
    bob.press("h")
    bob.wait_for_photograph(other_than=str(first))
    ann.press("h")
    ann.until(lambda: ann.photograph == first, "bob's photograph")
    ann.pointer(*LINE)
    ann.press("\ue007")
    ann.until(lambda: "ann and bob: Dice 0.00" in ann.notice(), "the agreement")
    ann.press("l")
    ann.until(lambda: "Dice 0.00" in ann.text("list-rows"), "the list")
    assert "bob: healthy" in ann.text("list-rows")
