"""Multiple-instance expected gradient length: an image as a bag of patches (Settles et al. 2008).

A bag is positive if any of its patches is. With p_i the patches' p(exudate), the bag's probability
is

    noisy-or:     P = 1 - product of (1 - p_i)
    softmax-max:  P = sum of p_i w_i,  w_i = exp(alpha p_i) / sum of exp(alpha p_j)   (equation 2)

and its EGL is P || grad log P || + (1 - P) || grad log (1 - P) || = 2 || grad P ||, over one fully
connected layer.
"""

from typing import Callable, Sequence, Tuple

import numpy as np
from scipy.special import softmax

from egl.strategies.base import Bags, ScoringModel, rows_of_bags
from egl.strategies.expected_gradient_length import ExpectedGradientLength

ALPHA = 2.5  # of the softmax-max; Settles et al.'s
Bag = Callable[[np.ndarray], Tuple[float, np.ndarray]]


def noisy_or(p: np.ndarray) -> Tuple[float, np.ndarray]:
    """Return (P, dP/dp_i (n,)) of a bag with patches p (n,)."""
    p = np.asarray(p, float)
    slopes = np.array([np.prod(np.delete(1 - p, index)) for index in range(len(p))])
    return 1 - np.prod(1 - p), slopes


def softmax_max(p: np.ndarray, alpha: float = ALPHA) -> Tuple[float, np.ndarray]:
    """Return (P, dP/dp_i (n,)) of a bag with patches p (n,)."""
    p = np.asarray(p, float)
    weights = softmax(alpha * p)
    bag = float(weights @ p)
    return bag, weights * (1 + alpha * (p - bag))


def bag_gradient_length(
    p: np.ndarray, deltas: np.ndarray, inputs: np.ndarray, bag: Bag = noisy_or
) -> float:
    """Return the EGL of a bag.

    p: (n,) p(exudate) of its patches; deltas: (n, d), the gradient of (score of exudate - score of
    healthy) at the layer's output; inputs: (n, f), the layer's input. The gradient of that
    difference over the layer's weights and bias is the outer product of deltas[i] and
    (inputs[i], 1), so only products of patches with each other are needed.
    """
    p = np.asarray(p, float)
    through = bag(p)[1] * p * (1 - p)  # dP over the difference of scores
    products = (deltas @ deltas.T).astype(float) * ((inputs @ inputs.T).astype(float) + 1)
    return float(2 * np.sqrt(max(through @ products @ through, 0)))


class BagGradientLength(ExpectedGradientLength):
    """The EGL of an image's label, by noisy-or, over the patches of the image that are scored.

    Patches alone are chosen by plain EGL.
    """

    def __init__(self, model: ScoringModel) -> None:
        super().__init__(model)
        self._units = 0  # of the layer's output; known when the first patches were scored

    def bag(self, p: np.ndarray) -> Tuple[float, np.ndarray]:
        """Return (P, dP/dp_i (n,)) of a bag with patches p (n,)."""
        return noisy_or(p)

    def image_scores(self, images: Sequence[int], bags: Bags) -> np.ndarray:
        rows = rows_of_bags(images, bags, self._rows)
        return np.array([self._length(image_rows) for image_rows, _ in rows])

    def _rows(self, patches: np.ndarray) -> np.ndarray:
        """Return p, delta and input of each patch side by side, one row a patch."""
        factors = self.model.factors(patches)
        self._units = factors.deltas.shape[1]
        return np.hstack([factors.posterior[:, None], factors.deltas, factors.inputs])

    def _length(self, rows: np.ndarray) -> float:
        p, deltas, inputs = np.split(rows, (1, 1 + self._units), axis=1)
        return bag_gradient_length(p[:, 0], deltas, inputs, self.bag)


class SoftmaxBagGradientLength(BagGradientLength):
    """The same by softmax-max."""

    def bag(self, p: np.ndarray) -> Tuple[float, np.ndarray]:
        return softmax_max(p)
