"""Phi: the reference against finite differences, the batched route against the reference and against float64."""

import numpy as np
import pytest

from egl.errors import Diverged, NetError
from egl.gradient_length.phi import GradientLength
from egl.nets.building import build, scoring_net
from egl.nets.definition import prototxt_path, read_net

SCORE = prototxt_path("lenet_score.prototxt")


def ranking(phi):
    return np.argsort(-phi, kind="stable").tolist()


def assert_same(left, right, tolerance=1e-5):
    for name in ("phi", "posterior", "norms"):
        np.testing.assert_allclose(
            getattr(left, name), getattr(right, name), rtol=tolerance, err_msg=name
        )
    assert ranking(left.phi) == ranking(right.phi)


def both(prototxt, net, samples, **settings):
    batched = GradientLength(prototxt, net, route="batched", **settings).score(samples)
    return batched, GradientLength(prototxt, net, route="param-diff", **settings).score(samples)


def numbers(shape, seed=0):
    return np.random.RandomState(seed).randn(*shape).astype(np.float32)


def write_net(folder, prototxt, change):
    """Write the net of `prototxt`, changed in place by `change`, and return its path."""
    definition = read_net(prototxt)
    change(definition)
    path = str(folder / "net.prototxt")
    with open(path, "w") as file:
        file.write(str(definition))
    return path


def layer(definition, name):
    return next(each for each in definition.layer if each.name == name)


# The reference


def make_smooth(definition):
    layer(definition, "relu").type = "TanH"  # no kinks, at which finite differences are wrong


@pytest.mark.parametrize(
    "stop, parameters",
    [
        ("out", "layer"),
        ("middle", "layer"),
        ("hidden", "above"),
        ("scale", "layer"),
        ("conv", "above"),
    ],
)
def test_param_diff_is_the_slope_of_the_loss(random_net, net_path, tmp_path, stop, parameters):
    """A step of h along the gradient changes the loss by h times the gradient's length."""
    path = write_net(tmp_path, net_path("three_classes"), make_smooth)
    net = random_net(path, seed=4)
    sample = numbers((1, 2, 11, 9), seed=5)
    norms = (
        GradientLength(path, net, stop=stop, parameters=parameters, route="param-diff")
        .score(sample)
        .norms[0]
    )

    moved = scoring_net(path, net)  # moves the weights of `net` itself
    moved.blobs["image"].data[...] = sample

    def loss(label):
        scores = moved.forward(end="out")["out"][0].astype(np.float64)
        return np.log(np.exp(scores - scores[label]).sum())

    for label in range(3):
        counted = [name for name in moved.params if name != "norm"]
        counted = counted[counted.index(stop) :] if parameters == "above" else [stop]
        moved.blobs["truth"].data[...] = label
        moved.forward()
        moved.clear_param_diffs()
        moved.backward()
        blobs = [blob for name in counted for blob in moved.params[name]]
        before = [blob.data.copy() for blob in blobs]
        diffs = [blob.diff.astype(np.float64) for blob in blobs]
        length = np.sqrt(sum(np.square(diff).sum() for diff in diffs))
        h = 0.003
        values = []
        for sign in (1, -1):
            for blob, old, diff in zip(blobs, before, diffs):
                blob.data[...] = old + sign * h * diff / length
            values.append(loss(label))
        for blob, old in zip(blobs, before):
            blob.data[...] = old
        assert norms[label] == pytest.approx((values[0] - values[1]) / (2 * h), rel=1e-3)


