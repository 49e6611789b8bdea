"""Weights that are checked before Caffe copies them."""

import numpy as np
import pytest

from egl.errors import NetError
from egl.nets.building import scoring_net
from egl.nets.definition import prototxt_path
from egl.nets.weights import check_same_parameters, load_weights

SCORE = prototxt_path("lenet_score.prototxt")


@pytest.fixture
def saved(random_net, tmp_path):
    net, path = random_net(SCORE, seed=2), str(tmp_path / "w.caffemodel")
    net.save(path)
    return net, path


def test_weights_from_a_file(saved):
    net, path = saved
    loaded = scoring_net(SCORE, path)
    for name, blobs in net.params.items():
        assert all((a.data == b.data).all() for a, b in zip(blobs, loaded.params[name]))


def edit(caffe, path, change):
    model = caffe.proto.caffe_pb2.NetParameter()
    with open(path, "rb") as file:
        model.ParseFromString(file.read())
    change(model, {layer.name: layer for layer in model.layer})
    with open(path, "wb") as file:
        file.write(model.SerializeToString())


def old_shape(model, layers):
    """As Caffe wrote shapes before 2015: always four numbers."""
    blob = layers["ip2"].blobs[0]
    blob.num, blob.channels, blob.height, blob.width = 1, 1, 2, 500
    blob.ClearField("shape")


def test_old_shapes_are_read(caffe, saved):
    net, path = saved
    edit(caffe, path, old_shape)
    assert (scoring_net(SCORE, path).params["ip2"][0].data == net.params["ip2"][0].data).all()


BAD = {  # part of the message: what is wrong
    "no weights for layer 'ip2'; it has conv1, conv2, ip1": lambda model, layers: layers[
        "ip2"
    ].ClearField("blobs"),
    "no weights for layer 'ip1'": lambda model, layers: setattr(layers["ip1"], "name", "fc1"),
    "holds no weights": lambda model, layers: model.ClearField("layer"),
    r"'ip2' has the shapes \[\(500, 2\), \(2,\)\]": lambda model, layers: layers["ip2"]
    .blobs[0]
    .shape.dim.__setitem__(slice(None), [500, 2]),
    "'ip2' has the shapes": lambda model, layers: layers["ip2"].blobs.pop(),
    "'conv1' are cut off": lambda model, layers: layers["conv1"].blobs[0].data.pop(),
    "'ip1' are not finite": lambda model, layers: layers["ip1"]
    .blobs[1]
    .data.__setitem__(3, np.nan),
    "'relu1', which has none in this net": lambda model, layers: layers["relu1"].blobs.add(
        shape=layers["ip2"].blobs[1].shape, data=[1, 2]
    ),
    "holds layer 'ip2' 2 times": lambda model, layers: model.layer.add().CopyFrom(layers["ip2"]),
    "holds layer 'relu1' 2 times": lambda model, layers: model.layer.add(
        name="relu1", blobs=[layers["ip2"].blobs[1]]
    ),
    "'conv2' are cut off": lambda model, layers: layers["conv2"].blobs[1].diff.append(1),
    r"'ip2' has the shapes \[\(1, 1, 2, 500\), \(2,\)\]": lambda model, layers: layers["ip2"]
    .blobs[0]
    .shape.dim.__setitem__(slice(None), [1, 1, 2, 500]),
    "upgrade_net_proto_binary": lambda model, layers: model.layers.add(),
}


@pytest.mark.parametrize("message", BAD)
def test_weights_that_do_not_fit(caffe, saved, message):
    net, path = saved
    edit(caffe, path, BAD[message])
    other = scoring_net(SCORE)
    with pytest.raises(NetError, match=message):
        load_weights(other, path)
    assert all((blob.data == 0).all() for blobs in other.params.values() for blob in blobs)


def test_files_that_are_no_weights(saved, tmp_path):
    net, path = saved
    with open(path, "rb") as file:
        content = file.read()
    for name, data, message in (
        ("cut.caffemodel", content[: len(content) // 2], "is no .caffemodel, or a damaged one"),
        ("empty.caffemodel", b"", "holds no weights"),
        ("text.caffemodel", b"hello, world", "is no .caffemodel, or a damaged one"),
    ):
        bad = tmp_path / name
        bad.write_bytes(data)
        with pytest.raises(NetError, match=message):
            load_weights(net, str(bad))
    with pytest.raises(NetError, match="No such file"):
        load_weights(net, str(tmp_path / "none.caffemodel"))


def test_numbers_that_are_not_finite_leave_the_net_as_it_was(caffe, saved, random_net):
    _, path = saved
    edit(caffe, path, lambda model, layers: layers["ip1"].blobs[1].data.__setitem__(3, np.inf))
    other = random_net(SCORE, seed=3)
    before = other.params["ip1"][1].data.copy()
    with pytest.raises(NetError, match="'ip1' are not finite"):
        load_weights(other, path)
    np.testing.assert_array_equal(other.params["ip1"][1].data, before)


def test_the_same_parameters(random_net, net_path):
    net, other = random_net(net_path("three_classes")), random_net(net_path("mnist_lenet"))
    check_same_parameters(net, net)
    with pytest.raises(NetError, match="no layer 'conv'; it has conv1"):
        check_same_parameters(net, other)
