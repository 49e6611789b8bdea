"""Which layers count, and the nets that do not suit phi."""

import numpy as np
import pytest

from egl.errors import NetError
from egl.gradient_length.phi import GradientLength
from tests.egl.gradient_length.routes import both, layer_of, numbers, write_net

UNFIT = {  # part of the message: what makes the net unfit
    "loss_weight": lambda net: layer_of(net, "loss").loss_weight.append(0.5),
    "'norm' .BatchNorm. is not known to treat each sample": lambda net: setattr(
        layer_of(net, "norm").batch_norm_param, "use_global_stats", False
    ),
    "lr_mult 0": lambda net: layer_of(net, "hidden").param.add(lr_mult=0),
    "shares the parameter 'w'": lambda net: [
        layer_of(net, name).param.add(name="w") for name in ("hidden", "middle")
    ],
    "propagate_down": lambda net: layer_of(net, "tanh").propagate_down.append(False),
    "BatchReindex": lambda net: setattr(layer_of(net, "pool"), "type", "BatchReindex"),
    "one number per class": lambda net: (
        layer_of(net, "truth").input_param.shape[0].dim.extend([1, 9, 7]),
        layer_of(net, "loss").bottom.__setitem__(0, "conv"),
    ),
}


@pytest.mark.parametrize("message", UNFIT)
def test_nets_that_do_not_fit_are_an_error(net_path, tmp_path, caffe, message):
    path = write_net(tmp_path, net_path("three_classes"), UNFIT[message])
    stop = "conv" if message == "one number per class" else None
    with pytest.raises(NetError, match=message):
        GradientLength(path, None, stop)


DATA = """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 1 dim: 1 dim: 2 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 1 } } }
"""
MAIN = """
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 2 } }
"""
LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }'
HEAD = """
layer { name: "head" type: "InnerProduct" bottom: "data" top: "head"
  inner_product_param { num_output: 2 } }
"""
ITS_LOSS = """
layer { name: "its_loss" type: "SoftmaxWithLoss" bottom: "head" bottom: "label" top: "its_loss" %s }
"""
IN_TRAINING = "include { phase: TRAIN }"


@pytest.mark.parametrize("its_loss", [ITS_LOSS % IN_TRAINING, ITS_LOSS % "loss_weight: 0", ""])
@pytest.mark.parametrize("first", [True, False])
def test_a_second_head_leads_to_no_loss(random_net, tmp_path, first, its_loss):
    """By hand: (p - e_j) of the main head times the input with its bias."""
    path = tmp_path / "net.prototxt"
    layers = HEAD + MAIN if first else MAIN + HEAD
    path.write_text(DATA + layers + its_loss + LOSS)
    net = random_net(path)
    net.params["ip"][0].data[...] = 0
    net.params["ip"][1].data[...] = np.log([3, 1])  # p = (3/4, 1/4)
    sample = np.array([3, 4], np.float32).reshape(1, 1, 1, 2)
    expected = 2 * 0.75 * 0.25 * np.sqrt(2) * np.sqrt(3**2 + 4**2 + 1)
    for parameters in ("layer", "above"):
        for result in both(path, net, sample, parameters=parameters):
            np.testing.assert_allclose(result.phi, [expected], rtol=1e-6)
    with pytest.raises(NetError, match="'head' does not lead to the loss 'loss'.* can be ip$"):
        GradientLength(path, net, stop="head")


def test_two_losses_are_an_error(caffe, tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(DATA + HEAD + MAIN + ITS_LOSS % "" + LOSS)
    with pytest.raises(NetError, match="exactly one loss.* has its_loss .* loss"):
        GradientLength(path, None)


def test_a_head_that_passes_nothing_down_does_not_matter(random_net, tmp_path):
    path = tmp_path / "net.prototxt"
    below = MAIN.replace('"ip"', '"below"')
    tail = (MAIN + HEAD).replace('bottom: "data"', 'bottom: "below"')
    tail = tail.replace('top: "head"', 'top: "head" propagate_down: false')
    path.write_text(DATA + below + tail + LOSS)
    batched, reference = both(path, random_net(path), numbers((5, 1, 1, 2)))
    assert (batched.phi > 0).all()
    np.testing.assert_allclose(batched.phi, reference.phi, rtol=1e-5)


def test_a_net_without_inner_products_names_its_stop(caffe, tmp_path):
    path = tmp_path / "net.prototxt"
    conv = MAIN.replace("InnerProduct", "Convolution").replace("inner_product", "convolution")
    conv = conv.replace("num_output: 2", "num_output: 2 kernel_h: 1 kernel_w: 2")
    path.write_text(DATA + conv + LOSS)
    with pytest.raises(NetError, match="no InnerProduct layer leads to the loss"):
        GradientLength(path, None)
    assert GradientLength(path, None, stop="ip").counted == ["ip"]


def test_a_label_that_a_layer_changes_is_an_error(caffe, tmp_path):
    path = tmp_path / "net.prototxt"
    shift = 'layer { name: "shift" type: "Power" bottom: "label" top: "label" '
    path.write_text(DATA + MAIN + shift + "power_param { shift: 5 } }" + LOSS)
    with pytest.raises(NetError, match="'shift' changes the label 'label'"):
        GradientLength(path, None)
