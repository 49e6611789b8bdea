"""The reference against finite differences of the loss, and numbers worked out by hand."""

import numpy as np
import pytest

from egl.gradient_length.phi import GradientLength
from egl.nets.building import build, scoring_net
from egl.nets.definition import read_net
from tests.egl.gradient_length.routes import SCORE, both, layer_of, numbers, write_net


def make_smooth(definition):
    layer_of(definition, "relu").type = "TanH"  # no kinks, at which finite differences are wrong


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
    """One layer of two scores, x = (3, 4).

    The gradient of the weights is (p - e_j) x^T, that of the bias p - e_j.
    """
    path = str(tmp_path / "net.prototxt")
    with open(path, "w") as file:
        file.write(
            'layer { name: "x" type: "Input" top: "x" '
            "input_param { shape { dim: 1 dim: 1 dim: 1 dim: 2 } } }"
            'layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 1 } } }'
            'layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" '
            "inner_product_param { num_output: 2 } }"
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
    """Without a forward pass for each label, one label's norm would be that of all."""
    for result in both(SCORE, lenet, patches[:8]):
        assert (np.abs(result.norms[:, 0] / result.norms[:, 1] - 1) > 0.01).all()


def test_diffs_do_not_add_up_from_sample_to_sample(lenet, patches):
    scorer = GradientLength(SCORE, lenet, route="param-diff")
    once = scorer.score(patches[:3])
    twice = scorer.score(np.concatenate([patches[2:3]] * 3))
    assert (twice.norms == once.norms[2]).all()


def test_the_reference_loses_the_likely_label_where_the_net_is_sure(random_net, patches):
    """Why the batched route is the default: Caffe's loss layer forms p - 1 in float32."""
    net = random_net(SCORE, seed=10)
    net.params["ip2"][0].data[...] *= 40
    batched, reference = both(SCORE, net, patches[:20])
    sure = batched.posterior.min(axis=1) < 1e-8
    assert sure.any()
    likely = batched.posterior[sure].argmax(axis=1)
    assert (reference.norms[sure, likely] < 0.8 * batched.norms[sure, likely]).any()


@pytest.mark.parametrize("kind", ["Power", "Scale"])
def test_a_layer_in_place_on_the_data_works_once(random_net, tmp_path, kind):
    """x = (3, 4) halved, p = (3/4, 1/4): applied again for the second label, it would be less."""
    path = tmp_path / "net.prototxt"
    setting = "power_param { scale: 0.5 }" if kind == "Power" else ""
    path.write_text(
        'layer { name: "x" type: "Input" top: "x" '
        "input_param { shape { dim: 1 dim: 1 dim: 1 dim: 2 } } }"
        'layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 1 } } }'
        f'layer {{ name: "half" type: "{kind}" bottom: "x" top: "x" {setting} }}'
        'layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" '
        "inner_product_param { num_output: 2 } }"
        'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "y" top: "loss" }'
    )
    net = random_net(path)
    if kind == "Scale":
        net.params["half"][0].data[...] = 0.5
    net.params["ip"][0].data[...] = 0
    net.params["ip"][1].data[...] = np.log([3, 1])
    samples = np.array([[3, 4], [3, 4]], np.float32).reshape(2, 1, 1, 2)
    length = np.sqrt(2) * np.sqrt(1.5**2 + 2**2 + 1)
    for result in both(path, net, samples):
        np.testing.assert_allclose(result.norms, [[length / 4, 3 * length / 4]] * 2, rtol=1e-6)
        np.testing.assert_allclose(result.phi, [2 * 0.75 * 0.25 * length] * 2, rtol=1e-6)
