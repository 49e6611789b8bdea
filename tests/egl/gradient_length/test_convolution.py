"""Phi for stopping layers in the convolutions: batched against Caffe's own parameter diffs."""

import time

import numpy as np
import pytest

from egl.errors import NetError
from egl.gradient_length.phi import GradientLength
from tests.egl.gradient_length.routes import SCORE, assert_same, both


@pytest.mark.parametrize("parameters", ["layer", "above"])
@pytest.mark.parametrize("stop", ["conv1", "conv2"])
def test_lenet(lenet, patches, stop, parameters):
    assert_same(*both(SCORE, lenet, patches[:7], stop=stop, parameters=parameters, batch=3))


@pytest.mark.parametrize("stop", ["conv1", "conv2"])
def test_lenet_on_real_patches(lenet, real_patches, stop):
    assert_same(*both(SCORE, lenet, real_patches[:12], stop=stop))


@pytest.mark.parametrize("parameters", ["layer", "above"])
@pytest.mark.parametrize("stop", ["oblong", "dilated", "depthwise", "pointwise"])
@pytest.mark.parametrize("batch", [1, 4, 9])
def test_groups_padding_strides_and_dilation(random_net, net_path, stop, parameters, batch):
    path = net_path("convolutions")
    samples = np.random.RandomState(batch).randn(7, 4, 13, 10).astype(np.float32)
    assert_same(
        *both(
            path, random_net(path, seed=2), samples, stop=stop, parameters=parameters, batch=batch
        )
    )


def test_a_convolution_below_batch_norm_and_scale(random_net, net_path):
    path = net_path("three_classes")
    samples = np.random.RandomState(3).randn(5, 2, 11, 9).astype(np.float32)
    assert_same(*both(path, random_net(path, seed=3), samples, stop="conv", batch=2))


def test_nothing_is_lost_where_the_net_is_sure(random_net, patches):
    """With two classes the norms are p times a length, which is 50 times as long here."""
    net = random_net(SCORE, seed=4)
    scorer = GradientLength(SCORE, net, stop="conv2", batch=4)
    plain = scorer.score(patches[:4])
    length = plain.norms[:, 0] / plain.posterior[:, 1]
    net.params["ip2"][0].data[...] *= 50
    sure = scorer.score(patches[:4])
    assert sure.posterior.max(axis=1).max() > 1 - 1e-12
    np.testing.assert_allclose(
        sure.norms, sure.posterior[:, ::-1] * 50 * length[:, None], rtol=1e-5
    )


def test_a_convolution_over_three_axes_is_an_error(tmp_path, random_net):
    path = str(tmp_path / "net.prototxt")
    with open(path, "w") as file:
        file.write(
            'layer { name: "x" type: "Input" top: "x" '
            "input_param { shape { dim: 1 dim: 2 dim: 5 dim: 5 dim: 5 } } }"
            'layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 1 } } }'
            'layer { name: "conv" type: "Convolution" bottom: "x" top: "conv" '
            "convolution_param { num_output: 2 kernel_size: 3 } }"
            'layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip" '
            "inner_product_param { num_output: 2 } }"
            'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "y" top: "loss" }'
        )
    net = random_net(path)
    with pytest.raises(NetError, match="param-diff"):
        GradientLength(path, net, stop="conv")
    samples = np.random.RandomState(5).randn(3, 2, 5, 5, 5).astype(np.float32)
    assert (GradientLength(path, net, stop="conv", route="param-diff").score(samples).phi > 0).all()


@pytest.mark.parametrize("stop", ["conv1", "conv2"])
def test_batched_is_faster_than_param_diff(lenet, patches, stop):
    """2 times at least, so that one busy moment fails no build; the benchmarks ask for 3."""
    seconds = []
    for route in ("batched", "param-diff"):
        scorer = GradientLength(SCORE, lenet, stop=stop, route=route)
        took = []
        for _ in range(3):
            start = time.process_time()
            scorer.score(patches[:64])
            took.append(time.process_time() - start)
        seconds.append(min(took))
    assert seconds[1] > 2 * seconds[0]
