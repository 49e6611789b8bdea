"""Expected model output change (Freytag, Rodner, Denzler 2014), for a softmax classifier and SGD.

    EMOC(x) = sum over labels y of p(y | x) * mean over x' of || p(. | x'; theta_y) - p(. | x') ||_1

theta_y are the weights after one SGD step on (x, y) with rate eta; x' runs over a sample of the
pool. Last-layer approximation: only the last fully connected layer (weights and bias) takes the
step. With h its input, the scores of x' then change by exactly
-eta (p(c | x) - [c = y]) (h . h' + 1), and no net needs to be run again.
"""

import numpy as np
from scipy.special import softmax

from data_prep.random_streams import Stream
from egl.strategies.base import ByScore

POOL_SAMPLE = 100  # patches on which the change of the output is measured


def expected_output_change(
    posterior: np.ndarray,
    features: np.ndarray,
    pool_features: np.ndarray,
    pool_scores: np.ndarray,
    rate: float,
) -> np.ndarray:
    """Return EMOC of each candidate, float64 (n,), in the last-layer approximation.

    posterior: (n, C) and features: (n, d) of the candidates; pool_features: (m, d) and pool_scores:
    (m, C), before the softmax, of the sample of the pool; rate: of the SGD step.
    """
    posterior, pool_scores = np.asarray(posterior, float), np.asarray(pool_scores, float)
    products = np.asarray(features, float) @ np.asarray(pool_features, float).T  # (n, m)
    similarity = products + 1  # 1 is the bias's part
    before = softmax(pool_scores, axis=-1)
    change = np.zeros(len(posterior))
    for label in range(posterior.shape[1]):
        step = -rate * (posterior - np.eye(posterior.shape[1])[label])  # (n, C)
        after = softmax(pool_scores[None] + similarity[:, :, None] * step[:, None, :], axis=-1)
        change += posterior[:, label] * np.abs(after - before).sum(axis=2).mean(axis=1)
    return change


class OutputChange(ByScore):
    """EMOC, measured on a random sample of the candidates."""

    def scores(self, patches: np.ndarray) -> np.ndarray:
        rows = self.model.features(patches)
        n = min(POOL_SAMPLE, len(patches))
        random = self.model.random(Stream.OUTPUT_CHANGE)
        sample = np.sort(random.choice(len(patches), n, replace=False))
        return expected_output_change(
            rows.posterior,
            rows.features,
            rows.features[sample],
            rows.scores[sample],
            self.model.rate,
        )
