import os
import subprocess
import sys

import numpy as np
import pytest

from data_prep.normalisation import Normalisation
from egl.errors import EglError, NetError
from egl.gradient_length.scorer import NetScorer
from egl.nets.definition import prototxt_path
from egl.training.settings import TrainerSettings
from egl.training.snapshots import snapshots
from egl.training.trainer import Trainer, largest_weight

MEAN = (40.0, 60.0, 110.0)


@pytest.fixture
def make(caffe, tmp_path):
    """make(name, **settings): a trainer with a folder of its own."""

    def make(name="run", **settings):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return Trainer(TrainerSettings(**settings), Normalisation(MEAN), str(folder))

    return make


def batch(seed, n=32):
    random = np.random.RandomState(seed)
    patches = random.randint(0, 120, (n, 3, 48, 48)).astype(np.uint8)
    labels = np.arange(n) % 2
    patches[labels == 1, :, 20:28, 20:28] += 100
    return patches, labels


def scorer_of(trainer):
    return NetScorer(trainer.score_prototxt, trainer.solver.net, Normalisation(MEAN))


def weights(trainer):
    return [blob.data.copy() for blobs in trainer.solver.net.params.values() for blob in blobs]


def test_the_settings_reach_the_solver(caffe, make, tmp_path):
    from google.protobuf import text_format

    trainer = make(rate=0.02, momentum=0.5, weight_decay=0.001, batch=8, seed=5)
    written = caffe.proto.caffe_pb2.SolverParameter()
    with open(str(tmp_path / "run" / "solver.prototxt")) as file:
        text_format.Parse(file.read(), written)
    assert (written.random_seed, written.train_net_param.layer[0].input_param.shape[0].dim[0]) == (
        5,
        8,
    )
    np.testing.assert_allclose(
        [written.base_lr, written.momentum, written.weight_decay], [0.02, 0.5, 0.001], rtol=1e-6
    )
    assert trainer.solver.net.blobs["data"].data.shape == (8, 3, 48, 48)


def blobs_of(trainer):
    return [blob for blobs in trainer.solver.net.params.values() for blob in blobs]


def step_and_gradient(trainer, seed):
    """Do a step; return (what it subtracted, the gradient by an independent pass before it)."""
    before = weights(trainer)
    trainer.step(*batch(seed))
    after = weights(trainer)
    net = trainer.solver.net
    for blob, weight in zip(blobs_of(trainer), before):
        blob.data[...] = weight
    net.clear_param_diffs()
    net.forward()
    net.backward()
    gradient = [blob.diff.copy() for blob in blobs_of(trainer)]
    for blob, weight in zip(blobs_of(trainer), after):
        blob.data[...] = weight
    return before, [b - a for b, a in zip(before, after)], gradient


RATES = [1, 2] * 4  # of weights and biases, in the net's definition


def test_one_step_is_sgd_with_momentum_and_decay(make):
    """Caffe's rule by hand: v = momentum v + rate (gradient + decay w); w = w - v."""
    trainer = make(rate=0.01, momentum=0.9, weight_decay=0.1)
    velocity = None
    for seed in (1, 2):
        before, updates, gradient = step_and_gradient(trainer, seed)
        new = [0.01 * rate * (g + 0.1 * w) for rate, g, w in zip(RATES, gradient, before)]
        velocity = new if velocity is None else [0.9 * v + n for v, n in zip(velocity, new)]
        for update, v in zip(updates, velocity):
            np.testing.assert_allclose(update, v, rtol=1e-3, atol=1e-6)


def test_inv_has_the_numbers_of_caffes_lenet(caffe, make, tmp_path):
    from google.protobuf import text_format

    make(lr_policy="inv")
    written = caffe.proto.caffe_pb2.SolverParameter()
    text_format.Parse((tmp_path / "run" / "solver.prototxt").read_text(), written)
    assert written.lr_policy == "inv"
    np.testing.assert_allclose([written.gamma, written.power], [1e-4, 0.75], rtol=1e-6)


