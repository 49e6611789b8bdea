"""Strategies that look at where patches lie among each other, in the space of the last layer's input (LeNet: ip1)."""

import numpy as np

from egl.strategies.badge import gradient_embedding, k_means_plus_plus
from egl.strategies.by_score import GradientLengths, of_bags
from egl.strategies.core_set import k_centre
from egl.strategies.diversity import top_of_clusters
from egl.strategies.ranking import top_k

_BADGE, _CLUSTERS = 41, 42  # uses of random numbers


def means(images, bags, measure):
    """Return the mean row of each image's patches, (images, d); measure(patches) gives their rows."""
    return np.stack([rows.mean(axis=0) for rows, _ in of_bags(images, bags, measure)])


class CoreSet:
    """Greedy k-centre: what is farthest from all that is labelled. An image lies where the mean of its patches does."""

    def __init__(self, learner):
        self.learner = learner

    def choose_patches(self, patches, k, known):
        return k_centre(self._features(patches), self._features(known()), k)

    def choose_images(self, images, n, bags, labelled):
        return k_centre(
            means(images, bags, self._features), means(labelled, bags, self._features), n
        )

    def _features(self, patches):
        return self.learner.features(patches).features


class Badge:
    """k-means++ on gradient embeddings. An image's embedding is the mean of its patches', as the gradient of their mean loss is."""

    def __init__(self, learner):
        self.learner = learner

    def choose_patches(self, patches, k, known):
        return self._choose(self._embedding(patches), k)

    def choose_images(self, images, n, bags, labelled):
        return self._choose(means(images, bags, self._embedding), n)

    def _embedding(self, patches):
        rows = self.learner.features(patches)
        return gradient_embedding(rows.posterior, rows.features)

    def _choose(self, embedding, k):
        places = k_means_plus_plus(embedding, k, self.learner.random(_BADGE))
        return places, np.linalg.norm(embedding[places], axis=1)


class DiverseGradientLengths(GradientLengths):
    """Expected gradient length, of patches that are no near-duplicates: the highest in each of k clusters."""

    def choose_patches(self, patches, k, known):
        scores = self.scores(patches)
        seed = self.learner.random(_CLUSTERS).randint(2**31 - 1)
        places = top_of_clusters(scores, self.learner.features(patches).features, k, seed)
        return places, scores[places]

    def choose_images(self, images, n, bags, labelled):
        scores = self.image_scores(images, bags)
        if n == 1:
            places = top_k(scores, 1)
        else:
            features = means(images, bags, lambda patches: self.learner.features(patches).features)
            places = top_of_clusters(
                scores, features, n, self.learner.random(_CLUSTERS).randint(2**31 - 1)
            )
        return places, scores[places]
