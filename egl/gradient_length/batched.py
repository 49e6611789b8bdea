"""Phi of a whole batch: one forward pass, one partial backward pass per label, no gradient of any parameter.

An InnerProduct layer's gradient for one sample is the outer product of the diff at its output, delta, and its input a,
so its norm, bias included, is ||delta|| sqrt(||a||^2 + 1). Convolutions are in phi_convolution.

The diff at the scores for label j is p - e_j. It enters the backward pass divided by its largest number, 1 - p_j (the
sum of the other posteriors), which is multiplied on afterwards in float64: backward is linear in the diff, and so
nothing is lost for samples of which the net is sure, however small 1 - p_j becomes. With two classes the diff is then
e_1 - e_0 or its negative whatever the label, and a single backward pass serves both:
phi = 2 p_0 p_1 ||gradient of (score 1 - score 0)||.
"""

import numpy as np

from egl.errors import NetError
from egl.gradient_length.convolution import ConvolutionSquares
from egl.gradient_length.param_diff import softmax


class Batched:
    """Gradient lengths of `batch` samples at a time.

    net: caffe.Net in phase TEST; classifier: what was found in its definition; counted: layers whose gradient counts,
    lowest first, InnerProduct and Convolution layers only
    """

    def __init__(self, net, classifier, counted):
        self.net = net
        self.classifier = classifier
        self._counted = counted
        self.batch = net.blobs[classifier.data].data.shape[0]
        order = list(net._layer_names)
        above = order.index(counted[0]) + 1
        self._end = order[above] if above <= order.index(classifier.scores_layer) else None
        layers = {layer.name: layer for layer in classifier.layers}
        self._squares = [SQUARES[layers[name].type](net, layers[name]) for name in counted]

    def score(self):
        """Return posterior and norms, float64 batch x C each, of the samples in the net's data blob."""
        net, classifier = self.net, self.classifier
        net.forward(end=classifier.scores_layer)
        posterior = softmax(net.blobs[classifier.scores].data.reshape(self.batch, -1))
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
            # A softmax so sure that all others underflow even in float64 has gradient 0, not 0 / 0.
            norms[:, label] = others * self._backward(
                diff / np.where(others > 0, others, 1)[:, None]
            )
        return posterior, norms

    def factors(self):
        """Return posterior, deltas and inputs of the samples in the net's data blob: see phi.GradientFactors.

        For a net with two classes and one counted layer, an InnerProduct.
        """
        net, (name,) = self.net, self._counted
        posterior, _ = self.score()
        deltas = net.blobs[net.top_names[name][0]].diff
        inputs = net.blobs[net.bottom_names[name][0]].data
        return posterior, deltas.reshape(self.batch, -1), inputs.reshape(self.batch, -1)

    def _backward(self, diff):
        """Norm over the counted parameters, float64 (batch,), for the given diff at the scores (batch x C, or C)."""
        blob = self.net.blobs[self.classifier.scores]
        blob.diff.reshape(self.batch, -1)[...] = diff
        if self._end is not None:
            self.net.backward(start=self.classifier.scores_layer, end=self._end)
        return np.sqrt(sum(squares.of_diff() for squares in self._squares))


class InnerProductSquares:
    """Squared norms of the gradient of an InnerProduct layer's weights and bias, sample by sample: float64 (batch,)."""

    def __init__(self, net, layer):
        self._bottom = net.blobs[net.bottom_names[layer.name][0]]
        self._top = net.blobs[net.top_names[layer.name][0]]
        self._bias = 1 if layer.inner_product_param.bias_term else 0
        self._input = None

    def see_input(self):
        """Take in the layer's input, the same for every label."""
        self._input = row_squares(self._bottom.data) + self._bias

    def of_diff(self):
        """Return ||delta||^2 (||a||^2 + 1) for the diff now at the layer's output."""
        return row_squares(self._top.diff) * self._input


def row_squares(blob):
    """Return the sum of squares of each sample of `blob` (float32 N x ...), accumulated in float64: (N,)."""
    rows = blob.reshape(len(blob), -1)
    return np.einsum("ij,ij->i", rows, rows, dtype=np.float64)


SQUARES = {"InnerProduct": InnerProductSquares, "Convolution": ConvolutionSquares}


def check_batched(classifier, counted):
    """Raise NetError if a counted layer is of a kind that only the param-diff route knows."""
    for layer in classifier.layers:
        if layer.name in counted and layer.type not in SQUARES:
            raise NetError(
                "{}: layer {!r} is a {}; gradient lengths come in batches for {} only, use route='param-diff'".format(
                    classifier.path, layer.name, layer.type, " and ".join(SQUARES)
                )
            )


def passed_through(classifier, stop):
    """Return the names of the layers above `stop` whose parameters' diffs this route has no use for."""
    order = [layer.name for layer in classifier.layers]
    above = classifier.layers[order.index(stop) + 1 :]
    # Shared parameters have one lr_mult for all who share them, so they are left alone.
    return [
        layer.name
        for layer in above
        if layer.type in SQUARES and not any(param.name for param in layer.param)
    ]
