"""Nets and solvers as messages: read and checked in Python, because Caffe ends the whole process over what is wrong in them.

A net here is a `caffe.proto.caffe_pb2.NetParameter`, a layer a `LayerParameter` of it. Layers are filtered by phase with
Caffe's own rules (`include`, `exclude`) before anything is looked for in them.
"""

import os
from typing import NamedTuple, Optional, Tuple

from egl.errors import NetError
from egl.nets.runtime import import_caffe

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # egl
WITH_PARAMETERS = tuple(
    "InnerProduct Convolution Deconvolution Scale Bias BatchNorm PReLU Embed RNN LSTM Parameter".split()
)
SOLVERS = ("SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam")
UNNAMED_TOP = "(automatic)"  # what Caffe calls the top of a loss layer that names none
RATE_POLICIES = ("fixed", "step", "exp", "inv", "multistep", "poly", "sigmoid")


class Classifier(NamedTuple):
    """What is found in the definition of a net that ends in a SoftmaxWithLoss.

    path: the prototxt, for messages
    layers: the LayerParameters of the phase, in order
    data, label: names of the blobs that are fed
    scores: name of the blob that the softmax reads (LeNet: ip2); scores_layer: the last layer that writes it
    loss: name of the SoftmaxWithLoss layer; loss_blob: name of its top
    softmax, softmax_blob: name and top of the Softmax layer that reads the scores; None without one
    classes: number of labels C; a label is in [0, C)
    input_shape: shape of one sample, the data blob's without its first axis
    """

    path: str
    layers: Tuple
    data: str
    label: str
    scores: str
    scores_layer: str
    loss: str
    loss_blob: str
    softmax: Optional[str]
    softmax_blob: Optional[str]
    classes: int
    input_shape: Tuple[int, ...]


def prototxt_path(name):
    """Return the path of a prototxt of this project: prototxt/NAME in a checkout, egl/prototxt/NAME once installed.

    Raises NetError where there is no such file.
    """
    for folder in (
        os.path.join(os.path.dirname(PACKAGE), "prototxt"),
        os.path.join(PACKAGE, "prototxt"),
    ):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    raise NetError(f"{name}: no such net; looked in prototxt/ beside and inside {PACKAGE}")


def read_net(path):
    """Return the net defined in the prototxt `path`, checked for both phases: a NetParameter.

    Raises NetError, naming file and line or layer, for what Caffe would abort on: a missing file, syntax, unknown
    fields, an empty net, unknown layer types and bottoms, duplicate tops and layers.
    """
    caffe = import_caffe()
    net = _parse(path, caffe.proto.caffe_pb2.NetParameter())
    if net.layers:
        raise NetError(
            f"{path}: written for Caffe before 2014; convert it with upgrade_net_proto_text"
        )
    _make_inputs_layers(net)
    if not net.layer:
        raise NetError(f"{path}: the net has no layers")
    known = set(caffe.layer_type_list())
    for layer in net.layer:
        if layer.type not in known:
            raise NetError(
                f"{path}: layer {layer.name!r} has the type {layer.type!r}, which this Caffe does not have"
            )
    for phase in (caffe.TRAIN, caffe.TEST):
        _check_wiring(layers_in_phase(net, phase), path)
    return net


def read_solver(path):
    """Return the solver defined in the prototxt `path`: a SolverParameter, its `net` made an absolute path.

    A relative `net` is looked for beside the solver's file first, then in the current folder, where Caffe looks.
    Raises NetError for syntax, a missing net, an unknown type or learning rate policy.
    """
    caffe = import_caffe()
    solver = _parse(path, caffe.proto.caffe_pb2.SolverParameter())
    if (
        not solver.net
        or solver.train_net
        or solver.HasField("net_param")
        or solver.HasField("train_net_param")
    ):
        raise NetError(f"{path}: a solver names its net in the field net, and nowhere else")
    places = [
        os.path.join(os.path.dirname(os.path.abspath(path)), solver.net),
        os.path.abspath(solver.net),
    ]
    found = [place for place in places if os.path.isfile(place)]
    if not found:
        raise NetError(
            "{}: its net {} is not there; looked for {}".format(
                path, solver.net, " and ".join(places)
            )
        )
    solver.net = found[0]
    if solver.type not in SOLVERS:
        raise NetError(
            "{}: unknown solver type {!r}; there are {}".format(
                path, solver.type, ", ".join(SOLVERS)
            )
        )
    if solver.lr_policy not in RATE_POLICIES:
        raise NetError(
            "{}: unknown lr_policy {!r}; there are {}".format(
                path, solver.lr_policy, ", ".join(RATE_POLICIES)
            )
        )
    return solver


def layers_in_phase(net, phase):
    """Return the layers of `net` that Caffe builds in `phase` (caffe.TRAIN or caffe.TEST): a tuple of LayerParameters."""
    level, stages = net.state.level, set(net.state.stage)

    def met(rule):
        return (
            (not rule.HasField("phase") or rule.phase == phase)
            and (not rule.HasField("min_level") or level >= rule.min_level)
            and (not rule.HasField("max_level") or level <= rule.max_level)
            and stages.issuperset(rule.stage)
            and stages.isdisjoint(rule.not_stage)
        )

    def built(layer):
        return any(map(met, layer.include)) if layer.include else not any(map(met, layer.exclude))

    return tuple(layer for layer in net.layer if built(layer))


