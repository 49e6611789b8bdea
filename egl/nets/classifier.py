"""What a net that ends in a SoftmaxWithLoss computes, found in its definition."""

from __future__ import annotations

from typing import Any, Iterable, NamedTuple, Optional, Sequence, Tuple

from egl.errors import NetError
from egl.nets.arguments import path_of
from egl.nets.definition import layers_in_phase
from egl.nets.graph import sources
from egl.nets.runtime import import_caffe

UNNAMED_TOP = "(automatic)"  # Caffe's name for the top of a loss layer that names none


class Classifier(NamedTuple):
    """What the definition of a net that ends in a SoftmaxWithLoss says about it.

    path: the prototxt, for messages
    layers: the LayerParameters of the phase, in order
    data, label: names of the blobs that are fed
    scores: name of the blob that the loss reads (LeNet: ip2); scores_layer: its last writer
    loss, loss_blob: names of the SoftmaxWithLoss layer and of its top
    softmax, softmax_blob: names of the Softmax layer that reads the scores, and of its top; or None
    classes: number of classes C; a label is in [0, C)
    input_shape: shape of one sample: the data blob's without its first axis
    """

    path: str
    layers: Tuple[Any, ...]
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


def find_classifier(net: Any, path: Any, phase: Optional[int] = None) -> Classifier:
    """Return the Classifier that `net` (a NetParameter read from `path`) defines.

    phase: caffe.TRAIN or caffe.TEST; None: TEST, where scoring is done
    Raises NetError unless the net ends in a single loss, a SoftmaxWithLoss over the channels with
    weight 1, and is fed by Input layers with one data blob and one label blob.
    """
    path = path_of(path, "the prototxt")
    layers = layers_in_phase(net, import_caffe().TEST if phase is None else phase)
    loss = _only_loss(layers, path)
    scores, label = loss.bottom
    fed = [top for layer in layers if layer.type == "Input" for top in layer.top]
    data = [top for top in fed if top != label]
    if label not in fed or len(data) != 1:
        raise NetError(
            f"{path}: Input layers must feed the label {label!r} and one data blob; "
            f"they feed {', '.join(fed) or 'none'}"
        )
    of_scores, of_label = sources(layers)[layers.index(loss)]
    if layers[of_label.layer].type != "Input":
        raise NetError(
            f"{path}: layer {layers[of_label.layer].name!r} changes the label {label!r} before the "
            "loss reads it; remove the layer"
        )
    scores_layer = layers[of_scores.layer].name
    softmax = _softmax_after(layers, scores_layer, scores)
    return Classifier(
        path=path,
        layers=layers,
        data=data[0],
        label=label,
        scores=scores,
        scores_layer=scores_layer,
        loss=loss.name,
        loss_blob=loss.top[0] if loss.top else UNNAMED_TOP,
        softmax=softmax.name if softmax else None,
        softmax_blob=softmax.top[0] if softmax else None,
        classes=_channels(layers, scores, path),
        input_shape=_sample_shape(layers, data[0], path),
    )


def _only_loss(layers: Iterable[Any], path: str) -> Any:
    """Return the net's single loss layer. NetError unless its gradient is that of Eq. 1."""
    losses = [layer for layer in layers if any(layer.loss_weight or [layer.type.endswith("Loss")])]
    if len(losses) != 1 or losses[0].type != "SoftmaxWithLoss":
        found = ", ".join(f"{layer.name} ({layer.type})" for layer in losses) or "none"
        raise NetError(f"{path}: needs exactly one loss, a SoftmaxWithLoss; has {found}")
    loss = losses[0]
    where = f"{path}: layer {loss.name!r} has"
    if list(loss.loss_weight) not in ([], [1]):
        raise NetError(f"{where} a loss_weight, which scales every gradient; remove it")
    if loss.loss_param.HasField("ignore_label"):
        raise NetError(f"{where} an ignore_label, which has no gradient; remove it")
    if loss.softmax_param.axis != 1:
        raise NetError(f"{where} its classes on axis {loss.softmax_param.axis}, not 1")
    if len(loss.bottom) != 2:
        raise NetError(f"{where} {len(loss.bottom)} bottoms; scores and label are wanted")
    return loss


def _softmax_after(layers: Sequence[Any], scores_layer: str, scores: str) -> Any:
    """Return the Softmax layer that reads the blob `scores` once it is complete, or None."""
    complete = [layer.name for layer in layers].index(scores_layer) + 1
    for layer in layers[complete:]:
        if layer.type == "Softmax" and layer.bottom[0] == scores and layer.softmax_param.axis == 1:
            return layer
    return None


def _sample_shape(layers: Iterable[Any], blob: str, path: str) -> Tuple[int, ...]:
    """Return the shape of the Input blob `blob` without its first axis."""
    layer = next(layer for layer in layers if layer.type == "Input" and blob in layer.top)
    shapes = layer.input_param.shape
    if len(shapes) not in (1, len(layer.top)):
        raise NetError(f"{path}: layer {layer.name!r} needs a shape for each top, or one for all")
    shape = shapes[0] if len(shapes) == 1 else shapes[list(layer.top).index(blob)]
    return tuple(shape.dim[1:])


def _channels(layers: Sequence[Any], blob: str, path: str) -> int:
    """Return the channels of a blob: num_output of the last layer on the way to it that has one."""
    name = blob
    for layer in reversed(layers):
        if name not in layer.top:
            continue
        for kind in ("inner_product_param", "convolution_param"):
            if layer.HasField(kind):
                return int(getattr(layer, kind).num_output)
        if len(layer.bottom) != 1:
            break
        name = layer.bottom[0]
    raise NetError(
        f"{path}: the number of classes cannot be found: "
        f"{blob!r} comes from no InnerProduct or Convolution"
    )
