import json
import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from data_prep.normalisation import Normalisation
from data_prep.stored_photographs import StoredPhotographs
from egl.errors import EglError
from egl.gradient_length.scorer import NetScorer
from egl.nets.definition import prototxt_path
from egl.training.snapshots import weights_at
from experiments.analyses import analysis, stops
from experiments.analyses.analysis import TrainedRun


@dataclass(frozen=True)
class Counting:
    """to: a number."""

    to: int
    kept: tuple = (1, 2)


@analysis.analysis("counting")
def count(store, settings, folder, progress):
    """Write a number, once."""
    with open(folder.file("number"), "x") as file:
        file.write(str(settings.to))
    progress(1, 1)
    return {"patches": len(store.patches)} if settings.to else None


def test_an_analysis_is_done_once(small_store, tmp_path):
    out, reported = str(tmp_path / "run"), []
    metrics = count(small_store.path, Counting(5), out, lambda *done: reported.append(done))
    assert (metrics["diverged"], metrics["patches"]) == (None, len(small_store.patches))
    assert metrics["seconds"] >= 0
    assert json.loads((tmp_path / "run" / "settings.json").read_text()) == {
        "kind": "counting",
        "to": 5,
        "kept": [1, 2],
    }
    assert count(small_store.path, Counting(5), out, lambda *done: reported.append(done)) == metrics
    assert reported == [(1, 1)]
    with pytest.raises(EglError, match="other settings"):
        count(small_store.path, Counting(6), out, lambda *done: None)


def test_an_analysis_may_have_nothing_to_add(small_store, tmp_path):
    metrics = count(small_store.path, Counting(0), str(tmp_path / "run"), lambda *done: None)
    assert set(metrics) == {"diverged", "seconds", "commit"}


def test_an_analysis_reaches_a_child_process():
    assert pickle.loads(pickle.dumps(stops.compare)) is stops.compare
    assert stops.compare.__doc__.startswith("Score the same patches")


def test_images_of_a_split(small_store):
    splits = [analysis.images_of(small_store, name) for name in ("train", "validation", "test")]
    assert sorted(sum(splits, [])) == list(range(len(small_store.images)))
    for number, indices in enumerate(splits):
        assert {small_store.images[index].split for index in indices} == {number}


@pytest.mark.parametrize(
    "iterations, snapshot, wanted",
    [
        (60, 60, [6, 15, 60]),
        (15, 15, [6, 15]),
        (35, 26, [6, 15]),
        (35, 35, [6, 15, 35]),
        (5, None, []),
    ],
)
def test_times_whose_weights_are_there(tmp_path, iterations, snapshot, wanted):
    (tmp_path / "metrics.json").write_text(json.dumps({"iterations": iterations}))
    settings = {"normalisation": Normalisation().as_dict()}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    if snapshot:
        (tmp_path / "snapshots" / f"iter_{snapshot:06d}").mkdir(parents=True)
    run = TrainedRun(str(tmp_path))
    assert run.times((6, 15)) == wanted
    assert run.reached((6, 15)) == [time for time in (6, 15) if time <= iterations]


@pytest.mark.parametrize("scaling", ["mean", "patch-mean"])
def test_a_run_is_scored_with_its_own_normalisation(runs, small_store, scaling):
    folder = str(runs / scaling)
    photograph, field = StoredPhotographs(small_store).view(0)

    def by_hand(normalisation):
        prototxt, weights = prototxt_path("lenet_score.prototxt"), weights_at(folder, 20)
        return NetScorer(prototxt, weights, normalisation).maps(photograph, 24, field).phi

    whole = Normalisation(tuple(small_store.mean), 1 / 64)
    own, other = (whole, Normalisation()) if scaling == "mean" else (Normalisation(), whole)
    phi = TrainedRun(folder).scorer(20).maps(photograph, 24, field).phi
    np.testing.assert_array_equal(phi, by_hand(own))
    assert np.nanmax(np.abs(phi - by_hand(other))) > 0.1
