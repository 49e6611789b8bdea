"""The last layer's input and output, against that layer worked out in numpy."""

import numpy as np
import pytest

from egl.errors import NetError
from egl.gradient_length.features import Features
from tests.egl.gradient_length.routes import SCORE, layer_of, numbers, write_net


@pytest.mark.parametrize("n", [0, 3, 8, 11])
def test_the_last_layer_in_numpy(lenet, patches, n):
    rows = Features(SCORE, lenet, batch=4).of(patches[:n])
    weights, bias = (blob.data for blob in lenet.params["ip2"])
    assert rows.features.shape == (n, 500) and rows.features.dtype == np.float32
    np.testing.assert_allclose(rows.features @ weights.T + bias, rows.scores, atol=1e-5)
    powers = np.exp(rows.scores.astype(np.float64))
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(rows.posterior, expected, rtol=1e-12)


def test_rows_come_in_the_order_of_the_patches(lenet, patches):
    features = Features(SCORE, lenet, batch=4)
    backwards = features.of(patches[:10][::-1]).features[::-1]
    np.testing.assert_allclose(backwards, features.of(patches[:10]).features, atol=1e-6)


def test_another_net(random_net, net_path):
    path = net_path("three_classes")
    rows = Features(path, random_net(path)).of(numbers((5, 2, 11, 9)))
    assert rows.features.shape == (5, 7) and rows.scores.shape == rows.posterior.shape == (5, 3)


def test_the_last_layer_must_be_fully_connected(caffe, net_path, tmp_path):
    def change(definition):
        out = layer_of(definition, "out")
        out.type = "Convolution"
        out.ClearField("inner_product_param")
        out.convolution_param.num_output = 3
        out.convolution_param.kernel_size.append(1)

    path = write_net(tmp_path, net_path("three_classes"), change)
    with pytest.raises(NetError, match="must be an InnerProduct, not a Convolution"):
        Features(path, None)
