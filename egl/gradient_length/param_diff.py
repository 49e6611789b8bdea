"""Phi the way the paper says it: one sample, one supposed label, one backward pass, the norm of the parameters' diffs.

This is the reference that the fast route (phi_batched) is held against. It is what Caffe computes, so it shares
Caffe's rounding: SoftmaxWithLoss forms p - 1 in float32, which for a sample of posterior p leaves a relative error of
about 6e-8 / (1 - p). Down to 1 - p = 0.01 the two routes agree to 1e-5; below, this one loses a digit with every
factor of ten, and at 1 - p < 6e-8 it takes the gradient of the likely label for 0. phi_batched stays exact.
"""

import numpy as np

from egl.errors import NetError


class ParamDiff:
    """Reads gradient lengths of one sample at a time off a net with a batch of 1.

    net: caffe.Net in phase TEST; classifier: what was found in its definition; counted: layers whose gradient counts
    """

    batch = 1

    def __init__(self, net, classifier, counted):
        self.net = net
        self.classifier = classifier
        self.counted = counted

    def score(self):
        """Return posterior and norms, float64 1 x C each, of the sample in the net's data blob.

        norms[0, j] is the Frobenius norm of the gradient of the loss as if the label were j (Eq. 1).
        """
        net, loss = self.net, self.classifier.loss
        norms = np.empty((1, self.classifier.classes))
        for label in range(self.classifier.classes):
            self._write_label(label)
            # Forward for each label: the loss layer's diff comes from its last forward, and a Scale layer that works in
            # place overwrites in its backward what another backward would need.
            net.forward(end=loss)
            net.clear_param_diffs()  # backward adds to what is there
            net.backward(start=loss, end=self.counted[0])
            squares = [
                _sum_of_squares(blob.diff) for name in self.counted for blob in net.params[name]
            ]
            norms[0, label] = np.sqrt(sum(squares))
        return softmax(net.blobs[self.classifier.scores].data.reshape(1, -1)), norms

    def _write_label(self, label):
        # Caffe indexes the scores with the label unchecked: out of range it writes into other memory.
        if not 0 <= label < self.net.blobs[self.classifier.scores].data.shape[1]:
            raise NetError(f"label {label} is not in [0, {self.classifier.classes})")
        self.net.blobs[self.classifier.label].data[...] = label


def softmax(scores):
    """Return exp(s_j) / sum over k of exp(s_k) for each row of `scores` (N x C), computed in float64."""
    powers = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _sum_of_squares(values):
    flat = values.ravel()
    return np.einsum("i,i->", flat, flat, dtype=np.float64)
