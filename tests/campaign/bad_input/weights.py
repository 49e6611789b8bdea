"""Files of weights that are none, or those of another net."""

import os

import numpy as np

import egl
from tests.campaign.bad_input.inputs import MEAN
from tests.campaign.bad_input.nets import PATCHES
from tests.campaign.bad_input.rows import Row

FILE = "w.caffemodel"


def scored(inputs):
    return egl.NetScorer("net.prototxt", FILE, MEAN).phi(PATCHES)


def file(name, make, *says):
    return Row(name, scored, (FILE, *says), lambda inputs: (inputs.net(), make(inputs)))


def written(name, content, *says):
    return file(name, lambda inputs: inputs.write(FILE, content), *says)


def message(change):
    """Return what makes weights whose message, a NetParameter, was changed."""

    def make(inputs):
        from egl.nets.runtime import import_caffe

        net = import_caffe().proto.caffe_pb2.NetParameter()
        inputs.weights()
        net.ParseFromString((inputs.folder / FILE).read_bytes())
        change(net)
        inputs.write(FILE, net.SerializeToString())

    return make


def layer(net, name):
    return next(layer for layer in net.layer if layer.name == name)


def not_finite(value, name="ip1"):
    def change(net):
        layer(net, name).blobs[0].data[7] = value

    return message(change)


def without(name):
    def change(net):
        layer(net, name).ClearField("blobs")

    return message(change)


def twice(net):
    net.layer.add().CopyFrom(layer(net, "ip1"))


def of_pooling(net):
    layer(net, "pool1").blobs.add().CopyFrom(layer(net, "ip2").blobs[0])


def cut_short(net):
    del layer(net, "ip1").blobs[0].data[-9:]


def one_blob(net):
    del layer(net, "ip1").blobs[1]


def other_shape(net):
    layer(net, "ip1").blobs[0].shape.dim[0] += 1


def renamed(net):
    layer(net, "ip1").name = "fc1"


def before_2014(net):
    net.layers.add(name="x")


def changed(change):
    return lambda inputs: (inputs.weights(), inputs.change(FILE, change))


NOISE = np.random.RandomState(2).bytes(5000)
ROWS = [
    file("absent", lambda inputs: None, "cannot be read"),
    file("a folder", lambda inputs: os.mkdir(FILE), "cannot be read"),
    file("a pipe", lambda inputs: os.mkfifo(FILE)),
    written("empty", b"", "no weights"),
    written("text", "weights"),
    written("noise", NOISE),
    file("cut", changed(lambda data: data[:100000]), "damaged"),
    file("followed by noise", changed(lambda data: data + NOISE)),
    file("noise inside", changed(lambda data: data[:2] + NOISE + data[5002:])),
    written("HDF5", b"\x89HDF\r\n\x1a\n" + NOISE),
    file("NaN", not_finite(np.nan), "'ip1'", "not finite"),
    file("infinite", not_finite(np.inf, "conv1"), "'conv1'", "not finite"),
    file("a layer without", without("conv2"), "no weights for layer 'conv2'"),
    file("a layer twice", message(twice), "'ip1' 2 times"),
    file("of a layer that has none", message(of_pooling), "'pool1'"),
    file("cut numbers", message(cut_short), "'ip1' are cut off"),
    file("no bias", message(one_blob), "'ip1'", "shapes"),
    file("another shape", message(other_shape), "'ip1'"),
    file("another name", message(renamed), "no weights for layer 'ip1'", "fc1"),
    file("of before 2014", message(before_2014), "upgrade_net_proto_binary"),
]
