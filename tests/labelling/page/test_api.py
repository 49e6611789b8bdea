import base64

import cv2
import numpy as np

from data_prep.field_of_view import from_png, to_png
from labelling.pixels import read_pixels
from tests.labelling.page.conftest import TOKEN, Tab, page_of

LINE = {"radius": 6.0, "points": [[100.0, 100.0], [140.0, 120.0]]}


def test_the_page_names_the_pool_and_says_what_it_is_not(ann):
    status, html = ann.get("")
    assert status == 200
    assert b"Research use; not a medical device." in html and b"indexed.sqlite" in html


def test_two_people_get_two_photographs_and_each_keeps_hers(ann, bob):
    assert (ann.next(), bob.next()) == (1, 2)
    assert (ann.next(), bob.next()) == (1, 2)
    assert ann.open(2) == 409


def test_the_next_ones_are_prepared_beforehand(ann, bob, no_model):
    ann.next()
    assert ann.state["next"] == [2] and no_model.begun == [1, 2, 3, 4]
    bob.next()
    assert bob.state["next"] == [3] and no_model.begun[4:] == [2, 3, 4, 5]
    bob.get("api/status?who=bob&present=2")  # perhaps by a newer model
    assert no_model.begun[8:] == [3, 4, 5]
    assert bob.get("api/status?who=")[0] == 400


def test_the_photograph_comes_as_stored_whatever_its_format(ann, real_pool):
    ann.next()
    status, jpeg = ann.get("api/photographs/1/image.jpg")
    pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    stored = read_pixels(real_pool.photographs.get(1).path)
    assert status == 200 and pixels.shape == stored.shape
    assert abs(pixels.astype(int) - stored).mean() < 3
    assert (ann.state["height"], ann.state["width"]) == stored.shape[:2]


def test_a_stroke_is_in_the_pool_when_it_is_answered(ann, real_pool):
    ann.next()
    assert ann.stroke("brush", **LINE, seconds=3.5)[0] == 200
    assert ann.stroke("undo")[0] == 200
    assert [stroke.tool for stroke in real_pool.answers.strokes(1, "ann")] == ["brush", "undo"]
    ann.next()  # as after a reload
    assert ann.state["done"] == [] and len(ann.state["undone"]) == 1
    assert ann.state["seconds"] == 3.5
    ann.stroke("redo")
    ann.next()
    assert [stroke["tool"] for stroke in ann.state["done"]] == ["brush"]
    status, png = ann.get("api/photographs/1/mask.png?who=ann")
    mask = from_png(png)
    assert mask.shape == (ann.state["height"], ann.state["width"]) and mask[110, 120]
    assert mask.sum() > 400 and status == 200


def test_the_strokes_are_the_answer(ann, real_pool, no_model):
    ann.next()
    ann.stroke("brush", **LINE)
    ann.stroke("brush", radius=3, points=[[300, 200]])
    ann.stroke("undo")
    drawn = from_png(ann.get("api/photographs/1/mask.png?who=ann")[1])
    status, reply = ann.answer("mask", 12.5, model=no_model.current()[0])
    assert (status, reply) == (200, {"agreement": []}) and no_model.noticed == 1
    (answer,) = real_pool.answers.latest(1)
    assert (answer.who, answer.kind, answer.seconds, answer.source) == ("ann", "mask", 12.5, "page")
    np.testing.assert_array_equal(real_pool.answers.mask(answer.id), drawn)
    assert ann.next() == 2


def test_every_kind_of_answer_leads_on_and_skipping_leaves_it_to_others(ann, bob, real_pool):
    for kind in ("healthy", "cannot grade", "skip"):
        ann.next()
        assert ann.answer(kind)[0] == 200
    assert ann.next() == 4 and bob.next() == 3
    assert real_pool.answers.counts() == {"mask": 0, "healthy": 1, "cannot grade": 1, "skip": 0}


def test_none_is_left(ann):
    for _ in range(6):
        ann.next()
        ann.answer("healthy")
    assert ann.next() is None and ann.state == {"finished": True}


