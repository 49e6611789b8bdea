"""Definitions of nets that Caffe would abort on or misread, and what is wrong to ask of a net."""

import os
from pathlib import Path

import numpy as np

import egl
from data_prep.normalisation import Normalisation
from egl.gradient_length.features import Features
from egl.gradient_length.workers import Workers
from egl.nets.definition import read_net
from tests.campaign.bad_input.inputs import MEAN
from tests.campaign.bad_input.rows import Row

PATCHES = np.zeros((2, 3, 48, 48), np.uint8)
PHOTOGRAPH = np.zeros((60, 60, 3), np.uint8)
NET = "net.prototxt"
IP1 = 'name: "ip1"\n  type: "InnerProduct"'
IP2_OUT = "num_output: 2"
POOL = "pooling_param { pool: MAX kernel_size: 2 stride: 2 }"
SHAPE = "input_param { shape { dim: 1 dim: 3 dim: 48 dim: 48 } }"
LOSS = 'type: "SoftmaxWithLoss"'
CONV2 = 'name: "conv2"\n  type: "Convolution"'


def scored(inputs):
    """Score a patch by the net: the first public function that reads it."""
    return egl.NetScorer(NET, inputs.weights(), MEAN).phi(PATCHES)


def changed(name, *says, changes):
    """Return the row of a LeNet with (old, new) texts changed."""
    return Row(name, scored, (NET, *says), lambda inputs: (inputs.net(*changes), inputs.weights()))


def written(name, text, *says):
    return Row(
        name, scored, (NET, *says), lambda inputs: (inputs.write(NET, text), inputs.weights())
    )


def asked(name, do, *says):
    """Return the row of a question to LeNet as it is."""
    return Row(name, do, says, lambda inputs: (inputs.net(), inputs.weights()))


def scorer(inputs, **arguments):
    return egl.NetScorer(**{"prototxt": NET, "weights": "w.caffemodel", "normalisation": MEAN,
                            **arguments})  # fmt: skip


def lengths(inputs, *arguments, **named):
    return egl.GradientLength(NET, "w.caffemodel", *arguments, **named)


def maps(inputs, photograph=PHOTOGRAPH, stride=4, field=None, **named):
    return egl.ImageScorer(NET, "w.caffemodel", MEAN, **named).maps(photograph, stride, field)


def query(inputs, patches=PATCHES, k=1, strategy="egl", known=None, **named):
    model = egl.ArrayModel(NET, "w.caffemodel", MEAN, **named)
    return egl.query(model, patches, k, strategy, known)


def layer(kind, bottom, top, settings=""):
    bottoms = "".join(f'bottom: "{blob}" ' for blob in bottom.split())
    return f'layer {{ name: "{top}" type: "{kind}" {bottoms}top: "{top}" {settings} }}\n'


DATA = f'layer {{ name: "data" type: "Input" top: "data" {SHAPE} }}\n'
LABEL = 'layer { name: "y" type: "Input" top: "label" input_param { shape { dim: 1 } } }\n'
END = layer("SoftmaxWithLoss", "ip label", "loss") + layer("Softmax", "ip", "prob")
IP = layer("InnerProduct", "x", "ip", "inner_product_param { num_output: 2 }")


def between(name, middle, *says):
    """Return the row of a net with layers from data to x, then one InnerProduct."""
    return written(name, DATA + LABEL + middle + IP + END, *says)


