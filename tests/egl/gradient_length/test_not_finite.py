"""NaN and infinity on every route: an error that names where they are, and no abort."""

import subprocess
import sys

import numpy as np
import pytest

from data_prep.normalisation import Normalisation
from egl.errors import Diverged, NetError
from egl.gradient_length.features import Features
from egl.gradient_length.maps import ImageScorer
from egl.gradient_length.phi import GradientLength
from egl.gradient_length.scorer import NetScorer
from tests.egl.gradient_length.routes import SCORE, numbers

MEAN = Normalisation((90.0, 60.0, 120.0))
PIXELS = np.random.RandomState(3).randint(0, 256, (5, 3, 48, 48)).astype(np.uint8)
PHOTOGRAPH = np.random.RandomState(4).randint(0, 256, (60, 60, 3)).astype(np.uint8)


def scored_by(net):
    """Return {name: a function that scores something}, over the routes."""
    floats = MEAN.apply(PIXELS)
    found = {
        f"{route} {stop}": GradientLength(SCORE, net, stop, batch=4, route=route).score
        for route in ("batched", "param-diff")
        for stop in ("conv1", "conv2", "ip1", "ip2")
    }
    found["features"] = Features(SCORE, net, 4).of
    calls = {name: lambda score=score: score(floats) for name, score in found.items()}
    scorer = NetScorer(SCORE, net, MEAN, batch=4)
    for name in ("posterior", "factors"):
        calls[name] = lambda score=getattr(scorer, name): score(PIXELS)
    for route in ("dense", "patches"):
        maps = ImageScorer(SCORE, net, MEAN, route=route).maps
        calls[route + " maps"] = lambda maps=maps: maps(PHOTOGRAPH, 4)
    return calls


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("layer, blob", [("conv1", 0), ("conv2", 1), ("ip1", 0), ("ip2", 0)])
def test_weights(random_net, layer, blob, bad):
    net = random_net(SCORE, seed=5)
    calls = scored_by(net)
    for call in calls.values():
        call()
    net.params[layer][blob].data.flat[0] = bad  # one number, which a ReLU or a pooling may hide
    for call in calls.values():
        with pytest.raises(Diverged, match=f"weights of layer '{layer}' are not finite"):
            call()


def test_scores_too_large(random_net):
    net = random_net(SCORE, seed=5)
    calls = scored_by(net)
    for name in ("conv1", "conv2", "ip1", "ip2"):
        net.params[name][0].data[...] *= 1e12
    for call in calls.values():
        with pytest.raises(Diverged, match="the scores are not finite"):
            call()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_patches(lenet, bad):
    patches = numbers((6, 3, 48, 48))
    patches[4, 2, 47, 47] = bad
    scorers = [
        GradientLength(SCORE, lenet, stop, batch=4, route=route).score
        for route in ("batched", "param-diff")
        for stop in ("conv1", "ip1")
    ]
    for score in (*scorers, Features(SCORE, lenet, 4).of):
        with pytest.raises(NetError, match="patch 4 holds numbers that are not finite"):
            score(patches)
        with pytest.raises(NetError, match="patch 0 holds"):
            score(np.full((2, 3, 48, 48), 1e200))  # float64, too large for the net


def test_a_normalisation(lenet):
    for make in (ImageScorer, NetScorer):
        with pytest.raises(NetError, match="normalisation is not finite"):
            make(SCORE, lenet, Normalisation((1.0, np.nan, 3.0)))


PROGRAM = """
import sys
sys.path[:] = sys.argv[1:]
import numpy as np
from egl.errors import Diverged
from egl.gradient_length.phi import GradientLength
from egl.nets.building import scoring_net
from tests.egl.gradient_length.routes import SCORE
net = scoring_net(SCORE)
random = np.random.RandomState(1)
for blobs in net.params.values():
    for blob in blobs:
        blob.data[...] = random.randn(*blob.data.shape) / 30
scorers = [GradientLength(SCORE, net, "conv1", batch=8, route=r) for r in ("batched", "param-diff")]
# Finite in conv1's weights, not finite in what it makes; and hidden in the scores by the ReLU.
net.params["conv1"][0].data[...] = 3e38
net.params["ip1"][0].data[...] = 0
for _ in range(5):
    for scorer in scorers:
        try:
            scorer.score(random.randn(8, 3, 48, 48).astype(np.float32))
        except Diverged:
            print("diverged")
"""


def test_max_pooling_never_goes_backward_without_a_maximum(caffe):
    """In a process of its own: the heap would be corrupted, which shows when it ends, or later."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *sys.path], stdout=subprocess.PIPE, check=True
    )
    assert done.stdout.decode().split() == ["diverged"] * 10
