"""GradientLength: whose weights it sees, and what it refuses."""

import numpy as np
import pytest

from egl.errors import Diverged, NetError
from egl.gradient_length.phi import GradientLength
from tests.egl.gradient_length.routes import SCORE, assert_same


@pytest.mark.parametrize("route", ["batched", "param-diff"])
def test_the_training_net_keeps_its_diffs_and_weights(trained, patches, route):
    net = trained.net
    before = [
        (blob.data.copy(), blob.diff.copy()) for blobs in net.params.values() for blob in blobs
    ]
    blob_diffs = {name: blob.diff.copy() for name, blob in net.blobs.items()}
    GradientLength(SCORE, net, parameters="above", route=route).score(patches[:3])
    after = [(blob.data, blob.diff) for blobs in net.params.values() for blob in blobs]
    for (data, diff), (data_after, diff_after) in zip(before, after):
        assert (data == data_after).all() and (diff == diff_after).all()
    assert all((net.blobs[name].diff == diff).all() for name, diff in blob_diffs.items())


def test_no_candidates_give_no_scores(lenet, patches):
    result = GradientLength(SCORE, lenet).score(patches[:0])
    assert (result.phi.shape, result.posterior.shape, result.norms.shape) == ((0,), (0, 2), (0, 2))


def test_shared_weights_are_seen_as_they_change(random_net, patches):
    net = random_net(SCORE, seed=9)
    scorer = GradientLength(SCORE, net, batch=4)
    before = scorer.score(patches[:4])
    net.params["ip2"][0].data[...] *= 2
    assert (scorer.score(patches[:4]).phi != before.phi).all()
    assert_same(
        scorer.score(patches[:4]),
        GradientLength(SCORE, net, batch=4, route="param-diff").score(patches[:4]),
    )


def test_weights_from_a_file_score_as_the_net_that_wrote_it(lenet, patches, tmp_path):
    path = str(tmp_path / "w.caffemodel")
    lenet.save(path)
    left, right = (
        GradientLength(SCORE, weights, batch=8).score(patches[:8]) for weights in (path, lenet)
    )
    assert all((a == b).all() for a, b in zip(left, right))


def test_diverged_weights_are_an_error(random_net, patches):
    net = random_net(SCORE)
    net.params["ip2"][0].data[0, 0] = np.nan
    with pytest.raises(Diverged, match="diverged"):
        GradientLength(SCORE, net).score(patches[:2])


@pytest.mark.parametrize(
    "bad, message",
    [
        (np.zeros((2, 3, 40, 48), np.float32), "N x 3 x 48 x 48"),
        (np.zeros((2, 3, 48, 48), np.uint8), "uint8"),
        (np.zeros((3, 48, 48), np.float32), "shape"),
        (np.zeros((2, 3, 48, 48)).tolist(), "patches must be an array"),
        (None, "patches must be an array .*, not None"),
    ],
)
def test_patches_that_do_not_fit_are_an_error(lenet, bad, message):
    with pytest.raises(NetError, match=message):
        GradientLength(SCORE, lenet).score(bad)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"stop": "relu1"}, "it can be conv1, conv2, ip1, ip2"),
        ({"stop": "fc7"}, "fc7"),
        ({"parameters": "all"}, "layer, above"),
        ({"route": "fast"}, "auto, batched, param-diff"),
        ({"batch": 0}, "batch"),
    ],
)
def test_wrong_settings_are_an_error(lenet, settings, message):
    with pytest.raises(NetError, match=message):
        GradientLength(SCORE, lenet, **settings)
