"""Core-set selection: greedy k-centre on features (Sener and Savarese 2018)."""

import numpy as np


def k_centre(features, known, k):
    """Return (places (k,), distances (k,)) of the items chosen one after the other, each the farthest from all taken before.

    features: (n, d); known: (m, d) of what is labelled already, m at least 1. distances: of each to its nearest when it was
    chosen. Of equally far ones the first is taken; at most n are.
    """
    features = np.asarray(features, float)
    nearest = np.full(len(features), np.inf)
    for chunk in np.array_split(np.asarray(known, float), max(1, len(known) // 256)):
        nearest = np.minimum(nearest, distances(features, chunk).min(axis=1))
    places, radii = [], []
    for _ in range(min(k, len(features))):
        place = int(np.argmax(nearest))
        places.append(place)
        radii.append(nearest[place])
        nearest = np.minimum(nearest, distances(features, features[place : place + 1])[:, 0])
        nearest[place] = -1  # taken
    return np.array(places, int), np.array(radii)


def distances(a, b):
    """Return the Euclidean distances (n, m) of a (n, d) and b (m, d)."""
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0))
