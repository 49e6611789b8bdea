import numpy as np
import pytest

from egl.strategies.badge import gradient_embedding, k_means_plus_plus


def test_badge():
    embedding = gradient_embedding([[0.7, 0.3]], [[1.0, 2.0]])
    assert embedding == pytest.approx(np.array([[-0.3, -0.6, 0.3, 0.6]]))
    points = np.array([[0.0, 0.1], [5.0, 0.0], [5.0, 0.0], [0.0, 0.0]])
    for seed in range(5):
        indices = k_means_plus_plus(points, 2, np.random.RandomState(seed))
        assert indices[0] == 1  # the longest, the first of two
        assert indices[1] in (0, 3)  # its twin is at no distance
    assert sorted(k_means_plus_plus(points, 9, np.random.RandomState(0))) == [0, 1, 2, 3]