def test_norms_worked_out_by_hand(caffe, tmp_path):
    """One layer of two scores: the gradient of the weights is (p - e_j) x^T, of the bias p - e_j; x = (3, 4)."""
    path = str(tmp_path / "net.prototxt")
    with open(path, "w") as file:
        file.write(
            'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 1 dim: 1 dim: 2 } } }'
            'layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 1 } } }'
            'layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 2 } }'
            'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "y" top: "loss" }'
        )
    net = build(read_net(path))
    net.params["ip"][1].data[...] = [np.log(3), 0]  # weights 0, so p = (3/4, 1/4)
    sample = np.array([3, 4], np.float32).reshape(1, 1, 1, 2)
    for result in both(path, net, sample):
        length = np.sqrt(2) * np.sqrt(
            3**2 + 4**2 + 1
        )  # of e_1 - e_0, times that of x with its bias
        np.testing.assert_allclose(result.posterior, [[0.75, 0.25]], rtol=1e-6)
        np.testing.assert_allclose(result.norms, [[0.25 * length, 0.75 * length]], rtol=1e-6)
        np.testing.assert_allclose(result.phi, [2 * 0.75 * 0.25 * length], rtol=1e-6)


def test_norms_of_a_sample_differ_between_labels(lenet, patches):
    """A scorer that does not go forward again for each label takes one label's norm for all."""
    for result in both(SCORE, lenet, patches[:8]):
        assert (np.abs(result.norms[:, 0] / result.norms[:, 1] - 1) > 0.01).all()


def test_diffs_do_not_add_up_from_sample_to_sample(lenet, patches):
    scorer = GradientLength(SCORE, lenet, route="param-diff")
    once = scorer.score(patches[:3])
    twice = scorer.score(np.concatenate([patches[2:3]] * 3))
    assert (twice.norms == once.norms[2]).all()


@pytest.mark.parametrize("route", ["batched", "param-diff"])
def test_the_training_net_keeps_its_diffs_and_weights(trained, patches, route):
    net = trained.net
    before = [
        (blob.data.copy(), blob.diff.copy()) for blobs in net.params.values() for blob in blobs
    ]
    blob_diffs = {name: blob.diff.copy() for name, blob in net.blobs.items()}
    GradientLength(SCORE, net, parameters="above", route=route).score(patches[:3])
    after = [(blob.data, blob.diff) for blobs in net.params.values() for blob in blobs]
    for (data, diff), (data_after, diff_after) in zip(before, after):
        assert (data == data_after).all() and (diff == diff_after).all()
    assert all((net.blobs[name].diff == diff).all() for name, diff in blob_diffs.items())


# Batched against the reference


@pytest.mark.parametrize("parameters", ["layer", "above"])
@pytest.mark.parametrize("stop", ["ip1", "ip2"])
def test_batched_equals_param_diff_on_lenet(lenet, patches, stop, parameters):
    assert_same(*both(SCORE, lenet, patches[:20], stop=stop, parameters=parameters))


def test_batched_equals_param_diff_on_a_trained_net(trained, patches):
    batched, reference = both(SCORE, trained.net, patches[:40])
    assert (batched.posterior.argmax(axis=1) == np.arange(40) % 2).mean() > 0.8
    unsure = (
        batched.posterior.min(axis=1) > 0.01
    )  # where the reference has digits enough: see phi_param_diff
    assert unsure.sum() >= 5
    assert_same(*(type(each)(*(field[unsure] for field in each)) for each in (batched, reference)))


def test_batched_equals_param_diff_on_real_patches(lenet, real_patches):
    assert_same(*both(SCORE, lenet, real_patches))


@pytest.mark.parametrize("parameters", ["layer", "above"])
@pytest.mark.parametrize("stop", ["hidden", "middle", "out"])
def test_batched_equals_param_diff_for_three_classes(random_net, net_path, stop, parameters):
    path = net_path("three_classes")
    assert_same(
        *both(
            path,
            random_net(path, seed=7),
            numbers((9, 2, 11, 9)),
            stop=stop,
            parameters=parameters,
            batch=4,
        )
    )


def test_batched_equals_param_diff_for_ten_classes(random_net, net_path):
    path = net_path("mnist_lenet")
    batched, reference = both(path, random_net(path, seed=8), numbers((6, 1, 28, 28)), batch=4)
    assert batched.norms.shape == (6, 10)
    assert_same(batched, reference)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("shape", [(1, 5, 5), (3, 7, 4), (2, 12, 9)])
