"""Nets for scoring, built by Caffe from definitions that were checked before."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import Any, Collection, Iterator, Optional

from egl.errors import NetError
from egl.nets.definition import read_net
from egl.nets.runtime import import_caffe
from egl.nets.weights import check_same_parameters, load_weights

_TRIAL = (
    "import sys; sys.path[:] = sys.argv[3:]; "
    "from egl.nets.building import try_net; try_net(sys.argv[1], int(sys.argv[2]))"
)


def scoring_net(
    prototxt: str, weights: Any = None, batch: int = 1, no_gradient: Collection[str] = ()
) -> Any:
    """Return a caffe.Net in phase TEST that takes `batch` samples at a time.

    prototxt: path of a net with Input layers (see definition.read_net)
    weights: path of a .caffemodel; or a caffe.Net, whose weights are then shared, not copied: what
        a solver does to them is seen at once, while diffs stay apart; or None for initial weights
    no_gradient: names of InnerProduct and Convolution layers that pass diffs down, but for whose
        own parameters Caffe computes no diffs (lr_mult 0). If no layer below has parameters with
        diffs, Caffe computes nothing at all
    Raises NetError where Caffe would abort: see read_net, load_weights, check_same_parameters.
    """
    if batch < 1:
        raise NetError(f"batch must be at least 1, not {batch}")
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


def feed(net: Any, data: str, patches: Any) -> Iterator[slice]:
    """Write patches into the blob `data`, a batch at a time; yield the slice of those in it now.

    The last batch may be short. The rest of the blob then still holds rows of the batch before, so
    read no more rows than the slice has.
    """
    batch = net.blobs[data].shape[0]
    for start in range(0, len(patches), batch):
        chunk = patches[start : start + batch]
        # Fetch .data again for every batch: in pycaffe the access marks the host's copy as the
        # newer one. Through an array kept from before, a GPU would not see what is written.
        net.blobs[data].data[: len(chunk)] = chunk
        yield slice(start, start + len(chunk))


def build(definition: Any) -> Any:
    """Return the caffe.Net of a NetParameter, in phase TEST.

    Caffe reads definitions from files only, so this one goes through a temporary file.
    """
    caffe = import_caffe()
    handle, path = tempfile.mkstemp(suffix=".prototxt")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(str(definition))  # protobuf's text format: what a prototxt is
        return caffe.Net(path, caffe.TEST)
    finally:
        os.remove(path)


def check_builds(prototxt: str, phase: Optional[int] = None) -> None:
    """Raise NetError, with Caffe's own words, if Caffe cannot build the net and run it once.

    For a net from elsewhere, before its first use. What read_net cannot see (sizes that do not fit,
    a wrong number of bottoms) ends the process that builds or runs the net; so another process
    tries it, in about a second.
    phase: caffe.TRAIN or caffe.TEST; None: TEST
    """
    read_net(prototxt)
    phase = import_caffe().TEST if phase is None else phase
    environment = dict(os.environ, GLOG_minloglevel="1", GLOG_logtostderr="1")
    trial = subprocess.run(
        # -I and this process's own path: no module of the current folder is run.
        [sys.executable, "-I", "-c", _TRIAL, prototxt, str(phase), *sys.path],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if trial.returncode:
        lines = trial.stderr.splitlines()
        said = [line for line in lines if "Check failed" in line or line.startswith("F")]
        last_words = lines[-1] if lines else f"exit status {trial.returncode}"
        reason = said[0].split("] ", 1)[-1] if said else last_words
        raise NetError(f"{prototxt}: Caffe cannot use this net: {reason}")


def try_net(prototxt: str, phase: int) -> None:
    """Build the net `prototxt` and run it forward and backward once, on zeros. It may abort."""
    net = import_caffe().Net(prototxt, phase)
    net.forward()
    net.backward()


def _take_gradient_off(layer: Any) -> None:
    setting = layer.inner_product_param if layer.type == "InnerProduct" else layer.convolution_param
    while len(layer.param) < 1 + setting.bias_term:
        layer.param.add()
    for param in layer.param:
        param.lr_mult = 0
