"""The softmax, by hand and where float32 has no digits left."""

import numpy as np
from scipy.special import softmax as reference

from egl.gradient_length.softmax import softmax


def test_worked_out_by_hand():
    scores = np.log(np.array([[1, 3], [2, 2]], np.float64))
    np.testing.assert_allclose(softmax(scores), [[0.25, 0.75], [0.5, 0.5]], rtol=1e-15)


def test_small_posteriors_keep_their_digits():
    scores = np.array([[0, -600], [500, 1000]], np.float32)
    found = softmax(scores)
    np.testing.assert_allclose(found[0], [1, np.exp(-600.0)], rtol=1e-12)
    np.testing.assert_allclose(found[1], [np.exp(-500.0), 1], rtol=1e-12)


def test_many_classes_against_scipy():
    scores = np.random.RandomState(1).randn(50, 10).astype(np.float32) * 10
    expected = reference(scores.astype(np.float64), axis=1)
    np.testing.assert_allclose(softmax(scores), expected, rtol=1e-12)
