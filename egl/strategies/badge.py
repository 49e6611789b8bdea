"""BADGE: k-means++ on gradients as if the net's own guess were the label (Ash et al. 2020, algorithm 1)."""

import numpy as np

from egl.strategies.core_set import distances


def gradient_embedding(posterior, features):
    """Return the gradient over the last layer's weights with the most probable class as label: (n, C * d).

    posterior: (n, C); features: (n, d), the last layer's input.
    """
    posterior, features = np.asarray(posterior, float), np.asarray(features, float)
    diff = posterior - np.eye(posterior.shape[1])[posterior.argmax(axis=1)]
    return (diff[:, :, None] * features[:, None, :]).reshape(len(features), -1)


def k_means_plus_plus(embedding, k, random):
    """Return the places (k,) of k items: the longest one first, then each with a probability as its squared distance to those taken.

    embedding: (n, d); random: numpy RandomState. At most n are taken; where all distances are 0, the first that are left.
    """
    embedding = np.asarray(embedding, float)
    places = [int(np.argmax((embedding**2).sum(axis=1)))]
    nearest = distances(embedding, embedding[places])[:, 0] ** 2
    while len(places) < min(k, len(embedding)):
        nearest[places] = 0
        if nearest.sum() > 0:
            place = int(random.choice(len(embedding), p=nearest / nearest.sum()))
        else:
            place = int(np.setdiff1d(np.arange(len(embedding)), places)[0])
        places.append(place)
        nearest = np.minimum(nearest, distances(embedding, embedding[place : place + 1])[:, 0] ** 2)
    return np.array(places, int)
