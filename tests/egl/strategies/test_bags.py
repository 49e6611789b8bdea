import numpy as np
import pytest

from egl.strategies.bags import bag_gradient_length, noisy_or, softmax_max


def test_noisy_or_and_softmax_max():
    bag, slope = noisy_or([0.5, 0.2])
    assert bag == pytest.approx(0.6)
    assert slope == pytest.approx([0.8, 0.5])
    bag, slope = softmax_max([0.5, 0.2], alpha=0)
    assert bag == pytest.approx(0.35)
    assert softmax_max([0.5, 0.2], alpha=1000)[0] == pytest.approx(0.5)
    for p in ([0.5, 0.2, 0.9], [0.1, 0.1]):
        for function in (noisy_or, softmax_max):
            for index in range(len(p)):
                shifted = [np.array(p) + sign * 1e-6 * np.eye(len(p))[index] for sign in (1, -1)]
                numeric = (function(shifted[0])[0] - function(shifted[1])[0]) / 2e-6
                assert function(p)[1][index] == pytest.approx(numeric, rel=1e-4)


@pytest.mark.parametrize("bag", [noisy_or, softmax_max])
def test_bag_gradient_length_against_finite_differences(bag):
    """3 inputs, 2 units, a fixed readout: P(bag) differentiated over each weight and bias."""
    random = np.random.RandomState(1)
    weights, bias, readout, inputs = (
        random.randn(2, 3),
        random.randn(2),
        random.randn(2),
        random.randn(4, 3),
    )

    def probability(theta):
        scores = (inputs @ theta[:6].reshape(2, 3).T + theta[6:]) @ readout
        return bag(1 / (1 + np.exp(-scores)))[0]

    theta = np.concatenate([weights.ravel(), bias])
    steps = 1e-6 * np.eye(8)
    gradient = np.array(
        [(probability(theta + step) - probability(theta - step)) / 2e-6 for step in steps]
    )
    total = probability(theta)
    expected = total * np.linalg.norm(gradient / total) + (1 - total) * np.linalg.norm(
        gradient / (1 - total)
    )
    p = 1 / (1 + np.exp(-((inputs @ weights.T + bias) @ readout)))
    assert bag_gradient_length(p, np.tile(readout, (4, 1)), inputs, bag) == pytest.approx(
        expected, rel=1e-5
    )


def test_a_bag_of_one_patch_is_its_own_egl():
    # phi = 2 p (1 - p) ||delta|| sqrt(||a||^2 + 1): 2 * 0.21 * 5 * sqrt(9)
    assert bag_gradient_length(
        [0.3], np.array([[3.0, 4.0]]), np.array([[2.0, 2.0]])
    ) == pytest.approx(2 * 0.21 * 5 * 3)