def find_classifier(net, path, phase=None):
    """Return what is to know of `net` (a NetParameter read from `path`): a Classifier.

    phase: caffe.TEST, as scoring wants it, unless caffe.TRAIN is given
    Raises NetError where the net does not end in one SoftmaxWithLoss over the channels, of weight 1, fed by Input
    layers with one data blob and one label blob, or has another loss beside it.
    """
    layers = layers_in_phase(net, import_caffe().TEST if phase is None else phase)
    losses = [x for x in layers if any(x.loss_weight or [x.type.endswith("Loss")])]
    if len(losses) != 1 or losses[0].type != "SoftmaxWithLoss":
        raise NetError(
            "{}: needs exactly one loss, a SoftmaxWithLoss; has {}".format(
                path, ", ".join(f"{layer.name} ({layer.type})" for layer in losses) or "none"
            )
        )
    loss = losses[0]
    if list(loss.loss_weight) not in ([], [1]):
        raise NetError(
            f"{path}: layer {loss.name!r} has a loss_weight, which scales every gradient; remove it"
        )
    if loss.loss_param.HasField("ignore_label"):
        raise NetError(
            f"{path}: layer {loss.name!r} has an ignore_label, which has no gradient; remove it"
        )
    if loss.softmax_param.axis != 1:
        raise NetError(
            f"{path}: layer {loss.name!r} has its classes on axis {loss.softmax_param.axis}, not 1"
        )
    if len(loss.bottom) != 2:
        raise NetError(
            f"{path}: layer {loss.name!r} has {len(loss.bottom)} bottoms; scores and label are wanted"
        )
    scores, label = loss.bottom
    fed = [top for layer in layers if layer.type == "Input" for top in layer.top]
    data = [top for top in fed if top != label]
    if label not in fed or len(data) != 1:
        raise NetError(
            "{}: Input layers must feed the label {!r} and one data blob; they feed {}".format(
                path, label, ", ".join(fed) or "none"
            )
        )
    scores_layer = [layer.name for layer in layers if scores in layer.top][-1]
    after_scores = layers[[layer.name for layer in layers].index(scores_layer) + 1 :]
    softmax = [
        layer
        for layer in after_scores
        if layer.type == "Softmax" and layer.bottom[0] == scores and layer.softmax_param.axis == 1
    ]
    return Classifier(
        path=path,
        layers=layers,
        data=data[0],
        label=label,
        scores=scores,
        scores_layer=scores_layer,
        loss=loss.name,
        loss_blob=loss.top[0] if loss.top else UNNAMED_TOP,
        softmax=softmax[0].name if softmax else None,
        softmax_blob=softmax[0].top[0] if softmax else None,
        classes=_channels(layers, scores, path),
        input_shape=_sample_shape(layers, data[0]),
    )


def parameter_layers(layers):
    """Return the names of those of `layers` that have parameters, in order."""
    # Scale and Bias with two bottoms take their factor from the second one.
    return [
        x.name
        for x in layers
        if x.type in WITH_PARAMETERS and not (x.type in ("Scale", "Bias") and len(x.bottom) > 1)
    ]


def inner_products(layers):
    """Return the names of the InnerProduct layers among `layers`, in order; the first is the paper's stopping layer."""
    return [layer.name for layer in layers if layer.type == "InnerProduct"]


def _parse(path, message):
    from google.protobuf import text_format

    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise NetError(
            "{}: cannot be read as a prototxt: {}".format(
                path, getattr(error, "strerror", None) or error
            )
        ) from error
    try:
        return text_format.Parse(text, message)
    except text_format.ParseError as error:
        raise NetError(f"{path}:{error}") from error  # the error begins with line and column


def _make_inputs_layers(net):
    """Turn the old fields `input` and `input_shape` or `input_dim` into an Input layer, as Caffe does on loading."""
    if not net.input:
        return
    shapes = [list(shape.dim) for shape in net.input_shape] or [
        list(net.input_dim[i : i + 4]) for i in range(0, len(net.input_dim), 4)
    ]
    layers = list(net.layer)
    del net.layer[:]
    layer = net.layer.add(name="input", type="Input", top=list(net.input))
    for shape in shapes:
        layer.input_param.shape.add(dim=shape)
    net.layer.extend(layers)
    for field in ("input", "input_shape", "input_dim"):
        net.ClearField(field)


def _check_wiring(layers, path):
    names, blobs = set(), set()
    for layer in layers:
        if layer.name in names:
            raise NetError(f"{path}: two layers are named {layer.name!r}")
        names.add(layer.name)
        for bottom in layer.bottom:
            if bottom not in blobs:
                raise NetError(
                    f"{path}: layer {layer.name!r} reads the blob {bottom!r}, which no layer before it makes"
                )
        for index, top in enumerate(layer.top):
            in_place = index < len(layer.bottom) and layer.bottom[index] == top
            if top in blobs and not in_place:
                raise NetError(f"{path}: layer {layer.name!r} makes the blob {top!r} a second time")
            blobs.add(top)


def _sample_shape(layers, blob):
    """Return the shape of the Input blob `blob` without its first axis."""
    layer = next(layer for layer in layers if layer.type == "Input" and blob in layer.top)
    shapes = layer.input_param.shape  # one for every top, or one for all of them
    shape = shapes[0] if len(shapes) == 1 else shapes[list(layer.top).index(blob)]
    return tuple(shape.dim[1:])


def _channels(layers, blob, path):
    """Number of channels of a blob: num_output of the layer that makes it, or of the first one before it that has it."""
    name = blob
    for layer in reversed(layers):
        if name not in layer.top:
            continue
        for kind in ("inner_product_param", "convolution_param"):
            if layer.HasField(kind):
                return getattr(layer, kind).num_output
        if len(layer.bottom) != 1:
            break
        name = layer.bottom[0]
    raise NetError(
        f"{path}: the number of classes cannot be found: {blob!r} comes from no InnerProduct or Convolution"
    )
