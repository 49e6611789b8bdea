"""Multiple-instance expected gradient length: an image as a bag of patches (Settles, Craven, Ray 2008).

A bag is positive if any of its patches is. With p_i the patches' p(exudate), the bag's probability is

    noisy-or:     P = 1 - product of (1 - p_i)
    softmax-max:  P = sum of p_i w_i,  w_i = exp(alpha p_i) / sum of exp(alpha p_j)     (Settles et al., equation 2)

and its EGL is P || grad log P || + (1 - P) || grad log (1 - P) || = 2 || grad P ||, over one fully connected layer.
"""

import numpy as np

ALPHA = 2.5  # of the softmax-max; Settles et al.'s


def noisy_or(p):
    """Return (P, dP/dp_i (n,)) of a bag with patches p (n,)."""
    p = np.asarray(p, float)
    others = np.array([np.prod(np.delete(1 - p, place)) for place in range(len(p))])
    return 1 - np.prod(1 - p), others


def softmax_max(p, alpha=ALPHA):
    """Return (P, dP/dp_i (n,)) of a bag with patches p (n,)."""
    p = np.asarray(p, float)
    weights = np.exp(alpha * (p - p.max()))
    weights /= weights.sum()
    bag = float(weights @ p)
    return bag, weights * (1 + alpha * (p - bag))


def bag_gradient_length(p, deltas, inputs, bag=noisy_or):
    """Return the EGL of a bag, a float.

    p: (n,) p(exudate) of its patches; deltas: (n, d), the gradient of (score of exudate - score of healthy) at the layer's output;
    inputs: (n, f), the layer's input. The gradient of that difference over the layer's weights and bias is the outer
    product of deltas[i] and (inputs[i], 1), so only products of patches with each other are needed.
    """
    p = np.asarray(p, float)
    through = bag(p)[1] * p * (1 - p)  # dP over the difference of scores
    products = (deltas @ deltas.T).astype(float) * ((inputs @ inputs.T).astype(float) + 1)
    return float(2 * np.sqrt(max(through @ products @ through, 0)))
