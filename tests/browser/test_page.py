"""Outlines, the budget, the keyboard, fingers, and how the page looks."""

import re
from pathlib import Path

import numpy as np
import pytest

ARROW_LEFT, ARROW_DOWN, ARROW_RIGHT = "\ue012", "\ue015", "\ue014"
ENTER, ESCAPE, TAB = "\ue007", "\ue00c", "\ue004"
PLACES = """
const r = document.getElementById("stage").getBoundingClientRect();
return [...document.querySelectorAll("#outlines g")].map(g => {
  const b = g.getBoundingClientRect();
  return [g.getAttribute("class"), (b.left + b.width / 2 - r.left) / r.width,
          (b.top + b.height / 2 - r.top) / r.height, b.width * b.height];
});
"""
CONTRASTS = (Path(__file__).parent / "contrasts.js").read_text()
HIDDEN = (Path(__file__).parent / "hidden.js").read_text()


@pytest.fixture
def ann(page):
    return page("ann")


@pytest.fixture
def visitor(page, shared, request):
    """A page of the shared server, for a person named like the test."""
    return page(re.sub(r"\W+", "-", request.node.name)[-40:], shared.address)


def outlines(ann):
    """Return (class, x, y, area) of the outlines on the page; x, y in shares of the photograph."""
    return ann.js(PLACES)


def most_outlines(ann):
    """Show the level of the most outlines, and return them."""
    ann.wait_for_maps()
    while ann.js("return !document.getElementById('more').disabled"):
        ann.press("O")
    counts = [len(outlines(ann))]
    while ann.js("return !document.getElementById('fewer').disabled"):
        ann.press("o")
        counts.append(len(outlines(ann)))
    assert max(counts) > 1, "a model that proposes nothing"
    for _ in range(len(counts) - 1 - counts.index(max(counts))):
        ann.press("O")
    return outlines(ann)


def test_an_outline_is_accepted_and_rejected_by_one_click(ann, pool):
    found = most_outlines(ann)
    index = max(range(len(found)), key=lambda number: found[number][3])
    _, x, y, _ = found[index]
    ann.press("a")
    ann.pointer((x, y))
    ann.wait_until_saved()
    picked = [number for number, row in enumerate(outlines(ann)) if "accepted" in row[0]]
    assert len(picked) == 1
    mask = ann.mask()
    assert mask.any() and (mask == ann.served_mask()).all()
    ann.reload()
    assert (ann.mask() == mask).all()
    most_outlines(ann)
    assert "1 accepted" in ann.text("proposals")
    ann.press("x")
    ann.pointer((x, y))
    ann.wait_until_saved()
    assert not ann.mask().any() and not ann.served_mask().any()
    assert "0 accepted, 1 rejected" in ann.text("proposals")
    ann.press("z")
    ann.wait_until_saved()
    assert (ann.mask() == mask).all() and "1 accepted, 0 rejected" in ann.text("proposals")
    ann.press("A")
    assert f"{len(found)} accepted" in ann.text("proposals")
    ann.wait_until_saved()
    assert (ann.mask() == ann.served_mask()).all()
    photograph = ann.photograph
    ann.press(ENTER)
    ann.wait_for_photograph(other_than=str(photograph))
    assert pool.answers.latest(photograph)[0].model is not None


def test_the_budget(page, server, pool):
    server.start("--budget", "0.02", "--learn-every", "0")
    ann = page("ann")
    first = ann.photograph
    assert "of 0 min" in ann.text("clock") or "of" in ann.text("clock")
    ann.until(lambda: ann.js("return document.getElementById('budget').value") == 1, "1.2 seconds")
    ann.press("h")
    ann.until(lambda: ann.js("return document.getElementById('budget-dialog').open"), "the dialog")
    assert pool.answers.latest(first)[0].kind == "healthy"
    ann.element("budget-stop").click()
    ann.until(lambda: "Stopped" in ann.text("waiting"), "a word that it stopped")
    ann.press("h")  # nothing is shown: nothing is answered
    ann.press(ENTER)
    ann.until(
        lambda: ann.js("return document.body.dataset.shown") not in ("none", str(first)), "go on"
    )
    second = ann.photograph
    ann.press("u")
    ann.wait_for_photograph(other_than=str(second))  # without being asked again
    assert pool.answers.latest(second)[0].kind == "cannot grade"
    assert pool.minutes_used > 0.02


