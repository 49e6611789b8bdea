"""Which parameters' gradient counts in phi, and whether a net suits phi at all."""

from __future__ import annotations

from typing import Any, List, Set

from egl.errors import NetError
from egl.nets.arguments import described
from egl.nets.classifier import Classifier
from egl.nets.definition import inner_products, parameter_layers
from egl.nets.graph import depending_on, leading_to_scores
from egl.nets.in_place import check_gradients

# Layers that treat each sample by itself in phase TEST, axis 0 of their blobs being the batch.
SAMPLE_BY_SAMPLE = frozenset(
    """AbsVal Accuracy ArgMax BNLL BatchNorm Bias Clip Concat Convolution Deconvolution Dropout ELU
    Eltwise Exp Flatten Im2col InnerProduct Input LRN Log MVN PReLU Pooling Power ReLU Reduction
    Reshape SPP Scale Sigmoid Silence Slice Softmax SoftmaxWithLoss Swish TanH Threshold
    Tile""".split()
)
PARAMETERS = ("layer", "above")


def default_stop(classifier: Classifier) -> str:
    """Return the name of the first InnerProduct layer that leads to the loss, as in the paper."""
    leading = _leading(classifier)
    found = [name for name in inner_products(classifier.layers) if name in leading]
    if not found:
        raise NetError(
            f"{classifier.path}: no InnerProduct layer leads to the loss {classifier.loss!r}; "
            "name the stopping layer"
        )
    return found[0]


def counted_layers(classifier: Classifier, stop: str, parameters: str) -> List[str]:
    """Return the names of the layers whose gradient counts, lowest first.

    stop: name of the layer at which the backward pass ends; the paper's is the first fully
        connected one
    parameters: "layer", the weights and bias of `stop` alone; or "above", those of every layer from
        `stop` up that leads to the loss
    Raises NetError where `stop` has no trainable parameters or does not lead to the loss of the
    phase TEST (its gradient would be 0 for every patch), where a counted layer is frozen (with
    lr_mult 0, Caffe silently computes no gradient) or shares its parameters with another, where no
    gradient reaches `stop`, and where a layer in place makes Caffe's gradient wrong.
    """
    path, layers = classifier.path, {layer.name: layer for layer in classifier.layers}
    # BatchNorm's parameters are running statistics, which have no gradient.
    leading = _leading(classifier)
    candidates = [
        name
        for name in parameter_layers(classifier.layers)
        if layers[name].type != "BatchNorm" and name in leading
    ]
    if not isinstance(stop, str):
        raise NetError(f"stop must be the name of a layer, not {described(stop)}")
    if stop in layers and stop not in leading:
        raise NetError(
            f"{path}: the stopping layer {stop!r} does not lead to the loss {classifier.loss!r}, "
            f"so its gradient is 0; it can be {', '.join(candidates)}"
        )
    if stop not in candidates:
        raise NetError(
            f"{path}: the stopping layer {stop!r} must have parameters; "
            f"it can be {', '.join(candidates)}"
        )
    if parameters not in PARAMETERS:
        raise NetError(f"parameters must be one of {', '.join(PARAMETERS)}, not {parameters!r}")
    counted = candidates[candidates.index(stop) :] if parameters == "above" else [stop]
    names = [param.name for layer in classifier.layers for param in layer.param if param.name]
    for name in counted:
        for param in layers[name].param:
            if param.lr_mult == 0:
                raise NetError(
                    f"{path}: layer {name!r} has lr_mult 0, so Caffe computes no gradient for it"
                )
            if names.count(param.name) > 1:
                raise NetError(
                    f"{path}: layer {name!r} shares the parameter {param.name!r} with another"
                )
    between = depending_on(classifier.layers, stop) & (leading | {classifier.loss})
    for name in layers:
        if name in between and False in layers[name].propagate_down:
            raise NetError(
                f"{path}: layer {name!r} has propagate_down: false, so no gradient gets to {stop!r}"
            )
    check_gradients(classifier.layers, between | set(counted), path)
    return counted


def _leading(classifier: Classifier) -> Set[str]:
    return leading_to_scores(classifier.layers, classifier.loss)


def check_samples_apart(classifier: Classifier) -> None:
    """Raise NetError unless every layer is known to treat each sample of a batch by itself."""
    for layer in classifier.layers:
        if layer.type not in SAMPLE_BY_SAMPLE or _mixes(layer):
            raise NetError(
                f"{classifier.path}: layer {layer.name!r} ({layer.type}) is not known to treat "
                "each sample of a batch by itself, which phi needs"
            )


def _mixes(layer: Any) -> bool:
    """Return whether the settings of a layer make one sample's output depend on another."""
    if layer.type == "BatchNorm":
        setting = layer.batch_norm_param
        return setting.HasField("use_global_stats") and not setting.use_global_stats
    if layer.type == "Reshape":
        dims = layer.reshape_param.shape.dim
        keeps_the_batch = bool(dims) and dims[0] == 0
        return layer.reshape_param.axis == 0 and not keeps_the_batch
    if layer.type in ("Scale", "Bias") and len(layer.bottom) > 1:
        return False
    if layer.type == "InnerProduct":
        return layer.inner_product_param.axis != 1  # axis 2 makes several rows of one sample
    parameter = getattr(layer, layer.type.lower() + "_param", None)
    return parameter is not None and getattr(parameter, "axis", 1) == 0
