"""Core-set selection: greedy k-centre on features (Sener and Savarese 2018)."""

from typing import Callable, Sequence

import numpy as np
from scipy.spatial.distance import cdist

from egl.strategies.base import Bags, Choice, Strategy, mean_rows

CHUNK = 256  # known items compared at a time


def k_centre(features: np.ndarray, known: np.ndarray, k: int) -> Choice:
    """Return the items chosen one after the other, each the farthest from all taken before.

    features: (n, d); known: (m, d) of what is labelled already, m at least 1. The scores are the
    distances to the nearest item taken before. Of equally far items the first is taken; at most n
    are.
    """
    features = np.asarray(features, float)
    nearest = np.full(len(features), np.inf)
    for chunk in np.array_split(np.asarray(known, float), max(1, len(known) // CHUNK)):
        nearest = np.minimum(nearest, cdist(features, chunk).min(axis=1))
    indices, radii = [], []
    for _ in range(min(k, len(features))):
        index = int(np.argmax(nearest))
        indices.append(index)
        radii.append(nearest[index])
        nearest = np.minimum(nearest, cdist(features, features[index : index + 1])[:, 0])
        nearest[index] = -1  # taken
    return Choice(np.array(indices, int), np.array(radii))


class CoreSet(Strategy):
    """What is farthest from all that is labelled; an image lies at the mean of its patches."""

    def query_patches(self, patches: np.ndarray, k: int, known: Callable[[], np.ndarray]) -> Choice:
        return k_centre(self._features(patches), self._features(known()), k)

    def query_images(
        self, images: Sequence[int], n: int, bags: Bags, labelled: Sequence[int]
    ) -> Choice:
        candidates = mean_rows(images, bags, self._features)
        return k_centre(candidates, mean_rows(labelled, bags, self._features), n)

    def _features(self, patches: np.ndarray) -> np.ndarray:
        return self.model.features(patches).features
