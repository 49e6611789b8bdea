import numpy as np
import pytest
from scipy.special import softmax

from egl.strategies.output_change import expected_output_change


def test_output_change_against_the_step_itself():
    random = np.random.RandomState(0)
    weights, bias, h, pool = (
        random.randn(3, 5),
        random.randn(3),
        random.randn(4, 5),
        random.randn(6, 5),
    )
    posterior, before = (
        softmax(h @ weights.T + bias, axis=1),
        softmax(pool @ weights.T + bias, axis=1),
    )
    expected = np.zeros(4)
    for n in range(4):
        for label in range(3):
            diff = posterior[n] - np.eye(3)[label]
            after = softmax(
                pool @ (weights - 0.1 * np.outer(diff, h[n])).T + bias - 0.1 * diff, axis=1
            )
            expected[n] += posterior[n, label] * np.abs(after - before).sum(axis=1).mean()
    assert expected_output_change(
        posterior, h, pool, pool @ weights.T + bias, 0.1
    ) == pytest.approx(expected)
