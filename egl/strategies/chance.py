"""Random choice: what every strategy has to beat."""

from egl.strategies.ranking import top_k

_PATCHES, _IMAGES = 22, 23  # uses of random numbers


class Random:
    """Gives everything a random score."""

    def __init__(self, learner):
        self.learner = learner

    def choose_patches(self, patches, k, known):
        return self._choose(len(patches), k, _PATCHES)

    def choose_images(self, images, n, bags, labelled):
        return self._choose(len(images), n, _IMAGES)

    def _choose(self, n, k, use):
        scores = self.learner.random(use).random_sample(n)
        places = top_k(scores, k)
        return places, scores[places]
