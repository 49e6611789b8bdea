"""Layers in place that make Caffe's gradient wrong, and those that do not."""

import pytest

from egl.errors import NetError
from egl.gradient_length import GradientLength

ENDS = """
layer {{ name: "in" type: "Input" top: "x" top: "y"
  input_param {{ shape {{ dim: 1 dim: 2 dim: 3 dim: 3 }} shape {{ dim: 1 }} }} }}
{below}
layer {{ name: "a" type: "InnerProduct" bottom: "x" top: "a"
  inner_product_param {{ num_output: 4 }} }}
{between}
layer {{ name: "b" type: "InnerProduct" bottom: "{last}" top: "b"
  inner_product_param {{ num_output: 2 }} }}
layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "b" bottom: "y" top: "loss" }}
"""


@pytest.fixture
def build(caffe, tmp_path):
    """build(below, between, last): a GradientLength; a layer is "name type bottom top settings"."""

    def layer(text):
        name, kind, bottom, top, *settings = text.split(None, 4)
        return (
            f'layer {{ name: "{name}" type: "{kind}" bottom: "{bottom}" top: "{top}" '
            f"{''.join(settings)} }}"
        )

    def build(below=(), between=(), last="a"):
        path = tmp_path / "net.prototxt"
        parts = ["\n".join(map(layer, layers)) for layers in (below, between)]
        path.write_text(ENDS.format(below=parts[0], between=parts[1], last=last))
        return GradientLength(path, None)

    return build


@pytest.mark.parametrize(
    "layers",
    [
        ["relu ReLU a a", "drop Dropout a a"],
        ["scale Scale a a", "tanh TanH a a"],
        ["norm BatchNorm a a", "scale Scale a a", "relu ReLU a a"],
        ["prelu PReLU a a", "scale Scale a a"],
        ["flat Flatten a f", "relu ReLU f a2"],
    ],
)
def test_right(build, layers):
    build(between=layers, last=layers[-1].split()[3])


def test_right_below_the_stopping_layer(build):
    build(below=["power Power x x power_param { scale: 2 }", "bnll BNLL x x"])


@pytest.mark.parametrize(
    "layer",
    [
        "new Power a a power_param { scale: 2 }",
        "new BNLL a a",
        "new ReLU a a relu_param { negative_slope: -1 }",
        "new ELU a a elu_param { alpha: -1 }",
    ],
)
def test_kinds_that_are_wrong_in_place(build, layer):
    with pytest.raises(NetError, match="in place, Caffe's gradient of layer 'new' .* is wrong"):
        build(between=[layer])


@pytest.mark.parametrize(
    "layers, harmed",
    [
        (["tanh TanH a t", "new Scale t t"], "tanh"),
        (["relu ReLU a a", "new BatchNorm a a"], "relu"),
        (["elu ELU a a", "new Scale a a"], "elu"),
        (["tanh TanH a t", "flat Flatten t f", "new Scale f f"], "tanh"),
    ],
)
def test_what_a_layer_below_needs(build, layers, harmed):
    with pytest.raises(NetError, match=f"'new' overwrites in place what .* '{harmed}' .* needs"):
        build(between=layers, last=layers[-1].split()[3])


def test_memory_that_two_blobs_share(caffe, tmp_path):
    """Flatten's top is the memory of its bottom: the ReLU changes what `side` reads."""
    path = tmp_path / "net.prototxt"
    text = ENDS.format(
        below="",
        between='layer { name: "flat" type: "Flatten" bottom: "a" top: "f" }'
        'layer { name: "new" type: "ReLU" bottom: "f" top: "f" }'
        'layer { name: "side" type: "InnerProduct" bottom: "a" top: "s" '
        "inner_product_param { num_output: 4 } }"
        'layer { name: "sum" type: "Eltwise" bottom: "s" bottom: "f" top: "sum" }',
        last="sum",
    )
    path.write_text(text)
    with pytest.raises(NetError, match="'new' overwrites in place what .* 'side' .* needs"):
        GradientLength(path, None)