def test_a_photograph_labelled_twice_keeps_both_and_says_how_far_they_agree(real_pool, no_model):
    client = page_of(real_pool, no_model, no_model, people=2)
    tabs = ann, bob = Tab(client, "ann"), Tab(client, "bob")
    ann.next()
    ann.stroke("polygon", rings=[[[100, 100], [140, 100], [140, 120], [100, 120]]])
    assert ann.answer("mask")[1] == {"agreement": []}
    assert bob.next() == 1 and bob.state["done"] == []
    bob.stroke("polygon", rings=[[[120, 100], [160, 100], [160, 120], [120, 120]]])
    assert bob.answer("mask")[1] == {"agreement": [{"who": ["ann", "bob"], "dice": 0.5}]}
    assert [tab.next() for tab in tabs] == [2, 3]
    (listed,) = bob.client.get(f"/{TOKEN}/api/answers").get_json()["photographs"]
    assert [answer["who"] for answer in listed["answers"]] == ["ann", "bob"]
    assert listed["agreement"] == [{"who": ["ann", "bob"], "dice": 0.5}]


def test_an_answer_is_corrected_from_where_it_was(ann, real_pool):
    ann.next()
    ann.stroke("brush", **LINE)
    ann.answer("mask")
    ann.next()
    assert ann.open(1) == 200 and ann.state["mine"] == "mask"
    assert [stroke["tool"] for stroke in ann.state["done"]] == ["mask"]
    before = real_pool.answers.mask(real_pool.answers.latest(1)[0].id)
    ann.stroke("brush", radius=5, points=[[300, 200]])
    ann.answer("mask")
    after = real_pool.answers.mask(real_pool.answers.latest(1)[0].id)
    assert (before & ~after).sum() == 0 and after.sum() > before.sum()
    assert len(real_pool.answers.history(1)) == 2


def test_a_tab_that_does_not_know_the_last_stroke_changes_nothing(client, ann, real_pool):
    other = Tab(client, "ann")
    ann.next(), other.next()
    assert ann.stroke("brush", **LINE)[0] == 200
    status, reply = other.stroke("brush", **LINE)
    assert status == 409 and "another tab" in reply["error"]
    assert other.answer("healthy")[0] == 409
    ann.answer("mask")
    assert ann.answer("mask")[0] == 409  # sent once more
    assert len(real_pool.answers.history(1)) == 1


def test_a_photograph_of_another_person_is_not_changed(ann, bob):
    ann.next(), bob.next()
    bob.state = {**bob.state, "id": 1}
    assert bob.stroke("brush", **LINE)[0] == 409
    assert bob.answer("healthy")[0] == 409


def test_a_mask_of_another_size_is_refused(ann, real_pool):
    ann.next()
    height, width = ann.state["height"], ann.state["width"]
    for shape in ((width, height), (height + 1, width), (1, 1)):
        png = base64.b64encode(to_png(np.ones(shape, bool))).decode()
        status, reply = ann.stroke("mask", png=png)
        assert status == 400 and "pixels for a photograph of" in reply["error"]
    assert real_pool.answers.strokes(1, "ann") == []
    mask = np.zeros((height, width), bool)
    mask[5, 7] = True
    ann.stroke("mask", png=base64.b64encode(to_png(mask)).decode())
    ann.answer("mask")
    assert real_pool.answers.mask(1).sum() == 1


def test_what_cannot_be_is_refused_with_a_sentence(client, ann, real_pool):
    ann.next()
    empty = "an empty mask: answer healthy where nothing is to be marked"
    assert ann.answer("mask") == (400, {"error": empty})
    assert "give one of" in ann.answer("perhaps")[1]["error"]
    assert "seconds" in ann.answer("healthy", -1)[1]["error"]
    assert "has no photograph 1, or no model 77" in ann.answer("healthy", model=77)[1]["error"]
    assert ann.answer("healthy", drawing="x")[0] == 400
    assert "'pencil'" in ann.stroke("pencil")[1]["error"]
    for who in ("", " ", "x" * 65, "a\x00b", 3, None):
        assert Tab(client, who).post("api/next")[0] == 400
    assert ann.open(99) == 400
    assert ann.get("api/photographs/99/image.jpg")[0] == 400
    assert client.post(f"/{TOKEN}/api/next", data="who=ann").status_code == 400
    assert client.get(f"/{TOKEN}/api/none").status_code == 404
    assert client.get(f"/{TOKEN}/api/next").status_code == 405
    assert real_pool.answers.history(1) == []


def test_the_clock_and_the_budget(ann, real_pool):
    real_pool.budget_minutes = 2
    ann.next()
    ann.answer("healthy", 90)
    status = ann.client.get(f"/{TOKEN}/api/status").get_json()
    assert (status["budget"], status["used"]) == (2.0, 1.5)
    assert (status["answered"], status["photographs"]) == (1, 6)
