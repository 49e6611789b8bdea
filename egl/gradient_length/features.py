"""What a net makes of patches: its posteriors, and the input and output of its last fully connected layer."""

from typing import NamedTuple

import numpy as np

from egl.errors import NetError
from egl.gradient_length.param_diff import softmax
from egl.nets.building import feed, scoring_net
from egl.nets.definition import find_classifier, read_net
from egl.nets.device import scoring_batch


class FeatureRows(NamedTuple):
    """posterior: float64 (N, C); scores: float32 (N, C), before the softmax; features: float32 (N, d), the last layer's input."""

    posterior: np.ndarray
    scores: np.ndarray
    features: np.ndarray


class Features:
    """Reads FeatureRows of patches from one net, again and again.

    prototxt, weights, batch: as for gradient_length.GradientLength; weights shared with a live net are taken as they then are.
    Raises NetError unless the scores come from a fully connected layer.
    """

    def __init__(self, prototxt, weights, batch=None):
        self._classifier = find_classifier(read_net(prototxt), prototxt)
        last = next(
            layer
            for layer in self._classifier.layers
            if layer.name == self._classifier.scores_layer
        )
        if last.type != "InnerProduct":
            raise NetError(
                f"{prototxt}: features are read before the last layer, which must be an InnerProduct, not a {last.type}"
            )
        self._bottom = last.bottom[0]
        self._batch = batch or scoring_batch()
        self._net = scoring_net(prototxt, weights, self._batch)

    def of(self, patches):
        """Return the FeatureRows of patches (N x channels x height x width), normalised floats as the net takes them."""
        net, classifier = self._net, self._classifier
        width = net.blobs[self._bottom].data[0].size
        scores, features = (
            np.empty((len(patches), classifier.classes), np.float32),
            np.empty((len(patches), width), np.float32),
        )
        for rows in feed(net, classifier.data, patches):
            n = rows.stop - rows.start
            net.forward(end=classifier.scores_layer)
            scores[rows] = net.blobs[classifier.scores].data[:n].reshape(n, -1)
            features[rows] = net.blobs[self._bottom].data[:n].reshape(n, -1)
        return FeatureRows(softmax(scores), scores, features)
