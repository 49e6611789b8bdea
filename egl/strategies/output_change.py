"""Expected model output change (Freytag, Rodner, Denzler 2014), for a softmax classifier trained by gradient descent.

    EMOC(x) = sum over labels y of p(y | x) * mean over x' of || p(. | x'; theta_y) - p(. | x') ||_1

theta_y are the weights after one SGD step on (x, y) with rate eta; x' runs over a sample of the pool. Last-layer
approximation: only the last fully connected layer (weights and bias) takes the step. With h its input, the scores of x' then change by
exactly -eta (p(c | x) - [c = y]) (h . h' + 1), and no net needs to be run again.
"""

import numpy as np


def expected_output_change(posterior, features, pool_features, pool_scores, rate):
    """Return EMOC of each candidate, float64 (n,), in the last-layer approximation.

    posterior: (n, C) and features: (n, d) of the candidates; pool_features: (m, d) and pool_scores: (m, C), before the softmax,
    of the sample of the pool; rate: of the SGD step.
    """
    posterior, pool_scores = np.asarray(posterior, float), np.asarray(pool_scores, float)
    similar = (
        np.asarray(features, float) @ np.asarray(pool_features, float).T + 1
    )  # (n, m); 1 is the bias's part
    before = softmax(pool_scores)
    result = np.zeros(len(posterior))
    for label in range(posterior.shape[1]):
        step = -rate * (posterior - np.eye(posterior.shape[1])[label])  # (n, C)
        after = softmax(pool_scores[None] + similar[:, :, None] * step[:, None, :])
        result += posterior[:, label] * np.abs(after - before).sum(axis=2).mean(axis=1)
    return result


def softmax(scores):
    """Return the softmax over the last axis."""
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)
