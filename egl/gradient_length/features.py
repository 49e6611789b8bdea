"""What a net makes of patches: posteriors, and the last layer's input and output."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

import numpy as np

from egl.errors import NetError
from egl.gradient_length.softmax import softmax
from egl.nets.arguments import check_array
from egl.nets.building import check_classes, feed, scoring_net
from egl.nets.classifier import find_classifier
from egl.nets.definition import read_net
from egl.nets.device import scoring_batch
from egl.nets.finite import check_scores, check_weights


class FeatureRows(NamedTuple):
    """What a net makes of N samples, in the order they came.

    posterior: float64 (N, C)
    scores: float32 (N, C), before the softmax
    features: float32 (N, d), the last layer's input
    """

    posterior: np.ndarray
    scores: np.ndarray
    features: np.ndarray


class Features:
    """Reads FeatureRows of patches from one net, again and again.

    prototxt, weights, batch: as for phi.GradientLength
    Raises NetError unless the scores come from a fully connected layer.
    """

    def __init__(self, prototxt: Any, weights: Any, batch: Optional[int] = None) -> None:
        self._classifier = find_classifier(read_net(prototxt), prototxt)
        layers = {layer.name: layer for layer in self._classifier.layers}
        last = layers[self._classifier.scores_layer]
        if last.type != "InnerProduct":
            raise NetError(
                f"{prototxt}: features are read before the last layer, "
                f"which must be an InnerProduct, not a {last.type}"
            )
        self._bottom = last.bottom[0]
        self._net = scoring_net(prototxt, weights, scoring_batch() if batch is None else batch)
        check_classes(self._net, self._classifier)

    def of(self, patches: Any) -> FeatureRows:
        """Return the FeatureRows of patches, given as for GradientLength.score.

        Raises NetError for patches of another shape or not finite, Diverged where the net's numbers
        are not finite.
        """
        net, classifier = self._net, self._classifier
        check_array(patches, "patches")
        if tuple(patches.shape[1:]) != classifier.input_shape:
            raise NetError(
                f"patches have the shape {tuple(patches.shape)}; {classifier.path} takes "
                f"N x {' x '.join(map(str, classifier.input_shape))}"
            )
        check_weights(net, classifier)
        width = net.blobs[self._bottom].data[0].size
        scores = np.empty((len(patches), classifier.classes), np.float32)
        features = np.empty((len(patches), width), np.float32)
        for rows in feed(net, classifier.data, patches):
            n = rows.stop - rows.start
            net.forward(end=classifier.scores_layer)
            check_scores(net, classifier)
            scores[rows] = net.blobs[classifier.scores].data[:n].reshape(n, -1)
            features[rows] = net.blobs[self._bottom].data[:n].reshape(n, -1)
        return FeatureRows(softmax(scores), scores, features)