def test_the_keyboard_alone(page, pool):
    ann = page(who=None)
    ann.until(lambda: ann.js("return document.getElementById('who-dialog').open"), "the name")
    ann.press("cem", ENTER)
    first = int(ann.wait_for_photograph())
    assert "who=cem" in ann.driver.current_url
    ann.press(ARROW_RIGHT, " ", *[ARROW_RIGHT] * 4, *[ARROW_DOWN] * 3, " ")  # a line
    ann.wait_until_saved()
    line = ann.mask()
    assert line.sum() > 300 and (line == ann.served_mask("cem")).all()
    ann.press("p", " ", *[ARROW_DOWN] * 6, " ", *[ARROW_LEFT] * 6, " ", ENTER)  # a triangle
    ann.wait_until_saved()
    both = ann.mask()
    assert both.sum() > line.sum()
    ann.press("b", " ", *[ARROW_LEFT] * 3, ESCAPE)  # dropped
    assert (ann.mask() == both).all()
    most_outlines(ann)
    ann.press(".", "a", "x")
    assert "1 accepted, 1 rejected" in ann.text("proposals")
    ann.press("n", "+", "+", "1", "g", "c")
    assert ann.js("return document.getElementById('phi').style.opacity") == "0.6"
    assert "#adjusted" in ann.js("return document.getElementById('photo').style.filter")
    ann.press("t")
    assert ann.js("return document.getElementById('mask').style.opacity") == "0"
    ann.press("t", "0", ENTER)
    ann.wait_for_photograph(other_than=str(first))
    assert pool.answers.latest(first)[0].kind == "mask"
    for key, kind in (("u", "cannot grade"), ("s", "skip"), ("h", "healthy")):
        number = ann.photograph
        ann.press(key)
        ann.wait_for_photograph(other_than=str(number))
        assert [row.kind for row in pool.answers.history(number)] == [kind]
    ann.press("l")
    ann.until(lambda: "mask" in ann.text("list-rows"), "the list")
    ann.press(TAB, ENTER)  # the second in the list
    ann.until(
        lambda: not ann.js("return document.getElementById('list-dialog').open"), "it is opened"
    )
    ann.press("?")
    ann.until(lambda: ann.js("return document.getElementById('keys-dialog').open"), "the keys")
    ann.press(ESCAPE)
    reached = set()
    for _ in range(40):
        ann.press(TAB)
        reached.add(
            ann.js("return document.activeElement.id || document.activeElement.textContent")
        )
    assert {"view", "layer-phi", "contrast", "radius", "done", "answered", "person"} <= reached


def test_healthy_is_asked_again_where_something_is_marked(ann, pool):
    first = ann.photograph
    ann.press(ENTER)
    assert "Nothing is marked" in ann.notice()
    ann.pointer((0.4, 0.4), (0.5, 0.45))
    ann.press("h")
    assert "press H again" in ann.notice() and pool.answers.history(first) == []
    ann.press("h")
    ann.wait_for_photograph(other_than=str(first))
    assert pool.answers.latest(first)[0].kind == "healthy"


def test_wheel_buttons_and_fingers_zoom_and_move(visitor):
    def zoom():
        return visitor.js(
            "return new DOMMatrix(document.getElementById('stage').style.transform).a"
        )

    whole = zoom()
    x, y = visitor.at(0.6, 0.4)
    visitor.js(
        "document.getElementById('view').dispatchEvent(new WheelEvent('wheel',"
        "{deltaY: -400, clientX: arguments[0], clientY: arguments[1], cancelable: true}))", x, y,
    )  # fmt: skip
    assert zoom() > 1.5 * whole
    assert np.allclose(visitor.at(0.6, 0.4), (x, y), atol=1)  # the place under the wheel stays
    before = visitor.at(0.5, 0.5)
    visitor.pointer((0.6, 0.4), (0.58, 0.42), button=2)
    moved = np.subtract(visitor.at(0.5, 0.5), before)
    assert moved[0] < -5 and moved[1] > 5 and not visitor.mask().any()
    visitor.press("0")
    assert zoom() == whole
    left, right = visitor.at(0.4, 0.5), visitor.at(0.6, 0.5)
    visitor.touch("touchStart", left)
    visitor.touch("touchStart", left, right)
    visitor.touch("touchMove", (left[0] - 60, left[1]), (right[0] + 60, right[1]))
    visitor.touch("touchEnd")
    assert zoom() > 1.3 * whole and not visitor.mask().any()  # the first finger did not draw
    visitor.touch("touchStart", left)
    visitor.touch("touchMove", (left[0] + 20, left[1] + 10))
    visitor.touch("touchEnd")
    visitor.wait_until_saved()
    assert (visitor.mask() == visitor.served_mask(visitor.who)).all() and visitor.mask().any()


@pytest.mark.parametrize("size", [(1280, 720), (1024, 768), (768, 1024)])
def test_everything_can_be_reached_on_a_small_screen_and_on_a_tablet(visitor, size):
    is_tablet = size != (1280, 720)
    visitor.resize(*size, is_tablet)
    assert visitor.js("return [innerWidth, innerHeight]") == list(size)
    assert visitor.js("return matchMedia('(pointer: coarse)').matches") == is_tablet
    assert visitor.js(HIDDEN) == []
    photograph = visitor.js("return document.getElementById('photo').getBoundingClientRect().width")
    assert photograph > 0.5 * size[0]


def test_every_text_has_a_contrast_of_4_5(visitor):
    visitor.wait_for_maps()
    found = visitor.js(CONTRASTS)
    visitor.press(ENTER)  # a notice
    found += visitor.js(CONTRASTS)
    for key in ("?", ESCAPE, "l"):
        visitor.press(key)
        found += visitor.js(CONTRASTS)
    visitor.until(lambda: "none yet" in visitor.text("list-rows"), "the list")
    assert len(found) > 150
    assert {text: round(ratio, 2) for text, ratio in found if ratio < 4.5} == {}


def test_nothing_is_asked_of_elsewhere(visitor, shared):
    visitor.wait_for_maps()
    names = visitor.js("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert len(names) > 10
    assert [
        name for name in names if not name.startswith((shared.address, "blob:http://127.0"))
    ] == []
    assert visitor.problems() == []
