from types import SimpleNamespace

import numpy as np
import pytest

from experiments.comparison import TestPatches, best_threshold


def test_best_threshold_by_hand():
    # Above 0.3: 2 hits, 1 wrong, 1 missed; above 0.15: 3 hits, 1 wrong; above 0: 3 hits, 2 wrong;
    # all: 3 hits, 3 wrong.
    scores, labels = [0.2, 0.4, 0.8, 0.0, 0.1, 0.9], np.array([1, 1, 1, 0, 0, 0])
    assert best_threshold(scores, labels) == pytest.approx(0.15)
    # All called: F 2/3; the upper one of two called: 2/3 too. The lowest threshold is taken, below
    # all scores.
    assert best_threshold([0.5, 0.5], np.array([1, 0])) < 0.5


class Store:
    """In each split two images of two patients, with a healthy and an exudate patch each."""

    labels = np.array([0, 0, 1, 1, 0, 0, 1, 1])
    image = np.array([0, 1, 0, 1, 2, 3, 2, 3])
    images = [SimpleNamespace(patient=letter) for letter in "abcd"]

    def samples(self, split):
        return np.array([[patch, 0] for patch in range(4)]) + {"validation": 0, "test": 4}[split]


@pytest.fixture
def patches():
    return TestPatches(Store())


def test_thresholds_come_from_the_validation_patches(patches):
    scores = {"validation": np.array([0, 0.2, 0.4, 0.6]), "test": np.zeros(4)}
    assert patches.best_threshold(scores) == pytest.approx(0.3)


def test_measures_of_the_test_patches_by_hand(patches):
    cases = patches.count({"test": np.array([0.1, 0.6, 0.4, 0.9])}, 0.3)
    found = patches.intervals(cases)
    # 0.6 (healthy), 0.4 and 0.9 are called; 3 of the 4 pairs are ranked rightly.
    values = [found[name][0] for name in ("f_measure", "sensitivity", "specificity", "auc")]
    assert values == pytest.approx([0.8, 1, 0.5, 0.75])
    # The patients are c (a healthy patch at 0.1, an exudate at 0.4) and d (at 0.6 and 0.9).
    assert found["specificity"][1:] == (0, 1)
    assert found["auc"][1:] == (0.75, 1)


def test_a_lead_is_paired(patches):
    cases = patches.count({"test": np.array([0.1, 0.6, 0.4, 0.9])}, 0.3)
    better = patches.count({"test": np.array([0.1, 0.2, 0.4, 0.9])}, 0.3)
    assert patches.lead([cases], [cases])["f_measure"] == (0, 0, 0)
    assert patches.lead([better], [cases])["specificity"] == (0.5, 0, 1)
    # The mean of two seeds.
    assert patches.lead([better, cases], [cases])["specificity"][0] == pytest.approx(0.25)
