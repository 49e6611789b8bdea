"""BADGE: k-means++ on gradients, the net's own guess as label (Ash et al. 2020, algorithm 1)."""

from typing import Callable, Sequence

import numpy as np
from scipy.spatial.distance import cdist

from data_prep.random_streams import Stream
from egl.strategies.base import Bags, Choice, Strategy, mean_rows


def gradient_embedding(posterior: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Return the gradient over the last layer's weights, the likeliest class as label: (n, C * d).

    posterior: (n, C); features: (n, d), the last layer's input.
    """
    posterior, features = np.asarray(posterior, float), np.asarray(features, float)
    diff = posterior - np.eye(posterior.shape[1])[posterior.argmax(axis=1)]
    return (diff[:, :, None] * features[:, None, :]).reshape(len(features), -1)


def k_means_plus_plus(embedding: np.ndarray, k: int, random: np.random.RandomState) -> np.ndarray:
    """Return the indices (k,) of k items that lie far apart.

    The first is the longest; a further one is drawn with a probability proportional to its squared
    distance to those taken. embedding: (n, d). At most n are taken; where all distances are 0, the
    first that are left.
    """
    embedding = np.asarray(embedding, float)
    indices = [int(np.argmax((embedding**2).sum(axis=1)))]
    nearest = cdist(embedding, embedding[indices])[:, 0] ** 2
    while len(indices) < min(k, len(embedding)):
        nearest[indices] = 0
        if nearest.sum() > 0:
            index = int(random.choice(len(embedding), p=nearest / nearest.sum()))
        else:
            index = int(np.setdiff1d(np.arange(len(embedding)), indices)[0])
        indices.append(index)
        nearest = np.minimum(nearest, cdist(embedding, embedding[index : index + 1])[:, 0] ** 2)
    return np.array(indices, int)


class Badge(Strategy):
    """An image's embedding is the mean of its patches', as the gradient of their mean loss is."""

    def query_patches(self, patches: np.ndarray, k: int, known: Callable[[], np.ndarray]) -> Choice:
        return self._choose(self._embedding(patches), k)

    def query_images(
        self, images: Sequence[int], n: int, bags: Bags, labelled: Sequence[int]
    ) -> Choice:
        return self._choose(mean_rows(images, bags, self._embedding), n)

    def _embedding(self, patches: np.ndarray) -> np.ndarray:
        rows = self.model.features(patches)
        return gradient_embedding(rows.posterior, rows.features)

    def _choose(self, embedding: np.ndarray, k: int) -> Choice:
        indices = k_means_plus_plus(embedding, k, self.model.random(Stream.BADGE))
        return Choice(indices, np.linalg.norm(embedding[indices], axis=1))
