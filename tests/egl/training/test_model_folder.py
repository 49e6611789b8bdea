import hashlib
import json
import os
import shutil

import numpy as np
import pytest

from data_prep.errors import DataError
from egl.errors import EglError
from egl.training.model_folder import FILES, model_of_run, read_model, write_model
from egl.training.run_files import read_metrics, read_predictions


@pytest.fixture
def model_copy(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "model")


def test_a_model_is_what_the_run_left(tiny_model, finished_run, small_store):
    model, run = read_model(tiny_model), read_model(finished_run)
    assert sorted(os.listdir(tiny_model)) == sorted([*FILES, "model.json"])
    assert model.sha256 == run.sha256
    for name in ("name", "normalisation", "threshold", "field_width", "licence", "numbers"):
        assert getattr(model, name) == getattr(run, name)
    np.testing.assert_array_equal(model.normalisation.mean, small_store.mean)
    assert model.field_width == small_store.attributes["field_width"]
    assert model.numbers["test_auc"] == read_metrics(finished_run)["test"]["auc"]


def test_the_threshold_gives_the_highest_f_on_the_validation_samples(finished_run, small_store):
    p = read_predictions(finished_run)["validation"][-1]
    labels = small_store.read(small_store.samples("validation"))[1]

    def f_measure(threshold):
        called = p > threshold
        return 2 * (called & (labels == 1)).sum() / (called.sum() + labels.sum())

    best = max(f_measure(value) for value in [0, *p])
    assert f_measure(read_model(finished_run).threshold) == pytest.approx(best)


def test_caffe_s_classifier_takes_the_deploy_net(caffe, tiny_model, small_store):
    from egl.gradient_length.scorer import NetScorer

    model = read_model(tiny_model)
    patches = small_store.patches[:8]
    net = caffe.Net(os.path.join(tiny_model, "deploy.prototxt"), caffe.TEST, weights=model.weights)
    assert list(net.inputs) == ["data"] and list(net.outputs) == ["prob"]
    net.blobs["data"].reshape(8, 3, 48, 48)
    net.blobs["data"].data[...] = model.normalisation.apply(patches)
    expected = NetScorer(model.score_prototxt, model.weights, model.normalisation).posterior(
        patches
    )
    np.testing.assert_allclose(net.forward()["prob"], expected, atol=1e-6)
    caffe.Classifier(os.path.join(tiny_model, "deploy.prototxt"), model.weights)


def test_the_solver_names_the_net_beside_it(tiny_model):
    from egl.nets.definition import read_solver

    solver = read_solver(os.path.join(tiny_model, "solver.prototxt"))
    assert solver.net == os.path.join(tiny_model, "train_val.prototxt")


def test_the_readme_begins_like_those_of_the_model_zoo(tiny_model):
    with open(os.path.join(tiny_model, "readme.md"), encoding="utf-8") as file:
        head = file.read().split("---\n")[1]
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    with open(os.path.join(tiny_model, fields["caffemodel"]), "rb") as file:
        assert fields["sha1"] == hashlib.sha1(file.read()).hexdigest()
    assert fields["name"] == "run" and fields["license"]


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_named(model_copy, name):
    with open(model_copy / name, "ab") as file:
        file.write(b" ")
    with pytest.raises(EglError, match=f"model.json: damaged model .{name} is not what was"):
        read_model(str(model_copy))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 9}, "of format 9; this program reads format 1"),
        ({"threshold": 1.5}, "a threshold of 1.5, not from 0 to 1"),
        ({"threshold": float("nan")}, "a threshold of nan"),
        ({"field_width": 0}, "a field of view 0.0 pixels wide"),
        ({"normalisation": {"mean": None}}, "has no 'factor'"),
        ({"sha256": {}}, "has no 'readme.md'"),
        ({"numbers": []}, "damaged model"),
    ],
)
def test_a_damaged_card_is_refused(model_copy, changes, message):
    card = json.loads((model_copy / "model.json").read_text())
    (model_copy / "model.json").write_text(json.dumps({**card, **changes}))
    with pytest.raises(EglError, match=message):
        read_model(str(model_copy))


def test_other_folders_are_refused(tmp_path, tiny_model):
    with pytest.raises(EglError, match="neither a model folder nor a run folder"):
        read_model(str(tmp_path))
    with pytest.raises(DataError, match="exists already"):
        write_model(read_model(tiny_model), tiny_model)


def test_a_run_of_an_older_store_needs_the_width(finished_run, tmp_path):
    run = shutil.copytree(finished_run, tmp_path / "run")
    settings = json.loads((run / "settings.json").read_text())
    del settings["about"]["store"]["field_width"]
    (run / "settings.json").write_text(json.dumps(settings))
    with pytest.raises(EglError, match="egl model and --field-width"):
        read_model(str(run))
    assert model_of_run(str(run), 1400).field_width == 1400
