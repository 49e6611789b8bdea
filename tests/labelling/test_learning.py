import os

import numpy as np
import pytest

from data_prep.errors import DataError
from egl.training.model_folder import read_model
from labelling.learn_settings import LearnSettings
from labelling.learning import learn
from tests.labelling.test_mixing import block


def answer(pool, number, kind="mask"):
    mask = block(pool, number) if kind == "mask" else None
    pool.answers.add(number, "ann", kind, 30, mask)


def test_a_model_learns_and_the_kept_out_patients_stay_so(real_pool, tiny_model, tmp_path):
    for number in (1, 2, 3):
        answer(real_pool, number)
    answer(real_pool, 4, "healthy")
    real_pool.note("splits", {"own/2": 2})
    out, work = str(tmp_path / "model"), tmp_path / "work"
    work.mkdir()
    learnt = learn(real_pool.path, tiny_model, out, str(work), LearnSettings(iterations=10))
    assert (learnt.answers, learnt.minutes) == (4, 2.0) and learnt.n_kept_out == 1
    parent, child = read_model(tiny_model), read_model(out)
    assert child.normalisation == parent.normalisation
    assert child.field_width == parent.field_width and child.sha256 != parent.sha256
    assert "10 iterations" in child.about
    rows = real_pool.rankings.models()
    assert [row.sha256 for row in rows] == [parent.sha256, child.sha256]
    assert rows[1].parent == rows[0].id and (rows[1].answers, rows[1].minutes) == (4, 2.0)
    assert rows[1].f_measure == learnt.after["f_measure"]
    splits = real_pool.fact("splits")
    assert splits["own/2"] == 2 and set(splits) == {"own/1", "own/2", "own/3", "own/4"}
    assert child.kept_out == ("own/2",)


def test_weights_are_where_training_begins(caffe, tiny_model, small_store, tmp_path):
    from egl.training.full_training import train
    from egl.training.settings import FullTrainingSettings, TrainerSettings

    trainer = TrainerSettings(batch=16, rate=1e-9, weights=tiny_model)
    settings = FullTrainingSettings(trainer, iterations=1, stop_early=False)
    metrics = train(small_store, settings, str(tmp_path / "run"))
    expected = read_model(tiny_model).numbers["test_auc"]
    assert metrics["test"]["auc"] == pytest.approx(expected, abs=1e-3)


def test_too_few_answers(real_pool, tiny_model, tmp_path):
    answer(real_pool, 1)
    answer(real_pool, 2, "healthy")
    with pytest.raises(DataError, match="1 patients with exudates were answered, and three"):
        learn(real_pool.path, tiny_model, str(tmp_path / "m"), str(tmp_path), LearnSettings())
    assert not os.path.exists(tmp_path / "m") and real_pool.fact("splits") is None
    assert np.isfinite(real_pool.minutes_used)
