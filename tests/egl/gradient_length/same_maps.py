"""What the tests of maps share: an image, both routes, and what it means that they agree."""

import numpy as np

from data_prep.normalisation import Normalisation
from egl.gradient_length.maps import ImageScorer
from egl.nets.definition import prototxt_path

SCORE = prototxt_path("lenet_score.prototxt")
MEAN = Normalisation((60.0, 90.0, 120.0))
PATCH_MEAN = Normalisation(None)


def assert_same_maps(left, right, tolerance=1e-5):
    assert (left.inside == right.inside).all() and left.inside.any()
    n = left.inside.sum()
    for name in ("posterior", "norms", "phi"):
        one, other = getattr(left, name), getattr(right, name)
        assert np.isnan(one[~left.inside]).all() and np.isnan(other[~left.inside]).all()
        relative = np.abs(one[left.inside] / other[left.inside] - 1).reshape(n, -1).max(axis=1)
        # Rarely, a hidden unit (of 500) on the edge of its ReLU counts by one route only.
        assert (relative > tolerance).sum() <= (0 if name == "posterior" else 1 + n // 500), name
        assert relative.max() < 0.02, name


def scorers(net, normalisation, **settings):
    return [
        ImageScorer(SCORE, net, normalisation, route=route, **settings)
        for route in ("dense", "patches")
    ]
