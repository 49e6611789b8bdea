"""Which layers depend on which, with layers in place between them."""

import pytest

from egl.errors import NetError
from egl.nets.definition import layers_in_phase, read_net
from egl.nets.graph import Source, depending_on, leading_to_scores, sources

NET = """
layer { name: "in" type: "Input" top: "x" top: "y"
  input_param { shape { dim: 1 dim: 2 } shape { dim: 1 } } }
layer { name: "half" type: "Power" bottom: "x" top: "x" power_param { scale: 0.5 } }
layer { name: "a" type: "InnerProduct" bottom: "x" top: "a" inner_product_param { num_output: 2 } }
layer { name: "relu" type: "ReLU" bottom: "a" top: "a" }
layer { name: "side" type: "InnerProduct" bottom: "a" top: "side"
  inner_product_param { num_output: 3 } }
layer { name: "b" type: "InnerProduct" bottom: "a" top: "b" inner_product_param { num_output: 2 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "b" bottom: "y" top: "loss" }
"""


@pytest.fixture
def layers(caffe, tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(NET)
    return layers_in_phase(read_net(path), caffe.TEST)


def test_sources(layers):
    in_x, in_y, half, relu, b = Source(0, 0), Source(0, 1), Source(1, 0), Source(3, 0), Source(5, 0)
    expected = [(), (in_x,), (half,), (Source(2, 0),), (relu,), (relu,), (b, in_y)]
    assert sources(layers) == expected


def test_what_leads_to_the_scores(layers):
    assert leading_to_scores(layers, "loss") == {"in", "half", "a", "relu", "b"}


def test_what_depends_on_a_layer(layers):
    assert depending_on(layers, "relu") == {"side", "b", "loss"}
    assert depending_on(layers, "side") == set()
    assert depending_on(layers, "half") == {"a", "relu", "side", "b", "loss"}


def test_a_blob_read_before_it_is_changed_in_place(caffe, tmp_path):
    """Caffe aborts: it gives each of two readers a blob of its own."""
    path = tmp_path / "net.prototxt"
    layers = NET.strip().split("\n")
    relu = next(line for line in layers if '"relu"' in line)
    layers.remove(relu)
    path.write_text("\n".join(layers) + relu)
    with pytest.raises(NetError, match="'relu' changes the blob 'a' in place, which another"):
        read_net(path)
