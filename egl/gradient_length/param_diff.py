"""Phi as the paper states it: one sample, one supposed label, one backward pass, one norm.

This is the reference for the fast routes, and shares no code with them. It is what Caffe computes,
so it shares Caffe's rounding: SoftmaxWithLoss forms p - 1 in float32, which for a sample of
posterior p leaves a relative error of about 6e-8 / (1 - p). Down to 1 - p = 0.01 it agrees with the
batched route to 1e-5. Below, it loses a digit with every factor of ten, and at 1 - p < 6e-8 it
takes the gradient of the likely label for 0. The batched route stays exact.
"""

from __future__ import annotations

from typing import Any, Sequence, Tuple

import numpy as np

from egl.errors import NetError
from egl.nets.classifier import Classifier
from egl.nets.finite import check_pooled, check_scores, max_pooled


class ParamDiff:
    """Reads gradient lengths off a net with a batch of 1, one sample at a time.

    net: caffe.Net in phase TEST; classifier: of its definition
    counted: names of the layers whose gradient counts, lowest first
    """

    def __init__(self, net: Any, classifier: Classifier, counted: Sequence[str]) -> None:
        self.net = net
        self.classifier = classifier
        self.counted = counted
        self._pooled = max_pooled(net, classifier, counted[0])

    def score(self) -> Tuple[np.ndarray, np.ndarray]:
        """Return posterior and norms, float64 (1, C) each, of the sample in the net's data blob.

        norms[0, j] is the Frobenius norm of the loss's gradient as if the label were j (Eq. 1).
        Raises Diverged where the net's numbers are not finite.
        """
        net, loss, data = self.net, self.classifier.loss, self.classifier.data
        sample = net.blobs[data].data.copy()
        norms = np.empty((1, self.classifier.classes))
        for label in range(self.classifier.classes):
            # A layer in place on the data blob has overwritten the sample in the last forward.
            net.blobs[data].data[...] = sample
            self._write_label(label)
            # Forward for each label: the loss layer's diff comes from its last forward, and a Scale
            # layer in place overwrites in its backward what a second backward would need.
            net.forward(end=loss)
            check_scores(net, self.classifier)
            check_pooled(net, self.classifier, self._pooled)
            net.clear_param_diffs()  # backward adds to what is there
            net.backward(start=loss, end=self.counted[0])
            squares = [
                _sum_of_squares(blob.diff) for name in self.counted for blob in net.params[name]
            ]
            norms[0, label] = np.sqrt(sum(squares))
        return self._posterior(), norms

    def _write_label(self, label: int) -> None:
        # Caffe uses the label as an index unchecked: out of range, it writes into other memory.
        if not 0 <= label < self.net.blobs[self.classifier.scores].data.shape[1]:
            raise NetError(f"label {label} is not in [0, {self.classifier.classes})")
        self.net.blobs[self.classifier.label].data[...] = label

    def _posterior(self) -> np.ndarray:
        """Return the softmax of the scores, p(y = j | x), computed in float64: (1, C)."""
        scores = self.net.blobs[self.classifier.scores].data.reshape(1, -1)
        powers = np.exp(scores.astype(np.float64) - scores.max())
        return powers / powers.sum()


def _sum_of_squares(values: np.ndarray) -> float:
    flat = values.ravel()
    return float(np.einsum("i,i->", flat, flat, dtype=np.float64))
