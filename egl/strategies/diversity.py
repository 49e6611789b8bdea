"""A batch without near-duplicates: the highest score in each cluster of features (cf. Zhdanov 2019)."""

import numpy as np

SHARE = 10  # candidates for each that is taken: the highest 10 k are clustered


def top_of_clusters(scores, features, k, seed):
    """Return the places (k,) of the highest score in each of k clusters of features, highest first.

    scores: (n,); features: (n, d); seed: of the k-means. Clustered are the SHARE * k highest scores alone, so that no cluster
    of dull items takes part. With n up to k all are taken.
    """
    from sklearn.cluster import KMeans

    from egl.strategies.ranking import top_k

    best = top_k(scores, SHARE * k)
    if len(best) <= k:
        return best
    cluster = KMeans(k, n_init=1, random_state=seed).fit_predict(np.asarray(features, float)[best])
    # The first of each cluster, in the order of scores; where clusters are empty, the highest that are left.
    first = np.sort(np.unique(cluster, return_index=True)[1])
    rest = np.setdiff1d(np.arange(len(best)), first)[: k - len(first)]
    return best[np.sort(np.concatenate([first, rest]))]