def test_batched_equals_param_diff_over_shapes_and_class_counts(
    random_net, net_path, tmp_path, shape, classes
):
    def change(definition):
        layer(definition, "image").input_param.shape[0].dim[:] = (1,) + shape
        layer(definition, "out").inner_product_param.num_output = classes

    path = write_net(tmp_path, net_path("three_classes"), change)
    samples = numbers((7,) + shape, seed=classes)
    assert_same(
        *both(
            path,
            random_net(path, seed=shape[1]),
            samples,
            stop="hidden",
            parameters="above",
            batch=3,
        )
    )


@pytest.mark.parametrize("batch", [1, 5, 7, 8, 64])
def test_batch_size_changes_nothing(random_net, net_path, batch):
    path = net_path("three_classes")
    net, samples = random_net(path), numbers((7, 2, 11, 9))
    whole = GradientLength(path, net, batch=7).score(samples)
    assert_same(GradientLength(path, net, batch=batch).score(samples), whole, 1e-6)


def test_no_candidates_give_no_scores(lenet, patches):
    result = GradientLength(SCORE, lenet).score(patches[:0])
    assert (result.phi.shape, result.posterior.shape, result.norms.shape) == ((0,), (0, 2), (0, 2))


def test_shared_weights_are_seen_as_they_change(random_net, patches):
    net = random_net(SCORE, seed=9)
    scorer = GradientLength(SCORE, net, batch=4)
    before = scorer.score(patches[:4])
    net.params["ip2"][0].data[...] *= 2
    assert (scorer.score(patches[:4]).phi != before.phi).all()
    assert_same(
        scorer.score(patches[:4]),
        GradientLength(SCORE, net, batch=4, route="param-diff").score(patches[:4]),
    )


def test_weights_from_a_file_score_as_the_net_that_wrote_it(lenet, patches, tmp_path):
    path = str(tmp_path / "w.caffemodel")
    lenet.save(path)
    left, right = (
        GradientLength(SCORE, weights, batch=8).score(patches[:8]) for weights in (path, lenet)
    )
    assert all((a == b).all() for a, b in zip(left, right))


# Nets that are sure of themselves


def ip1_in_float64(scores, mask, below, out):
    """Posterior and norms of LeNet's ip1, by hand in float64, from the scores, its input and its ReLU's mask."""
    classes = scores.shape[1]
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    posterior = shifted / shifted.sum(axis=1, keepdims=True)
    norms = np.empty_like(posterior)
    for label in range(classes):
        others = np.arange(classes) != label
        diff = posterior.copy()
        diff[:, label] = -posterior[:, others].sum(axis=1)
        scale = np.abs(diff).max(axis=1)  # or the squares underflow
        delta = ((diff / scale[:, None]) @ out) * mask
        norms[:, label] = scale * np.sqrt(
            np.square(delta).sum(axis=1) * (np.square(below).sum(axis=1) + 1)
        )
    return posterior, norms


@pytest.mark.parametrize(
    "name, shape, gain",
    [
        ("lenet_score", (3, 48, 48), 40),
        ("lenet_score", (3, 48, 48), 150),
        ("mnist_lenet", (1, 28, 28), 60),
    ],
)
def test_nothing_is_lost_where_the_net_is_sure(random_net, net_path, name, shape, gain):
    """Posteriors down to 1e-300: p - 1 and even p itself are lost in float32."""
    path = SCORE if name == "lenet_score" else net_path(name)
    net = random_net(path, seed=10, batch=6)
    net.params["ip2"][0].data[...] *= gain
    samples = numbers((6,) + shape, seed=11)
    result = GradientLength(path, net, batch=6).score(samples)

    net.blobs["data"].data[...] = samples
    net.forward()
    hidden, below, scores = (
        net.blobs[blob].data.reshape(6, -1).astype(np.float64) for blob in ("ip1", "pool2", "ip2")
    )
    out = net.params["ip2"][0].data.astype(np.float64)
    posterior, norms = ip1_in_float64(scores, hidden > 0, below, out)
    assert posterior.max(axis=1).max() > 1 - 1e-12
    np.testing.assert_allclose(result.posterior, posterior, rtol=1e-12)
    np.testing.assert_allclose(result.norms, norms, rtol=1e-5)
    np.testing.assert_allclose(result.phi, (posterior * norms).sum(axis=1), rtol=1e-5)
    assert (result.phi > 0).all()


