"""Phi of a whole batch: one forward pass and at most one partial backward pass per label.

No parameter's gradient is formed. For one sample an InnerProduct layer's gradient is the outer
product of the diff at its output, delta, and its input a. Its norm, bias included, is therefore
||delta|| sqrt(||a||^2 + 1). For Convolution layers see the module convolution.

The diff at the scores for label j is p - e_j. It enters the backward pass divided by its largest
number, 1 - p_j (the sum of the other posteriors), which multiplies the result in float64. Backward
is linear in the diff, so nothing is lost for samples of which the net is sure, however small
1 - p_j becomes. With two classes the divided diff is e_1 - e_0 or its negative whatever the label,
and one backward pass serves both: phi = 2 p_0 p_1 ||gradient of (score 1 - score 0)||.
"""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from egl.errors import NetError
from egl.gradient_length.convolution import ConvolutionSquares
from egl.gradient_length.softmax import softmax
from egl.nets.classifier import Classifier
from egl.nets.finite import check_pooled, check_scores, max_pooled


class Batched:
    """Gradient lengths of a batch of samples at a time.

    net: caffe.Net in phase TEST; classifier: of its definition
    counted: names of the layers whose gradient counts, lowest first: InnerProduct and Convolution
    """

    def __init__(self, net: Any, classifier: Classifier, counted: Sequence[str]) -> None:
        self.net = net
        self.classifier = classifier
        self.counted = counted
        self._batch: int = net.blobs[classifier.data].data.shape[0]
        order = list(net._layer_names)
        above = order.index(counted[0]) + 1
        self._end = order[above] if above <= order.index(classifier.scores_layer) else None
        layers = {layer.name: layer for layer in classifier.layers}
        self._pooled = max_pooled(net, classifier, counted[0])
        self._squares = [SQUARES[layers[name].type](net, layers[name]) for name in counted]

    def score(self) -> Tuple[np.ndarray, np.ndarray]:
        """Return posterior and norms, float64 (batch, C), of the samples in the data blob.

        Raises Diverged where the net's numbers are not finite.
        """
        net, classifier = self.net, self.classifier
        net.forward(end=classifier.scores_layer)
        check_scores(net, classifier)
        check_pooled(net, classifier, self._pooled)
        posterior = softmax(net.blobs[classifier.scores].data.reshape(self._batch, -1))
        for squares in self._squares:
            squares.see_input()
        if classifier.classes == 2:
            return posterior, posterior[:, ::-1] * self._backward(np.array([-1.0, 1.0]))[:, None]
        norms = np.empty_like(posterior)
        for label in range(classifier.classes):
            diff = posterior.copy()
            diff[:, label] = 0
            others = diff.sum(axis=1)  # 1 - p_j, without cancellation
            diff[:, label] = -others
            # If all other posteriors underflow even in float64, the gradient is 0, not 0 / 0.
            divisor = np.where(others > 0, others, 1)[:, None]
            norms[:, label] = others * self._backward(diff / divisor)
        return posterior, norms

    def factors(self) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return posterior, deltas and inputs of the samples in the data blob: see GradientFactors.

        For a net with two classes and one counted layer, an InnerProduct.
        """
        net = self.net
        (layer,) = self.counted
        posterior, _ = self.score()
        deltas = net.blobs[net.top_names[layer][0]].diff.reshape(self._batch, -1)
        inputs = net.blobs[net.bottom_names[layer][0]].data.reshape(self._batch, -1)
        return posterior, deltas, inputs

    def _backward(self, diff: np.ndarray) -> np.ndarray:
        """Return the norm over the counted parameters, float64 (batch,), for a diff at the scores.

        diff: (batch, C), or (C,) for all samples
        """
        blob = self.net.blobs[self.classifier.scores]
        blob.diff.reshape(self._batch, -1)[...] = diff
        if self._end is not None:
            self.net.backward(start=self.classifier.scores_layer, end=self._end)
        squares: np.ndarray = sum(squares.of_diff() for squares in self._squares)
        return np.sqrt(squares)


class InnerProductSquares:
    """Squared norms of an InnerProduct layer's gradient, weights and bias, sample by sample."""

    def __init__(self, net: Any, layer: Any) -> None:
        self._bottom = net.blobs[net.bottom_names[layer.name][0]]
        self._top = net.blobs[net.top_names[layer.name][0]]
        self._bias = 1 if layer.inner_product_param.bias_term else 0
        self._input = np.empty(0)

    def see_input(self) -> None:
        """Take in the layer's input, the same for every label."""
        self._input = row_squares(self._bottom.data) + self._bias

    def of_diff(self) -> np.ndarray:
        """Return ||delta||^2 (||a||^2 + 1), float64 (batch,), for the diff now at the output."""
        return row_squares(self._top.diff) * self._input


def row_squares(blob: np.ndarray) -> np.ndarray:
    """Return the sum of squares of each sample of `blob` (float32 N x ...): float64 (N,)."""
    rows = blob.reshape(len(blob), -1)
    return np.einsum("ij,ij->i", rows, rows, dtype=np.float64)


SQUARES: Dict[str, Any] = {"InnerProduct": InnerProductSquares, "Convolution": ConvolutionSquares}


def check_batched(classifier: Classifier, counted: Sequence[str]) -> None:
    """Raise NetError if a counted layer is of a kind that only the param-diff route knows."""
    for layer in classifier.layers:
        if layer.name in counted and layer.type not in SQUARES:
            raise NetError(
                f"{classifier.path}: layer {layer.name!r} is a {layer.type}; the batched route "
                f"takes {' and '.join(SQUARES)} only, use route='param-diff'"
            )


def passed_through(classifier: Classifier, stop: str) -> List[str]:
    """Return the names of the layers above `stop` whose parameters' diffs this route ignores."""
    order = [layer.name for layer in classifier.layers]
    above = classifier.layers[order.index(stop) + 1 :]
    # Layers that share a parameter share its lr_mult too, so they are left alone.
    return [
        layer.name
        for layer in above
        if layer.type in SQUARES and not any(param.name for param in layer.param)
    ]