def test_the_rate_falls_as_the_solver_file_says(make, tmp_path):
    text = open(prototxt_path("lenet_solver.prototxt")).read()
    net = prototxt_path("lenet_train_val.prototxt")
    text = text.replace('"prototxt/lenet_train_val.prototxt"', f'"{net}"')
    text = text.replace('"fixed"', '"inv"')
    path = tmp_path / "solver.prototxt"
    path.write_text(text + "gamma: 3\npower: 0.5\n")
    trainer = make(solver=str(path), lr_policy="solver", momentum=0.0, weight_decay=0.0)
    for seed, wanted in ((1, 0.01), (2, 0.005)):  # 0.01 (1 + 3 iteration) ** -0.5
        assert trainer.rate == pytest.approx(wanted)
        _, updates, gradient = step_and_gradient(trainer, seed)
        for rate, update, g in zip(RATES, updates, gradient):
            np.testing.assert_allclose(update, wanted * rate * g, rtol=1e-3, atol=1e-7)
    path.write_text(text.replace('"inv"', '"step"') + "gamma: 0.1\nstepsize: 100\n")
    with pytest.raises(NetError, match="not for 'step'; give --lr-policy"):
        assert make("step", solver=str(path), lr_policy="solver").rate


def test_posterior_is_of_the_present_weights_whatever_the_batching(make):
    trainer = make()
    patches = batch(1, 70)[0]
    scorer = scorer_of(trainer)
    first = scorer.posterior(patches)
    assert first.shape == (70, 2)
    np.testing.assert_allclose(first.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(first[[0, 69]], scorer.posterior(patches[[0, 69]]), atol=1e-6)
    trainer.step(*batch(1))
    assert np.abs(scorer.posterior(patches) - first).max() > 1e-4


def test_it_learns(make):
    trainer = make()
    losses = [trainer.step(*batch(seed)) for seed in range(15)]
    assert losses[-1] < 0.3 < losses[0]


def test_same_seed_same_weights(make):
    one, again, other = make("a", seed=3), make("b", seed=3), make("c", seed=4)
    for trainer in (one, again, other):
        trainer.step(*batch(1))
    assert all((a == b).all() for a, b in zip(weights(one), weights(again)))
    assert any((a != b).any() for a, b in zip(weights(one), weights(other)))


def test_two_trainers_share_nothing(make):
    """Interleaved with another, a trainer does what it does alone."""
    alone, one, other = make("a"), make("b"), make("c", seed=9)
    scorer = scorer_of(other)
    for seed in range(3):
        alone.step(*batch(seed))
        one.step(*batch(seed))
        other.step(*batch(seed + 10))
        scorer.posterior(batch(seed)[0])
    assert all((a == b).all() for a, b in zip(weights(alone), weights(one)))


def test_resuming_is_bitwise_the_same_even_from_a_moved_folder(make, tmp_path):
    whole = make("whole")
    for seed in range(6):
        whole.step(*batch(seed))
    first = make("first")
    for seed in range(3):
        first.step(*batch(seed))
    first.snapshot({"note": [1, 2]})
    os.rename(str(tmp_path / "first"), str(tmp_path / "moved"))
    second = make("moved")
    assert second.restore() == {"note": [1, 2]}
    assert second.iteration == 3
    for seed in range(3, 6):
        second.step(*batch(seed))
    assert all((a == b).all() for a, b in zip(weights(whole), weights(second)))


def test_only_the_newest_snapshot_is_kept(make, tmp_path):
    trainer = make()
    assert trainer.restore() is None
    trainer.step(*batch(1))
    trainer.snapshot({})
    trainer.step(*batch(2))
    trainer.snapshot({})
    assert [os.path.basename(folder) for folder in snapshots(str(tmp_path / "run"))] == [
        "iter_000002"
    ]


def test_a_half_written_snapshot_is_passed_over(make, tmp_path):
    trainer = make()
    trainer.step(*batch(1))
    trainer.snapshot({"good": True})
    (tmp_path / "run" / "snapshots" / ".writing").mkdir()
    again = make()
    assert again.restore() == {"good": True}
    again.step(*batch(2))
    again.snapshot({})


@pytest.mark.parametrize(
    "name", ["model_iter_1.caffemodel", "model_iter_1.solverstate", "state.json"]
)
def test_a_damaged_snapshot_is_named_and_caffe_never_sees_it(make, tmp_path, name):
    trainer = make()
    trainer.step(*batch(1))
    trainer.snapshot({})
    path = os.path.join(snapshots(str(tmp_path / "run"))[0], name)
    with open(path, "r+b") as file:
        file.truncate(50)
    with pytest.raises(EglError, match="damaged snapshot"):
        make().restore()


@pytest.mark.parametrize(("patches", "labels"), [(31, 31), (32, 31)])
def test_a_wrong_batch(make, patches, labels):
    with pytest.raises(EglError, match="the net takes 32"):
        make().step(batch(1, patches)[0], np.zeros(labels, int))


@pytest.mark.parametrize("label", [-1, 2])
def test_labels_that_would_corrupt_memory_never_reach_caffe(make, label):
    patches, labels = batch(1)
    labels[5] = label
    with pytest.raises(EglError, match="classes 0 to 1"):
        make().step(patches, labels)


def test_divergence_is_an_error(make):
    trainer = make(rate=1e6)
    with pytest.raises(EglError, match="diverged at iteration"):
        for seed in range(20):
            trainer.step(*batch(seed))


@pytest.mark.parametrize("layer, blob", [("conv1", 0), ("ip2", 1)])
def test_weights_that_are_not_finite_are_seen_in_any_layer(make, layer, blob):
    net = make().solver.net
    assert largest_weight(net) == pytest.approx(
        max(np.abs(blob.data).max() for blobs in net.params.values() for blob in blobs)
    )
    net.params[layer][blob].data.flat[1] = np.nan
    assert np.isnan(largest_weight(net))


def test_a_snapshot_whose_weights_are_not_finite(make):
    trainer = make()
    trainer.step(*batch(1))
    trainer.solver.net.params["ip1"][0].data[3, 3] = np.inf
    trainer.snapshot({})
    with pytest.raises(EglError, match="weights are not finite"):
        make().restore()


def test_patches_that_are_not_finite_never_reach_caffe(make):
    patches, labels = batch(1)
    patches = patches.astype(np.float32)
    patches[7, 2, 0, 47] = np.nan
    with pytest.raises(EglError, match="not finite"):
        make().step(patches, labels)


def test_arguments_of_another_kind(make):
    patches, labels = batch(1)
    trainer = make()
    with pytest.raises(EglError, match="patches must be an array"):
        trainer.step(patches.tolist(), labels)
    for wrong in (None, labels + 0.5, np.full(32, np.nan), labels[:, None], ["a"] * 32):
        with pytest.raises(EglError, match="labels must be whole numbers"):
            trainer.step(patches, wrong)
    trainer.step(patches, labels.tolist())


def test_a_normalisation_of_nan_and_a_net_that_aborts(caffe, tmp_path):
    with pytest.raises(EglError, match="normalisation is not finite"):
        Trainer(TrainerSettings(), Normalisation((1.0, np.nan, 2.0)), str(tmp_path))
    text = open(prototxt_path("lenet_train_val.prototxt")).read()
    assert 'type: "xavier"' in text
    (tmp_path / "net.prototxt").write_text(text.replace('type: "xavier"', 'type: "xaver"'))
    solver = open(prototxt_path("lenet_solver.prototxt")).read()
    path = tmp_path / "solver.prototxt"
    path.write_text(solver.replace("prototxt/lenet_train_val.prototxt", "net.prototxt"))
    with pytest.raises(EglError, match="Caffe cannot use this net: .*Unknown filler name: xaver"):
        Trainer(TrainerSettings(solver=str(path)), Normalisation(MEAN), str(tmp_path))


NOT_A_NUMBER = """
import sys
sys.path[:] = sys.argv[3:]
import numpy as np
from data_prep.normalisation import Normalisation
from egl.errors import Diverged
from egl.training.settings import TrainerSettings
from egl.training.trainer import Trainer
settings = TrainerSettings(solver=sys.argv[1], batch=8)
trainer = Trainer(settings, Normalisation((90.0, 90.0, 90.0)), sys.argv[2])
patches = np.random.RandomState(1).randint(0, 256, (8, 3, 48, 48)).astype(np.uint8)
for _ in range(5):
    try:
        trainer.step(patches, np.arange(8) % 2)
    except Diverged as error:
        print(error)
"""


def test_numbers_that_are_not_finite_inside_another_net_do_no_harm(caffe, tmp_path):
    """Logarithms of numbers below 0, then max pooling: its backward pass would corrupt memory."""
    net = open(prototxt_path("lenet_train_val.prototxt")).read()
    place = net.index("layer {", net.index('name: "conv1"'))
    log = 'layer { name: "log" type: "Log" bottom: "conv1" top: "conv1" }\n'
    (tmp_path / "net.prototxt").write_text(net[:place] + log + net[place:])
    solver = open(prototxt_path("lenet_solver.prototxt")).read()
    path = tmp_path / "solver.prototxt"
    path.write_text(solver.replace("prototxt/lenet_train_val.prototxt", "net.prototxt"))
    done = subprocess.run(
        [sys.executable, "-c", NOT_A_NUMBER, str(path), str(tmp_path), *sys.path],
        stdout=subprocess.PIPE,
        check=True,
        encoding="utf-8",
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    message = "net.prototxt: the blob 'conv1' of conv1 and log holds numbers that are not finite"
    assert all(message in line for line in lines)
