import os
import shutil

import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.patches import cut
from data_prep.photographs import resize_image
from labelling.pixels import read_pixels
from labelling.ranking import tasks_of
from labelling.scoring import Job, Problem, describe, score, scorer_of


@pytest.fixture
def scorer(caffe, tiny_model):
    return scorer_of(tiny_model, "cpu", 24)


def test_scores_are_those_of_the_patches_cut_from_the_scaled_photograph(
    scorer, real_pool, tiny_model
):
    tasks = tasks_of(real_pool, list(real_pool.photographs.usable()))
    rows = score(Job(tiny_model, "cpu", 24), tasks)
    assert [row.photograph for row in rows] == [1, 2, 3, 4, 5, 6]
    photograph = tasks[5].photograph
    scale = scorer.model.field_width / photograph.field_width
    assert scale == pytest.approx(1 / 1.5, abs=0.03)
    scaled = resize_image(read_pixels(photograph.path), scale, "")
    view = scorer.view(tasks[5])
    np.testing.assert_array_equal(view.scaled, scaled)
    maps = scorer.maps(view)
    corners = np.argwhere(maps.inside) * 24
    assert view.scaled_field[corners[0, 0] : corners[0, 0] + 48, corners[0, 1] + 47].all()
    phi = scorer.net.phi(cut(scaled, corners)).phi
    assert rows[5].scores["sum"] == pytest.approx(phi.sum(), rel=1e-3)
    assert rows[5].scores["mean"] == pytest.approx(phi.mean(), rel=1e-3)
    assert rows[5].scores["top5"] == pytest.approx(np.sort(phi)[-5:].mean(), rel=1e-3)
    posterior = scorer.net.posterior(cut(scaled, corners))
    assert rows[5].highest_p == pytest.approx(posterior[:, 1].max(), rel=1e-4)
    assert rows[5].patches == len(corners)
    y, x, side, highest = rows[5].boxes[0]
    assert side == round(48 / scale) and highest == pytest.approx(phi.max(), rel=1e-3)
    assert min(abs(corners / scale - (y, x)).max(axis=1)) <= 1


def test_a_file_that_is_gone_or_changed_is_a_problem_and_no_end(real_pool, tiny_model, tmp_path):
    rows = list(real_pool.photographs.usable())[:2]
    path = shutil.copy(rows[0].path, tmp_path / "changed.jpg")
    with open(path, "ab") as file:
        file.write(b"x")
    gone = rows[1]._replace(path=str(tmp_path / "gone.jpg"))
    tasks = [*tasks_of(real_pool, rows), *tasks_of(real_pool, [rows[0]._replace(path=path), gone])]
    results = score(Job(tiny_model, "cpu", 24), tasks)
    assert [isinstance(row, Problem) for row in results] == [False, False, True, True]
    assert "changed since it was indexed" in results[2].reason
    assert results[3].reason.startswith(f"{gone.path}: cannot be read")
    features = describe(Job(tiny_model, "cpu", 24), tasks)
    assert [row is None for row in features] == [False, False, True, True]
    assert features[0].shape == (500,) and not np.array_equal(features[0], features[1])


def test_the_probability_of_a_pixel_at_a_patch_s_centre_is_the_patch_s(scorer, real_pool):
    (task,) = tasks_of(real_pool, [real_pool.photographs.get(1)])
    view = scorer.view(task)
    maps = scorer.maps(view)
    p = scorer.probability(view, maps)
    assert p.shape == view.image.shape[:2] and not p[~view.field].any()
    row, column = np.argwhere(maps.inside)[len(np.argwhere(maps.inside)) // 2]
    y, x = (int(round((index * 24 + 23.5 + 0.5) / view.scale - 0.5)) for index in (row, column))
    assert p[y, x] == pytest.approx(maps.posterior[row, column, 1], abs=0.05)


def test_a_photograph_that_cannot_be_read_says_so(scorer, real_pool):
    (task,) = tasks_of(real_pool, [real_pool.photographs.get(1)])
    gone = task._replace(photograph=task.photograph._replace(path=os.sep + "no.jpg"))
    with pytest.raises(DataError, match="/no.jpg: cannot be read"):
        scorer.view(gone)
