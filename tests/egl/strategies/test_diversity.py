import numpy as np
import pytest

from egl.strategies.diversity import top_of_clusters


def test_top_of_clusters_leaves_twins_out():
    features = np.array([[0.0], [0.01], [9.0], [9.01], [20.0]])
    assert top_of_clusters([5, 4, 3, 2, 1], features, 3, seed=0).tolist() == [0, 2, 4]
    assert top_of_clusters([1, 2], features[:2], 3, seed=0).tolist() == [1, 0]
    with pytest.warns(UserWarning, match="distinct clusters"):  # one cluster: filled up
        assert top_of_clusters([5, 4, 3, 2, 1], np.zeros((5, 1)), 3, seed=0).tolist() == [0, 1, 2]
