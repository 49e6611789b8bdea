import json
import shutil
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from egl.training.full_training import batches, train
from egl.training.run_files import read_rounds
from egl.training.settings import FullTrainingSettings, TrainerSettings

SETTINGS = FullTrainingSettings(TrainerSettings(seed=2), epochs=3, stop_early=False)


def order_of(epoch):
    return np.random.RandomState([1, epoch])


def test_every_sample_once_an_epoch_and_the_last_batch_reaches_into_the_next():
    drawn = np.concatenate(list(islice(batches(10, 4, order_of), 5)))
    assert sorted(drawn[:10]) == sorted(drawn[10:]) == list(range(10))
    assert drawn[:10].tolist() == order_of(0).permutation(10).tolist()
    assert drawn[10:].tolist() == order_of(1).permutation(10).tolist()


def test_a_batch_larger_than_the_set():
    drawn = next(batches(3, 8, order_of))
    assert np.bincount(drawn).max() == 3
    assert len(drawn) == 8


@pytest.mark.parametrize("start", [1, 2, 3, 7])
def test_going_on_draws_what_would_have_been_drawn(start):
    whole = list(islice(batches(10, 4, order_of), 9))
    rest = list(islice(batches(10, 4, order_of, start), 9 - start))
    assert np.array_equal(whole[start:], rest)


@pytest.fixture(scope="module")
def run(caffe, small_store, tmp_path_factory):
    path = tmp_path_factory.mktemp("train") / "run"
    return path, train(small_store, SETTINGS, str(path))


def test_metrics_json(run, small_store):
    path, metrics = run
    assert metrics == json.loads((path / "metrics.json").read_text())
    assert set(metrics["test"]) >= {
        "f_measure",
        "sensitivity",
        "specificity",
        "accuracy",
        "auc",
        "n",
    }
    assert metrics["test"]["n"] == 24
    assert metrics["validation"]["n"] == 32
    assert metrics["iterations"] == 30  # 320 samples, 32 a batch, 3 epochs
    assert metrics["seconds"] > 0
    assert metrics["test"]["auc"] > 0.6  # it has begun to learn


def test_one_row_an_epoch(run):
    rounds = read_rounds(str(run[0]))
    assert rounds["iteration"].tolist() == [10, 20, 30]
    assert rounds["train_loss"][-1] < rounds["train_loss"][0]
    assert set(rounds["n_labelled"]) == {40}


def test_killed_after_any_epoch_it_ends_with_the_same_bytes(run, small_store, tmp_path, kill_at):
    path = str(tmp_path / "run")
    for iteration in (5, 15, 25):
        with pytest.raises(kill_at.Killed):
            train(small_store, SETTINGS, path, progress=kill_at(iteration))
    train(small_store, SETTINGS, path)
    for name in ("rounds.csv", "predictions.h5", "solver.prototxt"):
        ours, theirs = (Path(folder) / name for folder in (path, run[0]))
        if name == "solver.prototxt":
            assert ours.read_text().replace(path, "") == theirs.read_text().replace(str(run[0]), "")
        else:
            assert ours.read_bytes() == theirs.read_bytes(), name


def test_a_finished_run_is_not_run_again(run, small_store, tmp_path):
    copy = shutil.copytree(str(run[0]), str(tmp_path / "copy"))
    shutil.rmtree(str(Path(copy) / "snapshots"))
    assert train(small_store, SETTINGS, copy) == run[1]
    assert not (Path(copy) / "snapshots").exists()


def test_the_stopping_rule_ends_it(caffe, small_store, tmp_path):
    settings = FullTrainingSettings(TrainerSettings(seed=2, rate=1e-7), epochs=8)
    metrics = train(small_store, settings, str(tmp_path / "run"))
    assert (
        metrics["epochs"] == metrics["stopping_rule_epoch"] < 8
    )  # at that rate no loss decreases significantly


def test_divergence_ends_it_with_the_epoch_before(caffe, small_store, tmp_path, monkeypatch):
    from egl.errors import Diverged
    from egl.training.trainer import Trainer

    step = Trainer.step

    def diverging_step(self, patches, labels):
        if self.iteration == 14:
            raise Diverged("training diverged at iteration 14")
        return step(self, patches, labels)

    monkeypatch.setattr(Trainer, "step", diverging_step)
    metrics = train(small_store, SETTINGS, str(tmp_path / "run"))
    assert (metrics["diverged"], metrics["epochs"], metrics["iterations"]) == (
        "training diverged at iteration 14",
        1,
        10,
    )
    assert read_rounds(str(tmp_path / "run"))["iteration"].tolist() == [10]
    monkeypatch.setattr(
        Trainer, "step", lambda self, patches, labels: (_ for _ in ()).throw(Diverged("at once"))
    )
    with pytest.raises(Diverged):
        train(small_store, SETTINGS, str(tmp_path / "other"))


def test_measured_between_epochs_and_ended_by_iterations(caffe, small_store, tmp_path):
    from egl.training.snapshots import weights_at

    settings = replace(SETTINGS, iterations=14, evaluate_every=4, keep_weights=(3,))
    metrics = train(small_store, settings, str(tmp_path / "run"))
    assert read_rounds(str(tmp_path / "run"))["iteration"].tolist() == [4, 8, 12, 14]
    assert (metrics["iterations"], metrics["epochs"], metrics["stopping_rule_epoch"]) == (
        14,
        1,
        None,
    )
    assert (
        Path(weights_at(str(tmp_path / "run"), 3)).stat().st_size
        == Path(weights_at(str(tmp_path / "run"), 14)).stat().st_size
    )
