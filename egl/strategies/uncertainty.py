"""Uncertainty sampling: how unsure the net is of a patch.

Lewis and Gale 1994; the three measures as in Settles 2009, section 3.1. With two classes they rank
patches alike.
"""

import numpy as np

from egl.strategies.base import ByScore


def least_confidence(posterior: np.ndarray) -> np.ndarray:
    """Return 1 minus the probability of the most probable class, (n,), of posterior (n, C)."""
    return 1 - np.asarray(posterior, float).max(axis=1)


def margin(posterior: np.ndarray) -> np.ndarray:
    """Return minus the distance between the two most probable classes, (n,), of posterior (n, C).

    The higher, the less sure is the net.
    """
    ordered = np.sort(np.asarray(posterior, float), axis=1)
    return ordered[:, -2] - ordered[:, -1]


def entropy(posterior: np.ndarray) -> np.ndarray:
    """Return the entropy in nats, (n,), of posterior (n, C); 0 log 0 is 0."""
    p = np.asarray(posterior, float)
    return -np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0).sum(axis=1)


class LeastConfidence(ByScore):
    """The patches whose most probable class is the least probable."""

    def scores(self, patches: np.ndarray) -> np.ndarray:
        return least_confidence(self.model.posterior(patches))


class Margin(ByScore):
    """The patches whose two most probable classes are nearest to each other."""

    def scores(self, patches: np.ndarray) -> np.ndarray:
        return margin(self.model.posterior(patches))


class Entropy(ByScore):
    """The patches of highest entropy."""

    def scores(self, patches: np.ndarray) -> np.ndarray:
        return entropy(self.model.posterior(patches))
