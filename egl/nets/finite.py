"""Numbers that are not finite, found before they do harm, and the culprit named.

Once a NaN is in a blob, Caffe's max pooling finds no maximum in a window, and its backward pass
writes outside its memory. A ReLU or a pooling may also hide a NaN, so that wrong scores look right.
"""

from __future__ import annotations

from typing import Any, Iterable, List, Mapping

import numpy as np

from egl.errors import Diverged
from egl.nets.classifier import Classifier

LOWEST = np.finfo(np.float32).min  # what Caffe's max pooling starts from, and finds nothing below


def check_weights(net: Any, classifier: Classifier) -> None:
    """Raise Diverged for weights that are not finite.

    For LeNet that takes half a millisecond, so check once a call, not once a batch.
    """
    for blobs in net.params.values():
        for blob in blobs:
            flat = blob.data.ravel()
            # The sum of squares is the fastest look at all numbers. It may overflow: look again.
            if not np.isfinite(np.dot(flat, flat)) and not np.isfinite(flat).all():
                raise diverged(net, classifier)


def check_scores(net: Any, classifier: Classifier) -> None:
    """Raise Diverged unless the scores that the net now holds are finite."""
    if not np.isfinite(net.blobs[classifier.scores].data).all():
        raise diverged(net, classifier)


def max_pooled(net: Any, classifier: Classifier, stop: str) -> List[str]:
    """Return the blobs that max pooling reads, in layers that a backward pass to `stop` meets."""
    order = [layer.name for layer in classifier.layers]
    above = classifier.layers[order.index(stop) + 1 :]
    return [net.bottom_names[name][0] for name in _max_pooling(above)]


def _max_pooling(layers: Iterable[Any]) -> List[str]:
    return [
        layer.name
        for layer in layers
        if (layer.type == "Pooling" and layer.pooling_param.pool == layer.pooling_param.MAX)
        or (layer.type == "SPP" and layer.spp_param.pool == layer.spp_param.MAX)
    ]


def check_pooled(net: Any, classifier: Classifier, blobs: List[str]) -> None:
    """Raise Diverged unless max pooling found a maximum in each window of `blobs`.

    blobs: names, from max_pooled. To be called between the forward and the backward pass.
    """
    for name in blobs:
        if not _has_maxima(net.blobs[name].data):
            raise diverged(net, classifier)


def watch_pooling(net: Any, classifier: Classifier) -> None:
    """Make each backward pass of a net raise Diverged where check_pooled would, as a solver's too.

    That costs a few percent of a step.
    """
    # The net keeps the function, which therefore must not keep the net: only its blobs.
    blobs = dict(net.blobs)
    names = list(net._layer_names)
    bottoms = {
        names.index(name): net.bottom_names[name][0] for name in _max_pooling(classifier.layers)
    }

    def check(layer_index: int) -> None:
        bottom = bottoms.get(layer_index)
        if bottom is not None and not _has_maxima(blobs[bottom].data):
            raise Diverged(
                f"{classifier.path}: {_first_not_finite(blobs, classifier)} holds numbers that are "
                "not finite: lower the rate or the momentum, or choose layers that suit their input"
            )

    net.before_backward(check)


def _has_maxima(values: np.ndarray) -> bool:
    return bool(values.min() > LOWEST and values.max() < np.inf)


def _first_not_finite(blobs: Mapping[str, Any], classifier: Classifier) -> str:
    """Return the first blob with numbers beyond those of float32, and the layers that make it."""
    tops = [top for layer in classifier.layers for top in layer.top]
    found = next((top for top in tops if not _has_maxima(blobs[top].data)), classifier.scores)
    makers = [layer.name for layer in classifier.layers if found in layer.top]
    return f"the blob {found!r} of {' and '.join(makers)}"


def diverged(net: Any, classifier: Classifier) -> Diverged:
    """Return the error that names what is not finite: the weights of a layer, or the scores."""
    for name, blobs in net.params.items():
        if not all(np.isfinite(blob.data).all() for blob in blobs):
            return Diverged(
                f"{classifier.path}: the weights of layer {name!r} are not finite: training has "
                "diverged; lower the rate or momentum"
            )
    return Diverged(
        f"{classifier.path}: the scores are not finite: training has diverged (lower the rate or "
        "momentum), or the patches are not normalised"
    )
