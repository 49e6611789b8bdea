"""How much a committee of nets disagrees about a patch (query by bagging: Abe and Mamitsuka 1998; Sanchez et al. 2010)."""

import numpy as np

from egl.strategies.uncertainty import entropy


def vote_entropy(posteriors):
    """Return the entropy in nats of the members' votes, (n,) (Dagan and Engelson 1995). posteriors: (members, n, C)."""
    posteriors = np.asarray(posteriors, float)
    votes = np.eye(posteriors.shape[2])[posteriors.argmax(axis=2)]  # ties go to the lower class
    return entropy(votes.mean(axis=0))


def mean_divergence(posteriors):
    """Return the mean Kullback-Leibler divergence of the members from their consensus, in nats, (n,) (McCallum and Nigam 1998).

    posteriors: (members, n, C). It is the consensus's entropy less the members' mean entropy.
    """
    posteriors = np.asarray(posteriors, float)
    own = np.mean([entropy(posterior) for posterior in posteriors], axis=0)
    return np.maximum(entropy(posteriors.mean(axis=0)) - own, 0)  # never negative but for rounding
