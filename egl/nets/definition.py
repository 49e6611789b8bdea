"""Nets and solvers as messages, checked in Python: Caffe ends the process over what is wrong.

A net here is a `caffe.proto.caffe_pb2.NetParameter`, a layer one of its `LayerParameter`s. Layers
are filtered by phase with Caffe's own rules (`include`, `exclude`) before anything is looked up.
"""

from __future__ import annotations

import os
from typing import Any, Iterable, List, Tuple

from egl.errors import NetError
from egl.nets.arguments import path_of
from egl.nets.parsing import check_wiring, inputs_to_layer, parse
from egl.nets.runtime import import_caffe

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # egl
WITH_PARAMETERS = (
    "InnerProduct",
    "Convolution",
    "Deconvolution",
    "Scale",
    "Bias",
    "BatchNorm",
    "PReLU",
    "Embed",
    "RNN",
    "LSTM",
    "Parameter",
)
SOLVERS = ("SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam")
RATE_POLICIES = ("fixed", "step", "exp", "inv", "multistep", "poly", "sigmoid")
# What a net from elsewhere could do beside computing, as soon as it is built.
REFUSED = {"HDF5Output": "overwrites a file", "Python": "runs code of its own"}


def prototxt_path(name: str) -> str:
    """Return the path of a prototxt of this project.

    It is prototxt/NAME in a checkout, and egl/prototxt/NAME once installed. Raises NetError where
    there is no such file.
    """
    name = path_of(name, "the name of a prototxt")
    for folder in (os.path.dirname(PACKAGE), PACKAGE):
        path = os.path.join(folder, "prototxt", name)
        if os.path.isfile(path):
            return path
    raise NetError(f"{name}: no such net; looked in prototxt/ beside and inside {PACKAGE}")


def read_net(path: Any) -> Any:
    """Return the net defined in the prototxt `path`, checked for both phases: a NetParameter.

    Raises NetError, naming file and line or layer, for what Caffe would abort on: a missing file,
    syntax, unknown fields, an empty net, unknown layer types and bottoms, duplicate tops and
    layers.
    """
    caffe = import_caffe()
    path = path_of(path, "the prototxt")
    net = parse(path, caffe.proto.caffe_pb2.NetParameter())
    if net.layers:
        raise NetError(
            f"{path}: written for Caffe before 2014; convert it with upgrade_net_proto_text"
        )
    inputs_to_layer(net)
    if not net.layer:
        raise NetError(f"{path}: the net has no layers")
    known = set(caffe.layer_type_list())
    for layer in net.layer:
        if layer.type not in known:
            raise NetError(
                f"{path}: layer {layer.name!r} has the type {layer.type!r}, "
                "which this Caffe does not have"
            )
    for phase in (caffe.TRAIN, caffe.TEST):
        layers = layers_in_phase(net, phase)
        for layer in layers:
            if layer.type in REFUSED:
                raise NetError(
                    f"{path}: layer {layer.name!r} has the type {layer.type!r}, which "
                    f"{REFUSED[layer.type]}: a net may not do that here; remove the layer"
                )
        check_wiring(layers, path)
    return net


def read_solver(path: Any) -> Any:
    """Return the solver defined in the prototxt `path`: a SolverParameter, `net` an absolute path.

    A relative `net` is looked for beside the solver's file first, then beside its folder (this
    project's solver names its net from the root of the repository), then in the current folder,
    where Caffe looks. Raises NetError for syntax, a missing net, an unknown type or learning rate
    policy.
    """
    path = path_of(path, "the solver's prototxt")
    solver = parse(path, import_caffe().proto.caffe_pb2.SolverParameter())
    elsewhere = (
        solver.train_net or solver.HasField("net_param") or solver.HasField("train_net_param")
    )
    if not solver.net or elsewhere:
        raise NetError(f"{path}: a solver names its net in the field net, and nowhere else")
    folder = os.path.dirname(os.path.abspath(path))
    folders = dict.fromkeys((folder, os.path.dirname(folder), os.getcwd()))
    candidates = [os.path.join(place, solver.net) for place in folders]
    found = [candidate for candidate in candidates if os.path.isfile(candidate)]
    if not found:
        raise NetError(
            f"{path}: its net {solver.net} is not there; looked for {' and '.join(candidates)}"
        )
    solver.net = found[0]
    if solver.type not in SOLVERS:
        raise NetError(
            f"{path}: unknown solver type {solver.type!r}; there are {', '.join(SOLVERS)}"
        )
    if solver.lr_policy not in RATE_POLICIES:
        raise NetError(
            f"{path}: unknown lr_policy {solver.lr_policy!r}; there are {', '.join(RATE_POLICIES)}"
        )
    return solver


def set_batch(net: Any, batch: int) -> Any:
    """Return a copy of `net` (a NetParameter) whose Input layers have `batch` as first axis."""
    copy = type(net)()
    copy.CopyFrom(net)
    for layer in copy.layer:
        if layer.type == "Input":
            for shape in layer.input_param.shape:
                shape.dim[:1] = [batch]
    return copy


def layers_in_phase(net: Any, phase: int) -> Tuple[Any, ...]:
    """Return the LayerParameters of `net` that Caffe builds in `phase`, caffe.TRAIN or TEST."""
    level, stages = net.state.level, set(net.state.stage)

    def met(rule: Any) -> bool:
        return (
            (not rule.HasField("phase") or rule.phase == phase)
            and (not rule.HasField("min_level") or level >= rule.min_level)
            and (not rule.HasField("max_level") or level <= rule.max_level)
            and stages.issuperset(rule.stage)
            and stages.isdisjoint(rule.not_stage)
        )

    def built(layer: Any) -> bool:
        return any(map(met, layer.include)) if layer.include else not any(map(met, layer.exclude))

    return tuple(layer for layer in net.layer if built(layer))


def parameter_layers(layers: Iterable[Any]) -> List[str]:
    """Return the names of those of `layers` that have parameters, in order."""
    # Scale and Bias with two bottoms take their factor from the second one.
    return [
        layer.name
        for layer in layers
        if layer.type in WITH_PARAMETERS
        and not (layer.type in ("Scale", "Bias") and len(layer.bottom) > 1)
    ]


def inner_products(layers: Iterable[Any]) -> List[str]:
    """Return the names of the InnerProduct layers among `layers`; the paper stops at the first."""
    return [layer.name for layer in layers if layer.type == "InnerProduct"]
