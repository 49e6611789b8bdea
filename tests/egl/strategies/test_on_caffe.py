"""Every strategy on real nets: what it reads off Caffe, and whole runs."""

import csv
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from data_prep.stored_photographs import StoredPhotographs
from egl.errors import EglError, NetError
from egl.nets.definition import prototxt_path
from egl.selection.algorithms import SelectionSettings
from egl.selection.run import RunSettings, Selection
from egl.strategies import STRATEGIES
from egl.training.trainer import TrainerSettings

SHORT = RunSettings(
    selection=SelectionSettings(iterations=4, k=32, candidates=48, initial_iterations=2),
    trainer=TrainerSettings(seed=4),
    initial_images=2,
    stride=48,
    image_patches=4,
)
LENET = "lenet_score.prototxt"


@pytest.fixture
def learner(trained):
    """A stand-in for Learner around a trained net; patches are normalised already."""
    from egl.gradient_length.features import Features
    from egl.gradient_length.phi import GradientLength

    path = prototxt_path(LENET)
    return SimpleNamespace(
        trainer=SimpleNamespace(normalise=lambda patches: patches),
        phi_scorer=GradientLength(path, trained.net, batch=8),
        features=Features(path, trained.net, batch=8).of,
        settings=SimpleNamespace(trainer=SimpleNamespace(rate=0.05)),
        random=lambda use: np.random.RandomState(use),
    )


def test_features_are_what_the_last_layer_sees(trained, learner, patches):
    rows = learner.features(patches[:20])
    weights, bias = (blob.data for blob in trained.net.params["ip2"])
    assert rows.features.shape == (20, 500)
    assert rows.features @ weights.T + bias == pytest.approx(rows.scores, abs=1e-5)
    assert rows.posterior == pytest.approx(
        learner.phi_scorer.score(patches[:20]).posterior, abs=1e-6
    )


def test_features_want_a_fully_connected_last_layer(caffe, net_path, tmp_path):
    from egl.gradient_length.features import Features

    text = Path(prototxt_path(LENET)).read_text()
    start = text.index('layer {\n  name: "ip2"')
    convolution = (
        text[start:]
        .replace('type: "InnerProduct"', 'type: "Convolution"', 1)
        .replace("inner_product_param", "convolution_param")
    )
    path = tmp_path / "net.prototxt"
    path.write_text(
        text[:start] + convolution.replace("num_output: 2", "num_output: 2 kernel_size: 1", 1)
    )
    with pytest.raises(NetError, match="must be an InnerProduct"):
        Features(str(path), None)


@pytest.mark.parametrize("name", ["bag-egl", "bag-egl-softmax"])
def test_the_gradient_of_a_bag_is_caffes_own(trained, learner, patches, name):
    """The bag as one batch, its patches' share of the gradient as diffs at the scores, and Caffe adds up ip1's parameter diffs."""
    from egl.nets.building import scoring_net

    strategy = STRATEGIES[name](learner)
    bag = patches[:10]
    net = scoring_net(prototxt_path(LENET), trained.net, batch=10)
    net.blobs["data"].data[...] = bag
    net.forward(end="ip2")
    p = learner.features(bag).posterior[:, 1]
    through = strategy.bag(p)[1] * p * (1 - p)
    net.clear_param_diffs()
    net.blobs["ip2"].diff[...] = through[:, None] * np.array([-1.0, 1.0])
    net.backward(start="ip2", end="ip1")
    length = np.sqrt(sum((blob.diff.astype(float) ** 2).sum() for blob in net.params["ip1"]))
    assert length > 0
    assert strategy.of_bag(bag) == pytest.approx(2 * length, rel=1e-4)


