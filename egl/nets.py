"""Nets for scoring, made by Caffe from a definition that was checked before."""
import os
import tempfile

from egl.caffe_runtime import import_caffe
from egl.net_definition import read_net
from egl.weights import check_same_parameters, load_weights


def scoring_net(prototxt, weights=None, batch=1, no_gradient=()):
    """Return a caffe.Net in phase TEST that takes `batch` samples at a time.

    prototxt: path of a net with Input layers (see net_definition.read_net)
    weights: path of a .caffemodel; or a caffe.Net, whose weights are then shared, not copied: what a solver does to
        them is seen at once, and diffs stay apart; or None for the initial weights
    no_gradient: names of InnerProduct and Convolution layers through which diffs go, but whose parameters' own diffs
        Caffe does not compute (lr_mult 0); a layer below must have some, or nothing is computed at all
    Raises NetError where Caffe would abort: see read_net, load_weights and check_same_parameters.
    """
    definition = read_net(prototxt)
    for layer in definition.layer:
        if layer.type == "Input":
            for shape in layer.input_param.shape:
                shape.dim[0] = batch
        if layer.name in no_gradient:
            _take_gradient_off(layer)
    net = build(definition)
    if isinstance(weights, import_caffe().Net):
        check_same_parameters(net, weights)
        net.share_with(weights)
    elif weights is not None:
        load_weights(net, weights)
    return net


def build(definition):
    """Return the caffe.Net of a NetParameter in phase TEST. Caffe reads files only, so it goes through a temporary one."""
    caffe = import_caffe()
    handle, path = tempfile.mkstemp(suffix=".prototxt")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(str(definition))  # protobuf's text format: what a prototxt is
        return caffe.Net(path, caffe.TEST)
    finally:
        os.remove(path)


def _take_gradient_off(layer):
    setting = layer.inner_product_param if layer.type == "InnerProduct" else layer.convolution_param
    while len(layer.param) < 1 + setting.bias_term:
        layer.param.add()
    for param in layer.param:
        param.lr_mult = 0
