"""Nets for scoring, made by Caffe from a definition that was checked before."""

import os
import subprocess
import sys
import tempfile

from egl.errors import NetError
from egl.nets.definition import read_net
from egl.nets.runtime import import_caffe
from egl.nets.weights import check_same_parameters, load_weights


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
                shape.dim[:1] = [batch]
        if layer.name in no_gradient:
            _take_gradient_off(layer)
    net = build(definition)
    if isinstance(weights, import_caffe().Net):
        check_same_parameters(net, weights)
        net.share_with(weights)
    elif weights is not None:
        load_weights(net, weights)
    return net


def feed(net, data, patches):
    """Write `patches` into the blob `data` of `net`, a batch at a time; yield the slice of patches that are in it.

    A last, short batch leaves the rows of the one before it in the blob: read no more rows than the slice has.
    """
    batch = net.blobs[data].shape[0]
    for start in range(0, len(patches), batch):
        chunk = patches[start : start + batch]
        # In pycaffe, access to .data marks the host's copy as the newer one: on a GPU an array kept from before would not.
        net.blobs[data].data[: len(chunk)] = chunk
        yield slice(start, start + len(chunk))


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


def check_builds(prototxt):
    """Raise NetError, with Caffe's own words, if Caffe cannot build the net: the file of somebody else, tried once.

    What read_net cannot see (sizes that do not fit, numbers of bottoms) ends the process that builds the net; so a
    process of its own tries it, which takes about a second.
    """
    read_net(prototxt)
    code = "import sys; from egl.nets.building import scoring_net; scoring_net(sys.argv[1])"
    environment = dict(
        os.environ, PYTHONPATH=os.pathsep.join(sys.path), GLOG_minloglevel="1", GLOG_logtostderr="1"
    )
    trial = subprocess.run(
        [sys.executable, "-c", code, prototxt], env=environment, stderr=subprocess.PIPE, text=True
    )
    if trial.returncode:
        said = [
            line
            for line in trial.stderr.splitlines()
            if "Check failed" in line or line.startswith("F")
        ]
        reason = said[0].split("] ", 1)[-1] if said else f"exit status {trial.returncode}"
        raise NetError(f"{prototxt}: Caffe cannot build this net: {reason}")


def _take_gradient_off(layer):
    setting = layer.inner_product_param if layer.type == "InnerProduct" else layer.convolution_param
    while len(layer.param) < 1 + setting.bias_term:
        layer.param.add()
    for param in layer.param:
        param.lr_mult = 0