FIFTY = "num_output: 50\n"
CANNOT = "Caffe cannot use this net"
ROWS = [
    Row("absent", scored, (NET, "cannot be read"), lambda inputs: inputs.weights()),
    Row("a folder", scored, (NET, "cannot be read"),
        lambda inputs: (os.mkdir(NET), inputs.weights())),
    Row("a pipe", scored, (NET,), lambda inputs: (os.mkfifo(NET), inputs.weights())),
    written("empty", "", "no layers"),
    written("of bytes", b"\xff\xfe\x00", "cannot be read"),
    written("of words", "a net", "1:"),
    written("without an end", "layer {", "1:"),
    written("with an unknown field", 'layer { nam: "x" }', "nam"),
    written("of before 2014", 'layers { name: "x" type: DATA }', "upgrade_net_proto_text"),
    changed("a type that is unknown", "'Convolutin'", changes=[('"Convolution"', '"Convolutin"')]),
    changed("a type without a name", "ip1", changes=[(IP1, 'name: "ip1"')]),
    changed("a bottom of nobody", "'poll2'", changes=[('bottom: "pool2"', 'bottom: "poll2"')]),
    changed("two layers of one name", "'conv1'", changes=[('name: "conv2"', 'name: "conv1"')]),
    changed("a blob made twice", "'conv1'", changes=[('top: "conv2"', 'top: "conv1"')]),
    changed("no loss", "SoftmaxWithLoss", changes=[(LOSS, 'type: "Accuracy"')]),
    changed("another loss", "EuclideanLoss", changes=[(LOSS, 'type: "EuclideanLoss"')]),
    changed("a loss_weight", "loss_weight", changes=[(LOSS, LOSS + " loss_weight: 2")]),
    changed("an ignore_label", "ignore_label",
            changes=[(LOSS, LOSS + " loss_param { ignore_label: 1 }")]),
    changed("no sizes", "data", changes=[(SHAPE, "")]),
    changed("a size of 0", CANNOT, changes=[(SHAPE, SHAPE.replace("48", "0"))]),
    changed("a size below 0", "", changes=[(SHAPE, SHAPE.replace("48", "-48"))]),
    changed("a size without bounds", "", changes=[(SHAPE, SHAPE.replace("48", "9999999"))]),
    Row("one channel", scored, ("mean of the normalisation", "1 channels"), lambda inputs: (
        inputs.net((SHAPE, SHAPE.replace("dim: 3", "dim: 1"))), inputs.weights())),
    changed("no outputs", CANNOT, changes=[(IP2_OUT, "num_output: 0")]),
    changed("outputs below 0", "num_output", changes=[(IP2_OUT, "num_output: -2")]),
    changed("a kernel of 0", CANNOT, changes=[("kernel_size: 5", "kernel_size: 0")]),
    changed("a kernel larger than the image", CANNOT,
            changes=[("kernel_size: 5", "kernel_size: 500")]),
    changed("a convolution with stride 0", CANNOT, changes=[("stride: 1", "stride: 0")]),
    changed("groups that do not divide", CANNOT,
            changes=[(FIFTY, FIFTY + " group: 3")]),
    changed("a filler that is unknown", CANNOT,
            changes=[(FIFTY, FIFTY + ' weight_filler { type: "xaver" }')]),
    changed("STOCHASTIC pooling", CANNOT,
            changes=[(POOL, POOL.replace("MAX", "STOCHASTIC"))]),
    changed("pooling that is unknown", "", changes=[(POOL, POOL.replace("MAX", "MEDIAN"))]),
    changed("padding as large as the kernel", CANNOT,
            changes=[(POOL, POOL.replace("stride: 2", "stride: 2 pad: 2"))]),
    changed("a frozen layer", "lr_mult 0",
            changes=[(IP1, IP1 + "\n  param { lr_mult: 0 } param { lr_mult: 0 }")]),
    changed("propagate_down: false", "propagate_down",
            changes=[('name: "ip2"', 'name: "ip2" propagate_down: false')]),
    between("Eltwise of two sizes", layer("Pooling", "data", "p", POOL)
            + layer("Eltwise", "data p", "x"), CANNOT),
    between("Concat of two sizes", layer("Pooling", "data", "p", POOL)
            + layer("Concat", "data p", "x"), CANNOT),
    between("Reshape to another size", layer(
        "Reshape", "data", "x", "reshape_param { shape { dim: 0 dim: 7 dim: -1 } }"), CANNOT),
    between("Slice into one", layer("Slice", "data", "x", "slice_param { slice_point: 9 }"),
        CANNOT),
    between("Crop without its second bottom", layer("Crop", "data", "x"), ""),
    between("Python", layer("Python", "data", "x", 'python_param { module: "os" layer: "x" }'), ""),
    between("a file of data", layer("HDF5Data", "", "x",
            'hdf5_data_param { source: "no.txt" batch_size: 1 }'), ""),
    between("samples that are mixed", layer("BatchNorm", "data", "x",
            "batch_norm_param { use_global_stats: false }"), "by itself"),
    Row("read_net: None", lambda inputs: read_net(None), ("prototxt", "None")),
    Row("read_net: a number", lambda inputs: read_net(3), ("prototxt", "3")),
    asked("weights of None", lambda inputs: scorer(inputs, weights=3).phi(PATCHES), "weights"),
    asked("a normalisation of None", lambda inputs: scorer(inputs, normalisation=None), "None"),
    asked("a mean image", lambda inputs: scorer(
        inputs, normalisation=Normalisation(np.zeros((3, 48, 48)))), "mean image"),
    asked("a mean of NaN", lambda inputs: scorer(
        inputs, normalisation=Normalisation((1.0, float("nan"), 2.0))), "not finite"),
    asked("a factor of words", lambda inputs: scorer(
        inputs, normalisation=Normalisation((1.0, 1.0, 2.0), "x")).phi(PATCHES), "factor"),
    asked("a batch of 0", lambda inputs: scorer(inputs, batch=0).phi(PATCHES), "batch"),
    asked("a batch of 2.5", lambda inputs: scorer(inputs, batch=2.5).phi(PATCHES), "batch"),
    asked("a stopping layer that is none", lambda inputs: lengths(inputs, "conv9"), "conv9", "ip1"),
    asked("a stopping layer without parameters", lambda inputs: lengths(inputs, "pool1"), "pool1"),
    asked("a stopping layer of a list", lambda inputs: lengths(inputs, ["ip1"]), "stop"),
    asked("parameters of other layers", lambda inputs: lengths(inputs, None, "below"), "'below'"),
    asked("a route that is none", lambda inputs: lengths(inputs, route="fast"), "'fast'"),
    asked("patches of None", lambda inputs: scorer(inputs).phi(None), "patches", "None"),
    asked("patches of a list", lambda inputs: scorer(inputs).phi([[1]]), "patches", "a list"),
    asked("patches of floats", lambda inputs: scorer(inputs).phi(PATCHES / 2), "float64", "uint8"),
    asked("one patch", lambda inputs: scorer(inputs).posterior(PATCHES[0]), "N x 3 x 48 x 48"),
    asked("patches of 32 pixels",
          lambda inputs: scorer(inputs).features(PATCHES[..., :32, :32]), "N x 3 x 48 x 48"),
    asked("patches of NaN", lambda inputs: lengths(inputs).score(
        np.full((2, 3, 48, 48), np.nan)), "patch 0", "not finite"),
    asked("patches of words", lambda inputs: lengths(inputs).score(
        np.full((2, 3, 48, 48), "x")), "patches"),
    asked("patches of complex numbers", lambda inputs: Features(NET, "w.caffemodel").of(
        np.full((2, 3, 48, 48), 1j)), "patches"),
    asked("patches of objects", lambda inputs: lengths(inputs).score(
        np.full((2, 3, 48, 48), None)), "patches"),
    asked("a photograph of a path", lambda inputs: maps(inputs, "eye.png"), "the photograph"),
    asked("a grey photograph", lambda inputs: maps(inputs, PHOTOGRAPH[..., 0]), "H x W x 3"),
    asked("a photograph of floats", lambda inputs: maps(inputs, PHOTOGRAPH / 2), "uint8"),
    asked("a stride of 0", lambda inputs: maps(inputs, stride=0), "stride 0"),
    asked("a stride of 2.5", lambda inputs: maps(inputs, stride=2.5), "stride"),
    asked("a stride of None", lambda inputs: maps(inputs, stride=None), "stride"),
    asked("a field of numbers",
          lambda inputs: maps(inputs, field=np.ones((60, 60))), "field of view", "bool"),
    asked("a field of another size",
          lambda inputs: maps(inputs, field=np.ones((9, 9), bool)), "field of view"),
    asked("a stride that the dense route cannot do",
          lambda inputs: maps(inputs, stride=3, route="dense"), "multiples of 4"),
    asked("workers of 0", lambda inputs: Workers(
        "w.caffemodel", {"prototxt": NET, "normalisation": MEAN}, 0), "workers"),
    asked("workers of text", lambda inputs: Workers(
        "w.caffemodel", {"prototxt": NET, "normalisation": MEAN}, "2"), "workers"),
    asked("workers without settings", lambda inputs: Workers("w.caffemodel", {}, 2), "'prototxt'"),
    asked("query: an unknown strategy", lambda inputs: query(inputs, strategy="eggl"), "egl?"),
    asked("query: a committee", lambda inputs: query(inputs, strategy="vote-entropy"),
        "egl select"),
    asked("query: nothing known", lambda inputs: query(inputs, strategy="core-set"), "give known"),
    asked("query: k of 0", lambda inputs: query(inputs, k=0), "k"),
    asked("query: k of 1.5", lambda inputs: query(inputs, k=1.5), "k"),
    asked("query: k of None", lambda inputs: query(inputs, k=None), "k"),
    asked("query: patches of a list", lambda inputs: query(inputs, [1, 2]), "patches"),
    asked("query: known of another size", lambda inputs: query(
        inputs, strategy="core-set", known=PATCHES[..., :9]), "N x 3 x 48 x 48"),
    asked("query: a model of None", lambda inputs: egl.query(None, PATCHES, 1), "model"),
    asked("query: a seed of text", lambda inputs: query(inputs, strategy="random", seed="1"),
        "seed"),
    asked("a pathlib.Path that leads nowhere", lambda inputs: scorer(
        inputs, prototxt=Path("no.prototxt")), "no.prototxt"),
]  # fmt: skip
