"""Strategies on real nets: what they read off Caffe, against Caffe's own gradients and steps."""

import numpy as np
import pytest
from scipy.special import softmax

from data_prep.normalisation import Normalisation
from egl.gradient_length.scorer import NetScorer
from egl.nets.building import scoring_net
from egl.nets.definition import prototxt_path
from egl.strategies import find_strategy
from egl.strategies.base import Strategy
from egl.strategies.output_change import expected_output_change

LENET = prototxt_path("lenet_score.prototxt")


class CaffeModel(NetScorer):
    """A trained LeNet as a strategy sees it."""

    reduction, stride, rate, committee = "sum", 24, 0.05, None


class OneBag:
    """All patches as the bag of one image."""

    def __init__(self, patches):
        self.limit, self._patches = len(patches), patches

    def patches_of(self, image):
        return self._patches, len(self._patches)


@pytest.fixture(scope="module")
def pixels():
    """12 patches of noise as pixels, and what the net gets of them."""
    return np.random.RandomState(5).randint(0, 256, (12, 3, 48, 48)).astype(np.uint8)


NORMALISATION = Normalisation((128.0, 128.0, 128.0))


@pytest.fixture
def model(trained):
    return CaffeModel(LENET, trained.net, NORMALISATION, batch=8)


@pytest.mark.parametrize("name", ["bag-egl", "bag-egl-softmax"])
def test_the_gradient_of_a_bag_is_caffes_own(trained, model, pixels, name):
    """The bag as one batch: Caffe adds up ip1's parameter diffs over its patches."""
    strategy = find_strategy(name)(model)
    net = scoring_net(LENET, trained.net, batch=len(pixels))
    net.blobs["data"].data[...] = NORMALISATION.apply(pixels)
    net.forward(end="ip2")
    p = softmax(net.blobs["ip2"].data.astype(float), axis=1)[:, 1]
    through = strategy.bag(p)[1] * p * (1 - p)
    net.clear_param_diffs()
    net.blobs["ip2"].diff[...] = through[:, None] * np.array([-1.0, 1.0])
    net.backward(start="ip2", end="ip1")
    length = np.sqrt(sum((blob.diff.astype(float) ** 2).sum() for blob in net.params["ip1"]))
    assert length > 0
    measured = strategy.image_scores([0], OneBag(pixels))
    assert measured.tolist() == pytest.approx([2 * length], rel=1e-4)


def test_the_change_of_the_output_is_that_of_a_real_step(trained, model, pixels):
    """One SGD step of the last layer in Caffe for each patch and label, and the pool run again."""
    candidates, pool = pixels[:3], pixels[6:]
    rows, pool_rows = model.features(candidates), model.features(pool)
    net = scoring_net(LENET, batch=1)
    inputs, pool_inputs = NORMALISATION.apply(candidates), NORMALISATION.apply(pool)
    expected = np.zeros(3)
    for candidate in range(3):
        for label in (0, 1):
            for name, blobs in trained.net.params.items():
                for blob, value in zip(net.params[name], blobs):
                    blob.data[...] = value.data
            net.blobs["data"].data[...] = inputs[candidate]
            net.blobs["label"].data[...] = label
            net.forward()
            net.clear_param_diffs()
            net.backward()
            for blob in net.params["ip2"]:
                blob.data[...] -= model.rate * blob.diff
            changes = []
            for patch, before in zip(pool_inputs, pool_rows.scores):
                net.blobs["data"].data[...] = patch
                net.forward(end="ip2")
                now = softmax(net.blobs["ip2"].data[0].astype(float))
                changes.append(np.abs(now - softmax(before.astype(float))).sum())
            expected[candidate] += rows.posterior[candidate, label] * np.mean(changes)
    measured = expected_output_change(
        rows.posterior, rows.features, pool_rows.features, pool_rows.scores, model.rate
    )
    assert measured == pytest.approx(expected, rel=2e-3)


def test_an_unfinished_strategy_says_so(model):
    with pytest.raises(NotImplementedError):
        Strategy(model).query_patches(np.zeros((1, 3, 48, 48), np.uint8), 1, lambda: None)
