"""A random forest that tells exudates from the other candidates, trained on those of annotated photographs."""

import numpy as np

from egl.errors import EglError

POSITIVE = 0.5  # a candidate is an exudate if at least this share of its pixels is annotated
NEGATIVES = 400  # of a training photograph at most, drawn at random: they outnumber exudates anyway
SAMPLE_SEED = 0  # of that draw; the same for all forests, so that seeds differ in the forest alone
TREES = 200
LEAF = 3  # candidates in a leaf at least


def train(photographs, seed, trees=TREES):
    """Return a RandomForestClassifier.

    photographs: of each training photograph its candidates' (features (n, d), share annotated (n,)); seed: of the forest. The
    classes are weighted in each tree's sample so that they count the same. Zhang et al. (2014) use a random forest too; of its
    size we could read nothing. EglError where no candidate, or every one, is an exudate.
    """
    from sklearn.ensemble import RandomForestClassifier

    random = np.random.RandomState(SAMPLE_SEED)
    parts = [_sample(*each, random) for each in photographs]
    features, exudate = (np.concatenate(part) for part in zip(*parts))
    if exudate.all() or not exudate.any():
        raise EglError(
            f"{int(exudate.sum())} of the {len(exudate)} candidates in the training photographs are exudates: a forest needs both "
            "kinds; give more photographs with annotated exudates"
        )
    forest = RandomForestClassifier(
        trees, min_samples_leaf=LEAF, class_weight="balanced_subsample", random_state=seed, n_jobs=1
    )
    return forest.fit(features, exudate)


def probability(forest, features):
    """Return p(exudate) of each candidate, float32 (n,)."""
    if not len(features):
        return np.zeros(0, np.float32)
    return forest.predict_proba(features)[:, 1].astype(np.float32)


def _sample(features, annotated, random):
    """Return (features, whether an exudate) of all exudates and of NEGATIVES other candidates at most, in their order."""
    exudate = annotated >= POSITIVE
    others = np.flatnonzero(~exudate)
    if len(others) > NEGATIVES:
        others = random.choice(others, NEGATIVES, replace=False)
    chosen = np.sort(np.concatenate([np.flatnonzero(exudate), others]))
    return features[chosen], exudate[chosen]
