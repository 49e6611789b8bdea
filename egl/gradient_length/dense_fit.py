"""Which nets the dense route fits: those that compute what lenet_score.prototxt computes."""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

from egl.nets.classifier import Classifier, find_classifier
from egl.nets.definition import parameter_layers, prototxt_path, read_net
from egl.nets.graph import leading_to_scores, sources


def fits(classifier: Classifier, counted: Sequence[str]) -> bool:
    """Return whether a net is lenet_score.prototxt, and stops at ip1 or ip2.

    Names of blobs and of layers without parameters, batch, fillers and rates may differ.
    """
    path = prototxt_path("lenet_score.prototxt")
    lenet = find_classifier(read_net(path), path)
    return set(counted) <= {"ip1", "ip2"} and _computed(classifier) == _computed(lenet)


def _computed(classifier: Classifier) -> List[Tuple[Any, ...]]:
    """Return all that decides the scores, in a form that is equal for nets that compute the same.

    For each layer that leads to the scores: its whole definition but for what only training looks
    at and for names (those of parameters stay: weights are found by them), and which layers' tops
    it reads, in place or not. Of Input layers, the shape of a sample instead.
    """
    layers = classifier.layers
    leading = leading_to_scores(layers, classifier.loss)
    kept = [index for index, layer in enumerate(layers) if layer.name in leading]
    position = {index: number for number, index in enumerate(kept)}
    read = sources(layers)
    named = set(parameter_layers(layers))
    found: List[Tuple[Any, ...]] = []
    for index in kept:
        layer = layers[index]
        if layer.type == "Input":
            found.append(("Input", classifier.input_shape))
            continue
        copy = type(layer)()
        copy.CopyFrom(layer)
        for field in ("bottom", "top", "include", "exclude", "phase"):
            copy.ClearField(field)
        if layer.name not in named:
            copy.ClearField("name")
        if not any(param.name for param in layer.param):  # rates and decays alone
            copy.ClearField("param")
        for setting in ("convolution_param", "inner_product_param"):
            if layer.HasField(setting):
                getattr(copy, setting).ClearField("weight_filler")
                getattr(copy, setting).ClearField("bias_filler")
        in_place = [top in layer.bottom for top in layer.top]
        bottoms = [(position[source.layer], source.top) for source in read[index]]
        found.append((copy.SerializeToString(deterministic=True), in_place, bottoms))
    return found
