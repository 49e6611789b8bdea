from concurrent.futures import Future

import cv2
import numpy as np
import pytest

from data_prep.errors import DataError
from labelling.page.maps import KEPT, LEAST_AREA, SHARES, Maps, layers, levels_of, outlines
from labelling.page.raster import fill
from labelling.predicting import name_of
from labelling.ranking import tasks_of
from labelling.scoring import Job, scorer_of
from tests.labelling.conftest import Here
from tests.labelling.page.conftest import TOKEN, NoModel, Tab, page_of


def filled(outline, shape):
    mask = np.zeros(shape, bool)
    fill(mask, outline["rings"])
    return mask


def test_an_outline_gives_its_region_back_holes_too():
    y, x = np.mgrid[:60, :80]
    away = np.hypot(y - 25, x - 30)
    p = np.where(away < 18, 0.8, 0.1)
    p[away < 6] = 0.2
    p[25, 40] = 0.95
    p[50:58, 60:70] = 0.9
    p[50, 5] = 0.99  # too small
    first, second = outlines(p, 0.5)
    assert first["p"] == 0.95 and first["at"] == [40.5, 25.5] and len(first["rings"]) == 2
    region = (p > 0.5) & (x < 55) & (y < 48)
    found = filled(first, p.shape)
    assert (found != region).sum() < 0.03 * region.sum() and not found[25, 30]
    np.testing.assert_array_equal(filled(second, p.shape), p == 0.9)


def test_levels_rise_from_the_threshold_for_less_and_less_of_the_field():
    p = np.zeros((50, 40))
    p[:20] = np.linspace(1, 0.8, 800).reshape(20, 40)  # 0.8 of the field
    field = np.ones((50, 40), bool)
    field[25:] = False
    levels = levels_of(p, 0.6, field)
    assert [level["share"] for level in levels] == [0.8, *SHARES]
    assert levels[0]["above"] == 0.6 and len(levels[0]["outlines"]) == 1
    assert levels[1]["above"] == pytest.approx(1 - 0.2 * 50 / 799)  # 50 of 1000 pixels
    assert [level["share"] for level in levels_of(p, 0.999, field)][1:] == [0.002]
    assert len(levels_of(p, 1.5, field)) == 1


def test_layers_are_what_predict_writes(caffe, real_pool, tiny_model, tmp_path):
    job = Job(tiny_model, "cpu", 16)
    (task,) = tasks_of(real_pool, [real_pool.photographs.get(1)])
    found = layers(job, task)
    scorer = scorer_of(tiny_model, "cpu", 16)
    view = scorer.view(task)
    p = scorer.probability(view)
    grey = cv2.imdecode(np.frombuffer(found.p, np.uint8), cv2.IMREAD_UNCHANGED)
    assert grey.shape == view.image.shape[:2] and abs(grey / 255 - p).max() < 0.003
    phi = cv2.imdecode(np.frombuffer(found.phi, np.uint8), cv2.IMREAD_UNCHANGED)
    assert phi.max() == 255 and found.highest_phi > 0 and not phi[~view.field].any()
    level = found.levels[0]
    drawn = np.zeros(p.shape, bool)
    for outline in level["outlines"]:
        drawn |= filled(outline, p.shape)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(
        (p > scorer.model.threshold).astype(np.uint8)
    )
    large = np.isin(pieces, 1 + np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] >= LEAST_AREA))
    assert (drawn != large).sum() <= 0.05 * large.sum()
    assert found.boxes == scorer.ranked(view, scorer.maps(view), 0, 1).boxes


class Slow:
    """An executor that has the work, and does it when it is told to."""

    def __init__(self):
        self.work = []

    def submit(self, work, job, task):
        self.work.append((task.photograph.id, Future()))
        return self.work[-1][1]


def test_the_photograph_that_is_shown_comes_before_those_ahead(real_pool):
    executor = Slow()
    maps = Maps(real_pool, executor, "cpu", 8)
    maps.begin(1, "m")
    maps.begin_ahead([2, 3], "m")
    executor.work[0][1].set_running_or_notify_cancel()
    maps.begin(5, "m")
    waiting = [number for number, future in executor.work if not future.cancelled()]
    assert waiting == [1, 5]
    maps.begin_ahead([2], "m")
    maps.begin(2, "m")  # is waiting already, and stays
    assert [number for number, future in executor.work if not future.cancelled()] == [1, 5, 2]


def test_maps_are_worked_out_once_and_again_after_a_failure(real_pool):
    executor = Slow()
    maps = Maps(real_pool, executor, "cpu", 8)
    assert maps.begin(1, "m") is maps.begin(1, "m")
    executor.work[0][1].set_exception(DataError("gone"))
    with pytest.raises(DataError, match="gone"):
        maps.of(1, "m")
    maps.begin(1, "m")
    assert len(executor.work) == 2
    for number in range(KEPT + 1):
        maps.begin(1, f"m{number}")
    assert len(maps._futures) == KEPT


def test_the_page_shows_them(caffe, real_pool, tiny_model):
    class Model(NoModel):
        def current(self):
            return self._id, tiny_model

    tab = Tab(page_of(real_pool, Maps(real_pool, Here(), "cpu", 24), Model(real_pool)), "ann")
    assert tab.next() == 1
    found = tab.client.get(f"/{TOKEN}/api/photographs/1/layers").get_json()
    assert set(found) == {"highest_phi", "levels", "shown", "boxes"} and len(found["boxes"]) == 8
    for layer in ("phi", "p"):
        status, png = tab.get(f"api/photographs/1/{layer}.png")
        assert status == 200 and png.startswith(b"\x89PNG")
    assert tab.get("api/photographs/1/other.png")[0] == 404
    outlines = [outline for level in found["levels"] for outline in level["outlines"]]
    shape = (480, 720)
    outline = min(outlines, key=lambda outline: filled(outline, shape).sum())
    assert tab.stroke("accept", rings=outline["rings"])[0] == 200
    assert tab.answer("mask", model=tab.state["model"])[0] == 200
    mask = real_pool.answers.mask(1)
    np.testing.assert_array_equal(mask, filled(outline, shape))
    assert real_pool.answers.latest(1)[0].model == tab.state["model"]
    assert name_of(real_pool.photographs.get(1)).startswith("000001-")


def test_a_photograph_that_is_gone_is_said_so(caffe, real_pool, tiny_model, tmp_path):
    class Model(NoModel):
        def current(self):
            return self._id, str(tmp_path)

    tab = Tab(page_of(real_pool, Maps(real_pool, Late(), "cpu", 24), Model(real_pool)), "ann")
    tab.next()
    status, reply = tab.get("api/photographs/1/layers")
    assert status == 503 and b"neither a model folder" in reply


class Late:
    """An executor whose futures fail as those of processes do: when they are asked."""

    def submit(self, work, *arguments):
        future = Future()
        try:
            future.set_result(work(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future
