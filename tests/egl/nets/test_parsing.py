"""Prototxt files parsed without Caffe's parser, which would end the process."""

import pytest

from egl.errors import NetError
from egl.nets.parsing import check_wiring, inputs_to_layer, parse


@pytest.fixture
def net(caffe):
    """An empty NetParameter."""
    return caffe.proto.caffe_pb2.NetParameter()


@pytest.fixture
def parsed(net, tmp_path):
    def parsed(text):
        path = tmp_path / "net.prototxt"
        path.write_text(text)
        return parse(str(path), net)

    return parsed


def test_a_prototxt(parsed):
    found = parsed('name: "n" layer { name: "a" type: "ReLU" }  # a comment')
    assert (found.name, [layer.type for layer in found.layer]) == ("n", ["ReLU"])


def test_an_error_names_line_and_column(parsed):
    with pytest.raises(NetError, match=r"net.prototxt:2:9 .*botom"):
        parsed('name: "n"\nlayer { botom: "a" }')


def test_files_that_are_none(net, tmp_path):
    with pytest.raises(NetError, match="nowhere.prototxt: cannot be read as a prototxt: No such"):
        parse(str(tmp_path / "nowhere.prototxt"), net)
    with pytest.raises(NetError, match="Is a directory"):
        parse(str(tmp_path), net)
    (tmp_path / "image.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(NetError, match="image.jpg: cannot be read as a prototxt"):
        parse(str(tmp_path / "image.jpg"), net)


@pytest.mark.parametrize(
    "old",
    [
        "input_shape { dim: 1 dim: 3 dim: 8 dim: 8 } input_shape { dim: 1 }",
        "input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8 "
        "input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1",
    ],
)
def test_old_input_fields_become_a_layer(parsed, old):
    net = parsed(f'input: "data" input: "label" {old} layer {{ name: "a" type: "ReLU" }}')
    inputs_to_layer(net)
    assert [layer.type for layer in net.layer] == ["Input", "ReLU"]
    assert list(net.layer[0].top) == ["data", "label"]
    assert [list(shape.dim)[:2] for shape in net.layer[0].input_param.shape][0] == [1, 3]
    assert len(net.layer[0].input_param.shape) == 2 and not net.input


def test_a_net_without_them_stays_as_it_is(parsed):
    net = parsed('layer { name: "a" type: "ReLU" }')
    inputs_to_layer(net)
    assert [layer.name for layer in net.layer] == ["a"]


A = 'layer { name: "a" type: "Input" top: "x" }'


@pytest.mark.parametrize(
    "text, message",
    [
        (A + 'layer { name: "a" type: "ReLU" bottom: "x" top: "y" }', "two layers are named 'a'"),
        (A + 'layer { name: "b" bottom: "y" top: "z" }', "'b' reads the blob 'y', which no layer"),
        (A + 'layer { name: "b" top: "x" }', "'b' makes the blob 'x' a second time"),
        (A + 'layer { name: "b" bottom: "x" top: "y" top: "x" }', "'b' makes the blob 'x'"),
    ],
)
def test_wiring_that_caffe_would_abort_on(parsed, text, message):
    with pytest.raises(NetError, match=message):
        check_wiring(parsed(text).layer, "net.prototxt")


def test_a_layer_in_place(parsed):
    check_wiring(parsed(A + 'layer { name: "b" bottom: "x" top: "x" }').layer, "net.prototxt")
