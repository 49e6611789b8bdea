"""The strategies' numbers, by hand or by an independent route."""

import numpy as np
import pytest

from egl.strategies.badge import gradient_embedding, k_means_plus_plus
from egl.strategies.bags import bag_gradient_length, noisy_or, softmax_max
from egl.strategies.core_set import distances, k_centre
from egl.strategies.disagreement import mean_divergence, vote_entropy
from egl.strategies.diversity import top_of_clusters
from egl.strategies.output_change import expected_output_change, softmax
from egl.strategies.uncertainty import entropy, least_confidence, margin

P = np.array([[0.5, 0.5], [0.9, 0.1], [0.0, 1.0]])


def test_uncertainty():
    assert least_confidence(P) == pytest.approx([0.5, 0.1, 0])
    assert margin(P) == pytest.approx([0, -0.8, -1])
    assert entropy(P) == pytest.approx([np.log(2), -0.9 * np.log(0.9) - 0.1 * np.log(0.1), 0])
    assert margin([[0.2, 0.5, 0.3]]) == pytest.approx([-0.2])


def test_a_committee_of_four():
    one = np.array([[0.8, 0.2]])
    other = one[:, ::-1]
    assert vote_entropy([one, one, other, other]) == pytest.approx([np.log(2)])
    assert vote_entropy([one] * 4) == pytest.approx([0])
    assert mean_divergence([one] * 4) == pytest.approx([0])
    # consensus (0.5, 0.5): KL of each member is 0.8 log 1.6 + 0.2 log 0.4
    assert mean_divergence([one, other]) == pytest.approx([0.8 * np.log(1.6) + 0.2 * np.log(0.4)])


def test_output_change_against_the_step_itself():
    random = np.random.RandomState(0)
    weights, bias, h, pool = (
        random.randn(3, 5),
        random.randn(3),
        random.randn(4, 5),
        random.randn(6, 5),
    )
    posterior, before = softmax(h @ weights.T + bias), softmax(pool @ weights.T + bias)
    expected = np.zeros(4)
    for n in range(4):
        for label in range(3):
            diff = posterior[n] - np.eye(3)[label]
            after = softmax(pool @ (weights - 0.1 * np.outer(diff, h[n])).T + bias - 0.1 * diff)
            expected[n] += posterior[n, label] * np.abs(after - before).sum(axis=1).mean()
    assert expected_output_change(
        posterior, h, pool, pool @ weights.T + bias, 0.1
    ) == pytest.approx(expected)


def test_noisy_or_and_softmax_max():
    bag, slope = noisy_or([0.5, 0.2])
    assert bag == pytest.approx(0.6)
    assert slope == pytest.approx([0.8, 0.5])
    bag, slope = softmax_max([0.5, 0.2], alpha=0)
    assert bag == pytest.approx(0.35)
    assert softmax_max([0.5, 0.2], alpha=1000)[0] == pytest.approx(0.5)
    for p in ([0.5, 0.2, 0.9], [0.1, 0.1]):
        for function in (noisy_or, softmax_max):
            for place in range(len(p)):
                shifted = [np.array(p) + sign * 1e-6 * np.eye(len(p))[place] for sign in (1, -1)]
                numeric = (function(shifted[0])[0] - function(shifted[1])[0]) / 2e-6
                assert function(p)[1][place] == pytest.approx(numeric, rel=1e-4)


@pytest.mark.parametrize("bag", [noisy_or, softmax_max])
def test_bag_gradient_length_against_finite_differences(bag):
    """A layer of 3 inputs and 2 units under a fixed readout: P(bag) differentiated over all weights and biases, number by number."""
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


def test_k_centre_on_a_line():
    places, radii = k_centre([[1.0], [10.0], [4.0], [6.0]], [[0.0]], 3)
    assert places.tolist() == [1, 2, 3]
    assert radii.tolist() == [10, 4, 2]
    assert k_centre([[1.0], [1.0]], [[0.0]], 5)[0].tolist() == [0, 1]
    assert distances(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])).tolist() == [[5.0]]


def test_badge():
    embedding = gradient_embedding([[0.7, 0.3]], [[1.0, 2.0]])
    assert embedding == pytest.approx(np.array([[-0.3, -0.6, 0.3, 0.6]]))
    points = np.array([[0.0, 0.1], [5.0, 0.0], [5.0, 0.0], [0.0, 0.0]])
    for seed in range(5):
        places = k_means_plus_plus(points, 2, np.random.RandomState(seed))
        assert places[0] == 1  # the longest, the first of two
        assert places[1] in (0, 3)  # its twin is at no distance
    assert sorted(k_means_plus_plus(points, 9, np.random.RandomState(0))) == [0, 1, 2, 3]


def test_top_of_clusters_leaves_twins_out():
    features = np.array([[0.0], [0.01], [9.0], [9.01], [20.0]])
    assert top_of_clusters([5, 4, 3, 2, 1], features, 3, seed=0).tolist() == [0, 2, 4]
    assert top_of_clusters([1, 2], features[:2], 3, seed=0).tolist() == [1, 0]
    with pytest.warns(UserWarning, match="distinct clusters"):  # one cluster: filled up
        assert top_of_clusters([5, 4, 3, 2, 1], np.zeros((5, 1)), 3, seed=0).tolist() == [0, 1, 2]
