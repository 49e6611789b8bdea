"""A random forest that separates exudates from other candidates."""

from typing import TYPE_CHECKING, Iterable, Tuple

import numpy as np

from egl.errors import EglError

if TYPE_CHECKING:  # scikit-learn takes a second to import
    from sklearn.ensemble import RandomForestClassifier

POSITIVE = 0.5  # a candidate is an exudate if at least this share of its pixels is annotated
# Other candidates of a training photograph at most, at random: they outnumber exudates anyway.
NEGATIVES = 400
SAMPLE_SEED = 0  # of that choice, the same for all forests: so seeds differ in the forest alone
TREES = 200
LEAF = 3  # candidates in a leaf at least

Candidates = Tuple[np.ndarray, np.ndarray]  # features (n, d), share annotated (n,)


def train(
    photographs: Iterable[Candidates], seed: int, trees: int = TREES
) -> "RandomForestClassifier":
    """Return a forest trained on the Candidates of each training photograph.

    The classes are weighted in each tree's sample so that they count the same. Zhang et al. (2014)
    use a random forest too; its size is not in what we could read.
    Raises EglError where no candidate is an exudate, or every one is.
    """
    from sklearn.ensemble import RandomForestClassifier

    random = np.random.RandomState(SAMPLE_SEED)
    samples = [training_sample(*candidates, random) for candidates in photographs]
    features = np.concatenate([sample[0] for sample in samples])
    exudate = np.concatenate([sample[1] for sample in samples])
    if exudate.all() or not exudate.any():
        raise EglError(
            f"{int(exudate.sum())} of the {len(exudate)} candidates in the training photographs "
            "are exudates, but a forest needs both kinds; give more photographs with exudates"
        )
    forest = RandomForestClassifier(
        trees, min_samples_leaf=LEAF, class_weight="balanced_subsample", random_state=seed, n_jobs=1
    )
    return forest.fit(features, exudate)


def probability(forest: "RandomForestClassifier", features: np.ndarray) -> np.ndarray:
    """Return p(exudate) of each candidate: float32 (n,)."""
    if not len(features):
        return np.zeros(0, np.float32)
    return forest.predict_proba(features)[:, 1].astype(np.float32)


def training_sample(
    features: np.ndarray, annotated: np.ndarray, random: np.random.RandomState
) -> Candidates:
    """Return features and whether an exudate, of all exudates and at most NEGATIVES others."""
    exudate = annotated >= POSITIVE
    others = np.flatnonzero(~exudate)
    if len(others) > NEGATIVES:
        others = random.choice(others, NEGATIVES, replace=False)
    chosen = np.sort(np.concatenate([np.flatnonzero(exudate), others]))
    return features[chosen], exudate[chosen]