def test_the_change_of_the_output_is_that_of_a_real_step(trained, learner, patches):
    """One SGD step of the last layer in Caffe for each patch and label, and the pool run again."""
    from egl.nets.building import scoring_net
    from egl.strategies.output_change import expected_output_change, softmax

    x, pool = patches[:3], patches[10:16]
    rows, pool_rows = learner.features(x), learner.features(pool)
    expected = np.zeros(3)
    for n in range(3):
        for label in (0, 1):
            net = scoring_net(prototxt_path(LENET), batch=1)
            for name, blobs in trained.net.params.items():
                for blob, value in zip(net.params[name], blobs):
                    blob.data[...] = value.data
            net.blobs["data"].data[...] = x[n]
            net.blobs["label"].data[...] = label
            net.forward()
            net.clear_param_diffs()
            net.backward()
            for blob in net.params["ip2"]:
                blob.data[...] -= 0.05 * blob.diff
            changes = []
            for place, patch in enumerate(pool):
                net.blobs["data"].data[...] = patch
                net.forward(end="ip2")
                now, before = (
                    softmax(each.astype(float))
                    for each in (net.blobs["ip2"].data[0], pool_rows.scores[place])
                )
                changes.append(np.abs(now - before).sum())
            expected[n] += rows.posterior[n, label] * np.mean(changes)
    measured = expected_output_change(
        rows.posterior, rows.features, pool_rows.features, pool_rows.scores, 0.05
    )
    assert measured == pytest.approx(expected, rel=2e-3)


@pytest.fixture
def start(caffe, small_store, tmp_path):
    def start(name, **changes):
        return Selection(
            small_store,
            SHORT._replace(**changes),
            str(tmp_path / name),
            StoredPhotographs(small_store),
        )

    return start


def asked(selection, kind):
    with open(selection.run.file("queries.csv"), newline="") as file:
        return [
            row for row in csv.DictReader(file) if row["kind"] == kind and row["score"] != "nan"
        ]


@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_a_run_by_image(start, strategy):
    selection = start("run", strategy=strategy)
    metrics = selection.execute()
    assert metrics["iterations"] == 4
    assert metrics["rounds"] == 4
    assert metrics["seconds_choosing"] > 0
    assert len({row["image"] for row in asked(selection, "image")}) == 2
    patches = asked(selection, "patch")
    assert len(patches) == len({(row["patch"], row["symmetry"]) for row in patches}) == 64
    assert np.isfinite([float(row["score"]) for row in patches]).all()


def test_with_two_classes_uncertainty_has_one_order_of_patches(start):
    chosen = []
    for strategy in ("least-confidence", "margin", "entropy"):
        selection = start(
            strategy,
            strategy=strategy,
            by="patch",
            selection=SHORT.selection._replace(iterations=3),
        )
        selection.execute()
        chosen.append({(row["patch"], row["symmetry"]) for row in asked(selection, "patch")})
    assert chosen[0] == chosen[1] == chosen[2]


def test_a_committee_killed_anywhere_ends_with_the_same_bytes(start, monkeypatch, kill_at):
    monkeypatch.setattr("egl.selection.run.SNAPSHOT_EVERY", 2)
    settings = {
        "strategy": "committee-kl",
        "by": "patch",
        "selection": SHORT.selection._replace(iterations=5),
    }
    whole = start("whole", **settings)
    whole.execute()
    for iteration in (1, 3, 4):
        with pytest.raises(kill_at.Killed):
            start("broken", **settings).execute(kill_at(iteration))
    broken = start("broken", **settings)
    broken.execute()
    for name in ("rounds.csv", "queries.csv", "predictions.h5"):
        assert Path(broken.run.file(name)).read_bytes() == Path(whole.run.file(name)).read_bytes()
    members = sorted(Path(broken.run.path, "committee").iterdir())
    assert [[path.name for path in (member / "snapshots").iterdir()] for member in members] == [
        ["iter_000005"]
    ] * 4


def test_the_members_are_different_nets(start):
    selection = start("run", strategy="vote-entropy", by="patch")
    selection.execute()
    posteriors = selection._learner.committee.posteriors(
        selection.data.read(selection.data.samples("test"))[0]
    )
    assert posteriors.shape == (4, 72, 2)
    for one in range(4):
        for other in range(one):
            assert np.abs(posteriors[one] - posteriors[other]).max() > 1e-3


def test_images_by_a_bag_want_one_fully_connected_layer(start):
    with pytest.raises(EglError, match="ip1 or ip2"):
        start("run", strategy="bag-egl", stop_layer="conv2").execute()
