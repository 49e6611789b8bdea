import csv
import os

import cv2
import numpy as np
import pytest

from data_prep.errors import DataError
from egl.training.model_folder import read_model
from labelling.predicting import predict, tasks_of_files, tasks_of_pool
from labelling.scoring import Job, scorer_of
from tests.labelling.conftest import Here


def test_files_and_table(real_pool, tiny_model, tmp_path):
    model = read_model(tiny_model)
    job = Job(tiny_model, "cpu", 24)
    tasks = list(tasks_of_pool(real_pool))
    gone = tasks[1]._replace(photograph=tasks[1].photograph._replace(path="/gone.jpg"))
    problems = predict(
        iter([tasks[0], gone, tasks[5]]), 3, job, model.threshold, str(tmp_path), Here()
    )
    assert [problem.photograph for problem in problems] == [2]
    with open(tmp_path / "predictions.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["photograph"] for row in rows] == ["1", "2", "6"]
    assert rows[1]["problem"].startswith("/gone.jpg: cannot be read")
    scorer = scorer_of(tiny_model, "cpu", 24)
    for row, task in ((rows[0], tasks[0]), (rows[2], tasks[5])):
        stem = f"{task.photograph.id:06d}-{os.path.basename(task.photograph.path)[:-4]}"
        stored = cv2.imread(str(tmp_path / f"{stem}-p.tif"), cv2.IMREAD_UNCHANGED)
        mask = cv2.imread(str(tmp_path / f"{stem}-mask.png"), cv2.IMREAD_UNCHANGED)
        p = scorer.probability(scorer.view(task))
        assert stored.dtype == np.uint16
        np.testing.assert_allclose(stored / 65535, p, atol=1e-5)
        np.testing.assert_array_equal(mask > 0, p > model.threshold)
        assert int(row["exudate_pixels"]) == (mask > 0).sum()
        overlay = cv2.imread(str(tmp_path / f"{stem}-overlay.jpg"))
        assert overlay.shape[:2] == (task.photograph.height, task.photograph.width)


def test_files_need_no_pool(real_pool, photographs, tmp_path):
    path = os.path.join(photographs, "3.jpg")
    (task,) = tasks_of_files([path])
    (of_pool,) = (task for task in tasks_of_pool(real_pool) if task.photograph.path == path)
    assert task.field_png == of_pool.field_png
    assert task.photograph == of_pool.photograph._replace(id=1)
    bad = tmp_path / "bad.jpg"
    bad.write_text("no image")
    with pytest.raises(DataError, match=f"^{bad}: not an image"):
        tasks_of_files([path, str(bad)])
