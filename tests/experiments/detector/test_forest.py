import numpy as np
import pytest

from egl.errors import EglError
from experiments.detector import forest


def photographs(n=3, candidates=40, seed=0):
    """Candidates of n photographs, a fifth of them exudates: their second feature is above 0.5."""
    random = np.random.RandomState(seed)
    result = []
    for _ in range(n):
        annotated = (np.arange(candidates) % 5 == 0) * random.uniform(
            forest.POSITIVE, 1, candidates
        )
        features = random.rand(candidates, 3)
        features[:, 1] = np.where(annotated > 0, 0.5, 0) + 0.4 * features[:, 1]
        result.append((features.astype(np.float32), annotated.astype(np.float32)))
    return result


def test_it_learns_what_can_be_told_apart():
    trained = forest.train(photographs(), seed=1, trees=20)
    features, annotated = photographs(1, seed=9)[0]
    p = forest.probability(trained, features)
    assert p.dtype == np.float32
    assert p[annotated > 0].min() > 0.5 > p[annotated == 0].max()
    assert trained.feature_importances_.argmax() == 1
    assert len(trained.estimators_) == 20


def test_a_seed_gives_one_forest():
    features, _ = photographs(1, seed=9)[0]
    first, same, other = (
        forest.probability(forest.train(photographs(), seed, trees=5), features)
        for seed in (1, 1, 2)
    )
    assert first.tobytes() == same.tobytes()
    assert (first != other).any()


def test_half_annotated_is_an_exudate():
    features, exudate = forest.training_sample(
        np.arange(4)[:, None], np.array([0, 0.49, 0.5, 1]), np.random.RandomState(0)
    )
    assert features.ravel().tolist() == [0, 1, 2, 3]
    assert exudate.tolist() == [False, False, True, True]


def test_at_most_so_many_others(monkeypatch):
    monkeypatch.setattr(forest, "NEGATIVES", 10)
    annotated = (np.arange(100) >= 70).astype(float)
    features, exudate = forest.training_sample(
        np.arange(100)[:, None], annotated, np.random.RandomState(0)
    )
    assert (exudate.sum(), len(exudate)) == (30, 40)
    assert features.ravel().tolist() == sorted(set(features.ravel().tolist()))


def test_both_classes_are_needed():
    features, annotated = photographs(1)[0]
    with pytest.raises(EglError, match="0 of the 40 candidates"):
        forest.train([(features, 0 * annotated)], seed=1)


def test_no_candidates_no_probabilities():
    assert forest.probability(None, np.zeros((0, 3), np.float32)).shape == (0,)
