"""EGL without near-duplicates: the highest phi in each cluster of features (cf. Zhdanov 2019)."""

from typing import Callable, Sequence

import numpy as np

from data_prep.random_streams import Stream
from egl.strategies.base import Bags, Choice, mean_rows
from egl.strategies.expected_gradient_length import ExpectedGradientLength
from egl.strategies.ranking import top_k

SHARE = 10  # candidates for each item taken: the 10 k highest scores are clustered


def top_of_clusters(scores: np.ndarray, features: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Return the indices (k,) of the highest score in each of k clusters of features.

    scores: (n,); features: (n, d); seed: of the k-means. Only the SHARE * k highest scores are
    clustered, so that no cluster of dull items takes part. The highest score comes first; with n up
    to k all are taken.
    """
    from sklearn.cluster import KMeans

    best = top_k(scores, SHARE * k)
    if len(best) <= k:
        return best
    kmeans = KMeans(k, n_init=1, random_state=seed)
    cluster = kmeans.fit_predict(np.asarray(features, float)[best])
    # The first of each cluster in the order of scores; for empty clusters, the highest left.
    first = np.sort(np.unique(cluster, return_index=True)[1])
    rest = np.setdiff1d(np.arange(len(best)), first)[: k - len(first)]
    return best[np.sort(np.concatenate([first, rest]))]


class DiverseGradientLength(ExpectedGradientLength):
    """The patches or images of highest phi, each from a cluster of its own."""

    def query_patches(self, patches: np.ndarray, k: int, known: Callable[[], np.ndarray]) -> Choice:
        scores = self.scores(patches)
        indices = top_of_clusters(scores, self._features(patches), k, self._seed())
        return Choice(indices, scores[indices])

    def query_images(
        self, images: Sequence[int], n: int, bags: Bags, labelled: Sequence[int]
    ) -> Choice:
        scores = self.image_scores(images, bags)
        if n == 1:  # one cluster holds all
            indices = top_k(scores, 1)
        else:
            features = mean_rows(images, bags, self._features)
            indices = top_of_clusters(scores, features, n, self._seed())
        return Choice(indices, scores[indices])

    def _features(self, patches: np.ndarray) -> np.ndarray:
        return self.model.features(patches).features

    def _seed(self) -> int:
        return self.model.random(Stream.CLUSTERS).randint(2**31 - 1)