def test_the_reference_loses_the_likely_label_where_the_net_is_sure(random_net, patches):
    """Why the batched route is the default: Caffe's loss layer forms p - 1 in float32."""
    net = random_net(SCORE, seed=10)
    net.params["ip2"][0].data[...] *= 40
    batched, reference = both(SCORE, net, patches[:20])
    sure = batched.posterior.min(axis=1) < 1e-8
    assert sure.any()
    likely = batched.posterior[sure].argmax(axis=1)
    assert (reference.norms[sure, likely] < 0.8 * batched.norms[sure, likely]).any()


# What does not fit


def test_diverged_weights_are_an_error(random_net, patches):
    net = random_net(SCORE)
    net.params["ip2"][0].data[0, 0] = np.nan
    with pytest.raises(Diverged, match="diverged"):
        GradientLength(SCORE, net).score(patches[:2])


@pytest.mark.parametrize(
    "bad, message",
    [
        (np.zeros((2, 3, 40, 48), np.float32), "N x 3 x 48 x 48"),
        (np.zeros((2, 3, 48, 48), np.uint8), "uint8"),
        (np.zeros((3, 48, 48), np.float32), "shape"),
    ],
)
def test_patches_that_do_not_fit_are_an_error(lenet, bad, message):
    with pytest.raises(NetError, match=message):
        GradientLength(SCORE, lenet).score(bad)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"stop": "relu1"}, "it can be conv1, conv2, ip1, ip2"),
        ({"stop": "fc7"}, "fc7"),
        ({"parameters": "all"}, "layer, above"),
        ({"route": "fast"}, "auto, batched, param-diff"),
        ({"batch": 0}, "batch"),
    ],
)
def test_wrong_settings_are_an_error(lenet, settings, message):
    with pytest.raises(NetError, match=message):
        GradientLength(SCORE, lenet, **settings)


def test_batched_refuses_layers_it_does_not_know(random_net, net_path):
    path = net_path("three_classes")
    net = random_net(path)
    with pytest.raises(NetError, match="param-diff"):
        GradientLength(path, net, stop="scale", route="batched")
    assert GradientLength(path, net, stop="scale").route == "param-diff"


UNFIT = {  # part of the message: what makes the net unfit
    "loss_weight": lambda net: layer(net, "loss").loss_weight.append(0.5),
    "'norm' .BatchNorm. is not known to treat each sample": lambda net: setattr(
        layer(net, "norm").batch_norm_param, "use_global_stats", False
    ),
    "lr_mult 0": lambda net: layer(net, "hidden").param.add(lr_mult=0),
    "shares the parameter 'w'": lambda net: [
        layer(net, name).param.add(name="w") for name in ("hidden", "middle")
    ],
    "propagate_down": lambda net: layer(net, "tanh").propagate_down.append(False),
    "BatchReindex": lambda net: setattr(layer(net, "pool"), "type", "BatchReindex"),
    "one number per class": lambda net: (
        layer(net, "truth").input_param.shape[0].dim.extend([1, 9, 7]),
        layer(net, "loss").bottom.__setitem__(0, "conv"),
    ),
}


@pytest.mark.parametrize("message", UNFIT)
def test_nets_that_do_not_fit_are_an_error(net_path, tmp_path, caffe, message):
    path = write_net(tmp_path, net_path("three_classes"), UNFIT[message])
    with pytest.raises(NetError, match=message):
        GradientLength(path, None)
