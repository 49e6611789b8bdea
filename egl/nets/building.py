"""Nets for scoring, built by Caffe from definitions that were checked before."""

from __future__ import annotations

import os
from typing import Any, Collection, Iterator, Optional

import numpy as np

from egl.errors import NetError
from egl.nets.arguments import path_of, whole_number
from egl.nets.classifier import Classifier
from egl.nets.definition import read_net, set_batch
from egl.nets.runtime import import_caffe
from egl.nets.trial import check_usable
from egl.nets.weights import check_same_parameters, load_weights

SMALL_BATCH = 1024  # at most a few GB for nets that take patches
LARGEST_BLOB = 2**31 - 1  # numbers in a blob, for Caffe


def scoring_net(
    prototxt: Any,
    weights: Any = None,
    batch: int = 1,
    no_gradient: Collection[str] = (),
    end: Optional[str] = None,
) -> Any:
    """Return a caffe.Net in phase TEST that takes `batch` samples at a time.

    prototxt: path of a net with Input layers (see definition.read_net)
    weights: path of a .caffemodel; or a caffe.Net, whose weights are then shared, not copied: what
        a solver does to them is seen at once, while diffs stay apart; or None for initial weights
    no_gradient: names of InnerProduct and Convolution layers that pass diffs down, but for whose
        own parameters Caffe computes no diffs (lr_mult 0). If no layer below has parameters with
        diffs, Caffe computes nothing at all
    end: name of the layer where backward passes will end; None: there will be none
    Raises NetError where Caffe would abort: see read_net, trial.check_usable, load_weights,
    check_same_parameters.
    """
    caffe = import_caffe()
    batch = whole_number(batch, "batch")
    if batch < 1:
        raise NetError(f"batch must be at least 1, not {batch}")
    shared = isinstance(weights, caffe.Net)
    if not shared and weights is not None:
        weights = path_of(weights, "weights that are no caffe.Net (say, solver.net)")
    definition = read_net(prototxt)
    check_usable(definition, prototxt, caffe.TEST, end)
    check_batch(definition, batch, prototxt, caffe.TEST)
    definition = set_batch(definition, batch)
    for layer in definition.layer:
        if layer.name in no_gradient:
            _take_gradient_off(layer)
    net = build(definition)
    if shared:
        check_same_parameters(net, weights)
        net.share_with(weights)
    elif weights is not None:
        load_weights(net, weights)
    return net


def check_classes(net: Any, classifier: Classifier) -> None:
    """Raise NetError unless the net (of that definition) gives one score per class."""
    shape = tuple(net.blobs[classifier.scores].data.shape)
    if len(shape) < 2 or shape[1] != classifier.classes or np.prod(shape[2:]) != 1:
        raise NetError(
            f"{classifier.path}: the scores {classifier.scores!r} have the shape {shape}; "
            f"wanted is one number per class, {classifier.classes} in all"
        )


def feed(net: Any, data: str, patches: Any) -> Iterator[slice]:
    """Write patches into the blob `data`, a batch at a time; yield the slice of those in it now.

    The last batch may be short. The rest of the blob then holds the last patch again, so read no
    more rows than the slice has. Raises NetError for patches that are not finite in float32.
    """
    batch = net.blobs[data].shape[0]
    for start in range(0, len(patches), batch):
        chunk = patches[start : start + batch]
        # Fetch .data again for every batch: in pycaffe the access marks the host's copy as the
        # newer one. Through an array kept from before, a GPU would not see what is written.
        rows = net.blobs[data].data
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
            rows[: len(chunk)] = chunk
        if not np.isfinite(rows[: len(chunk)]).all():
            finite = np.isfinite(rows[: len(chunk)].reshape(len(chunk), -1)).all(axis=1)
            raise NetError(
                f"patch {start + finite.argmin()} holds numbers that are not finite in float32 "
                "(NaN or infinite); mend or leave out such patches"
            )
        # Layers in place may have changed these rows by a forward pass, and would again by each.
        rows[len(chunk) :] = rows[len(chunk) - 1]
        yield slice(start, start + len(chunk))


def check_batch(definition: Any, batch: int, path: Any, phase: int) -> None:
    """Raise NetError for a batch that needs more memory than there is, or more than Caffe counts.

    definition: the NetParameter of the net `path`, which Caffe can use
    """
    if batch <= SMALL_BATCH:
        return
    sizes = [blob.data.size for blob in build(set_batch(definition, 1), phase).blobs.values()]
    n_bytes = 2 * 4 * batch * sum(sizes)  # numbers and diffs, float32
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if n_bytes > memory or batch * max(sizes) > LARGEST_BLOB:
        raise NetError(
            f"{path}: a batch of {batch} would take {n_bytes / 2**30:.0f} GB, and this machine has "
            f"{memory / 2**30:.0f}; give a smaller batch"
        )


def build(definition: Any, phase: Optional[int] = None) -> Any:
    """Return the caffe.Net of a NetParameter, in phase TEST unless another is given.

    Caffe reads definitions from files only, so this one goes through a file in memory, of which
    nothing is left however the process ends.
    """
    caffe = import_caffe()
    with os.fdopen(os.memfd_create("net"), "w", encoding="utf-8") as file:
        file.write(str(definition))  # protobuf's text format: what a prototxt is
        file.flush()
        return caffe.Net(f"/proc/self/fd/{file.fileno()}", caffe.TEST if phase is None else phase)


def _take_gradient_off(layer: Any) -> None:
    setting = layer.inner_product_param if layer.type == "InnerProduct" else layer.convolution_param
    while len(layer.param) < 1 + setting.bias_term:
        layer.param.add()
    for param in layer.param:
        param.lr_mult = 0
