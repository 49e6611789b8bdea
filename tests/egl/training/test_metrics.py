import numpy as np
import pytest

from egl.training.metrics import best_threshold, classification_metrics, cross_entropy, f_at


def posterior(exudate):
    exudate = np.array(exudate)
    return np.stack([1 - exudate, exudate], axis=1)


def test_by_hand():
    """Labels 1 1 1 0 0 0 0; called 1 are numbers 1, 2, 4 and 5: tp 2, fn 1, fp 2, tn 2."""
    metrics = classification_metrics(
        posterior([0.9, 0.8, 0.3, 0.7, 0.6, 0.2, 0.1]), [1, 1, 1, 0, 0, 0, 0]
    )
    assert metrics["sensitivity"] == pytest.approx(2 / 3)
    assert metrics["specificity"] == pytest.approx(2 / 4)
    assert metrics["f_measure"] == pytest.approx(2 * 0.5 * (2 / 3) / (0.5 + 2 / 3))
    assert metrics["accuracy"] == pytest.approx(4 / 7)
    assert metrics["auc"] == pytest.approx(
        10 / 12
    )  # of the 12 pairs, 0.3 loses against 0.7 and 0.6
    assert metrics["n"] == 7


def test_an_even_posterior_is_called_healthy():
    assert classification_metrics(posterior([0.5, 0.5]), [0, 1])["specificity"] == 1


def test_nothing_called_exudate():
    metrics = classification_metrics(posterior([0.1, 0.2]), [0, 1])
    assert (metrics["f_measure"], metrics["sensitivity"], metrics["specificity"]) == (0, 0, 1)


def test_cross_entropy():
    assert cross_entropy(posterior([0.5, 0.25]), np.array([1, 0])) == pytest.approx(
        (np.log(2) - np.log(0.75)) / 2
    )
    assert np.isfinite(cross_entropy(posterior([0.0]), np.array([1])))


def test_best_threshold():
    # Above 0.25: 3 of 3 and one wrong, F 6/7; above 0.65: 2 of 3, none wrong, F 4/5.
    p = np.array([0.1, 0.2, 0.6, 0.3, 0.7, 0.9])
    labels = np.array([0, 0, 0, 1, 1, 1])
    assert best_threshold(p, labels) == pytest.approx(0.25)
    # Perfectly apart: midway between the classes.
    assert best_threshold(np.array([0.2, 0.8]), np.array([0, 1])) == pytest.approx(0.5)
    assert best_threshold(np.array([0.2, 0.8]), np.array([0, 0])) == 0.5
    # Everything is exudate: below the lowest.
    assert best_threshold(np.array([0.5, 0.8]), np.array([1, 1])) == pytest.approx(0.25)


def test_f_at_a_threshold_by_hand():
    """Above 0.3: 2 of 3 called are right, and both exudates found: F = 0.8."""
    p, labels = np.array([0.1, 0.4, 0.5, 0.9]), np.array([0, 1, 0, 1])
    assert f_at(p, labels, 0.3) == pytest.approx(0.8)
    assert f_at(p, labels, 0.5) == pytest.approx(2 / 3)
    assert f_at(p, labels, 0.9) == 0
