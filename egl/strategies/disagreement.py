"""Query by bagging: how much a committee of nets disagrees about a patch.

Abe and Mamitsuka 1998; Sanchez et al. 2010.
"""

import numpy as np

from egl.strategies.base import ByScore
from egl.strategies.uncertainty import entropy


def vote_entropy(posteriors: np.ndarray) -> np.ndarray:
    """Return the entropy in nats of the members' votes, (n,) (Dagan and Engelson 1995).

    posteriors: (members, n, C). A tie within a member goes to the lower class.
    """
    posteriors = np.asarray(posteriors, float)
    votes = np.eye(posteriors.shape[2])[posteriors.argmax(axis=2)]
    return entropy(votes.mean(axis=0))


def mean_divergence(posteriors: np.ndarray) -> np.ndarray:
    """Return the members' mean Kullback-Leibler divergence from their consensus, in nats, (n,).

    McCallum and Nigam 1998. posteriors: (members, n, C). It is the entropy of the consensus minus
    the members' mean entropy.
    """
    posteriors = np.asarray(posteriors, float)
    own = np.mean([entropy(posterior) for posterior in posteriors], axis=0)
    return np.maximum(entropy(posteriors.mean(axis=0)) - own, 0)  # below 0 by rounding alone


class VoteEntropy(ByScore):
    """The entropy of the committee's votes."""

    committee = True

    def scores(self, patches: np.ndarray) -> np.ndarray:
        return vote_entropy(self.model.committee.posteriors(patches))


class CommitteeDivergence(ByScore):
    """The committee's mean Kullback-Leibler divergence from its consensus."""

    committee = True

    def scores(self, patches: np.ndarray) -> np.ndarray:
        return mean_divergence(self.model.committee.posteriors(patches))
