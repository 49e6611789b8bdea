"""Phi against PyTorch's autograd, in float64, on the same weights and patches."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from egl.gradient_length.phi import GradientLength
from egl.nets.definition import prototxt_path

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch is not installed"
)
SCORE = prototxt_path("lenet_score.prototxt")
LAYERS = ("conv1", "conv2", "ip1", "ip2")
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lenet_in_torch.py")


def by_autograd(net, patches, folder):
    """Return {"posterior": N x 2, layer: norms N x 2}, by the program lenet_in_torch."""
    source, target = str(folder / "in.npz"), str(folder / "out.npz")
    np.savez(
        source,
        patches=patches,
        **{f"{name}_{k}": net.params[name][k].data for name in LAYERS for k in (0, 1)},
    )
    subprocess.run([sys.executable, PROGRAM, source, target], check=True)
    return np.load(target)


@pytest.fixture(scope="module")
def autograd(lenet, patches, tmp_path_factory):
    return by_autograd(lenet, patches[:6], tmp_path_factory.mktemp("torch"))


@pytest.mark.parametrize("route", ["batched", "param-diff"])
@pytest.mark.parametrize("stop", range(4))
@pytest.mark.parametrize("parameters", ["layer", "above"])
def test_lenet(lenet, patches, autograd, stop, parameters, route):
    counted = LAYERS[stop:] if parameters == "above" else LAYERS[stop : stop + 1]
    norms = np.sqrt(sum(np.square(autograd[name]) for name in counted))
    result = GradientLength(
        SCORE, lenet, stop=LAYERS[stop], parameters=parameters, batch=4, route=route
    ).score(patches[:6])
    np.testing.assert_allclose(result.posterior, autograd["posterior"], rtol=1e-5)
    np.testing.assert_allclose(result.norms, norms, rtol=1e-5)
    np.testing.assert_allclose(result.phi, (autograd["posterior"] * norms).sum(axis=1), rtol=1e-5)


def test_a_trained_net(trained, patches, tmp_path):
    found = by_autograd(trained.net, patches[:30], tmp_path)
    phi = (found["posterior"] * found["ip1"]).sum(axis=1)
    result = GradientLength(SCORE, trained.net).score(patches[:30])
    # Where the net is sure, the rounding of its float32 scores shows in the smaller posterior.
    np.testing.assert_allclose(result.phi, phi, rtol=1e-4)
    assert np.argsort(-result.phi).tolist() == np.argsort(-phi).tolist()
