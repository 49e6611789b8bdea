"""Strategies that give every patch a score and take the highest; an image's score is a reduction of its patches'."""

import numpy as np

from egl.strategies import disagreement, uncertainty
from egl.strategies.output_change import expected_output_change
from egl.strategies.ranking import image_score, top_k

TOGETHER = (
    2048  # patches of several images that are scored together, so that few batches are part empty
)
POOL_SAMPLE = 100  # patches on which the change of the output is measured

_POOL = 40  # the use of random numbers, beside those of egl.selection.run


def of_bags(images, bags, measure):
    """Yield (rows, how many patches its whole grid has) of each image: measure(patches)'s rows of its patches.

    images: their numbers; bags: see egl.selection.run.Bags. Several images are measured together, so that few batches are part empty.
    """
    together = max(1, TOGETHER // bags.most) if bags.most else 1
    for first in range(0, len(images), together):
        chunk = [bags.of(image) for image in images[first : first + together]]
        rows = measure(np.concatenate([patches for patches, _ in chunk]))
        ends = np.cumsum([len(patches) for patches, _ in chunk])
        for part, (_, n_grid) in zip(np.split(rows, ends[:-1]), chunk):
            yield part, n_grid


class ByScore:
    """Takes what has the highest score. A subclass says what a score is."""

    def __init__(self, learner):
        self.learner = learner

    def scores(self, patches):
        """Return the scores (n,) of patches, uint8 n x 3 x H x W."""
        raise NotImplementedError

    def choose_patches(self, patches, k, known):
        """Return (places, scores) of the k patches to label next. known(): the patches trained on so far, for those who look."""
        scores = self.scores(patches)
        places = top_k(scores, k)
        return places, scores[places]

    def choose_images(self, images, n, bags, labelled):
        """Return (places, scores) of the n images to label next.

        images: their numbers; bags: see egl.selection.run.Bags; labelled: numbers of those that are.
        """
        scores = self.image_scores(images, bags)
        places = top_k(scores, n)
        return places, scores[places]

    def image_scores(self, images, bags):
        """Return the score (m,) of each image."""
        reduction = self.learner.settings.score
        return np.array(
            [
                image_score(scores, n_grid, reduction)
                for scores, n_grid in of_bags(images, bags, self.scores)
            ]
        )


class GradientLengths(ByScore):
    """The paper's: expected gradient length (Eq. 1)."""

    def scores(self, patches):
        return self.learner.phi(patches).phi

    def image_scores(self, images, bags):
        if bags.most:
            return super().image_scores(images, bags)
        maps = (self.learner.phi_of_whole(*bags.whole(image)) for image in images)
        return np.array(
            [
                image_score(each.phi[each.inside], each.inside.sum(), self.learner.settings.score)
                for each in maps
            ]
        )


class LeastConfidence(ByScore):
    """Uncertainty sampling."""

    def scores(self, patches):
        return uncertainty.least_confidence(self.learner.trainer.posterior(patches))


class Margin(ByScore):
    """Uncertainty sampling by the margin, which with two classes ranks patches as least confidence does."""

    def scores(self, patches):
        return uncertainty.margin(self.learner.trainer.posterior(patches))


class Entropy(ByScore):
    """Uncertainty sampling by the entropy, which with two classes ranks patches as least confidence does."""

    def scores(self, patches):
        return uncertainty.entropy(self.learner.trainer.posterior(patches))


class VoteEntropy(ByScore):
    """Query by bagging: the entropy of a committee's votes."""

    def scores(self, patches):
        return disagreement.vote_entropy(self.learner.committee.posteriors(patches))


class CommitteeDivergence(ByScore):
    """Query by bagging: the mean Kullback-Leibler divergence of the members from their consensus."""

    def scores(self, patches):
        return disagreement.mean_divergence(self.learner.committee.posteriors(patches))


class OutputChange(ByScore):
    """Expected model output change on a random sample of what is scored, in the last-layer approximation."""

    def scores(self, patches):
        rows = self.learner.features(patches)
        n = min(POOL_SAMPLE, len(patches))
        sample = np.sort(self.learner.random(_POOL).choice(len(patches), n, replace=False))
        rate = self.learner.settings.trainer.rate
        return expected_output_change(
            rows.posterior, rows.features, rows.features[sample], rows.scores[sample], rate
        )
