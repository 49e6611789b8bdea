"""Uncertainty sampling: how unsure the net is of a patch (Lewis and Gale 1994; the three measures as in Settles 2009, section 3.1)."""

import numpy as np


def least_confidence(posterior):
    """Return 1 - p of the most probable class, (n,), of posterior (n, C)."""
    return 1 - np.asarray(posterior, float).max(axis=1)


def margin(posterior):
    """Return minus the distance between the two most probable classes, (n,): the higher, the less sure. posterior: (n, C)."""
    ordered = np.sort(np.asarray(posterior, float), axis=1)
    return ordered[:, -2] - ordered[:, -1]


def entropy(posterior):
    """Return the entropy of posterior (n, C) in nats, (n,); 0 log 0 is 0."""
    p = np.asarray(posterior, float)
    return -np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0).sum(axis=1)
