"""Phi against PyTorch's autograd, in float64, on the same weights and patches."""
import numpy as np
import pytest

from egl.gradient_length import GradientLength
from egl.net_definition import prototxt_path

torch = pytest.importorskip("torch")
SCORE = prototxt_path("lenet_score.prototxt")
LAYERS = ("conv1", "conv2", "ip1", "ip2")


def forward(weights, patches):
    """LeNet's scores; weights: {layer: (weight, bias)}."""
    functional = torch.nn.functional
    hidden = functional.max_pool2d(functional.conv2d(patches, *weights["conv1"]), 2)
    hidden = functional.max_pool2d(functional.conv2d(hidden, *weights["conv2"]), 2)
    hidden = functional.linear(hidden.flatten(1), *weights["ip1"]).relu()
    return functional.linear(hidden, *weights["ip2"])


def by_autograd(net, patches, counted):
    """Posterior and norms, N x 2 each: one backward for every sample and label."""
    weights = {name: [torch.tensor(blob.data, dtype=torch.float64, requires_grad=True) for blob in net.params[name]] for name in LAYERS}
    parameters = [each for name in counted for each in weights[name]]
    posterior, norms = np.empty((len(patches), 2)), np.empty((len(patches), 2))
    for n, patch in enumerate(torch.tensor(patches, dtype=torch.float64)):
        for label in range(2):
            scores = forward(weights, patch[None])
            loss = torch.nn.functional.cross_entropy(scores, torch.tensor([label]))
            gradients = torch.autograd.grad(loss, parameters)
            norms[n, label] = torch.sqrt(sum((each ** 2).sum() for each in gradients))
        posterior[n] = torch.softmax(scores[0], 0).detach()
    return posterior, norms


@pytest.mark.parametrize("route", ["batched", "param-diff"])
@pytest.mark.parametrize("stop", range(4))
@pytest.mark.parametrize("parameters", ["layer", "above"])
def test_lenet(lenet, patches, stop, parameters, route):
    counted = LAYERS[stop:] if parameters == "above" else LAYERS[stop : stop + 1]
    posterior, norms = by_autograd(lenet, patches[:6], counted)
    result = GradientLength(SCORE, lenet, stop=LAYERS[stop], parameters=parameters, batch=4, route=route).score(patches[:6])
    np.testing.assert_allclose(result.posterior, posterior, rtol=1e-5)
    np.testing.assert_allclose(result.norms, norms, rtol=1e-5)
    np.testing.assert_allclose(result.phi, (posterior * norms).sum(axis=1), rtol=1e-5)


def test_a_trained_net(trained, patches):
    posterior, norms = by_autograd(trained.net, patches[:30], ["ip1"])
    result = GradientLength(SCORE, trained.net).score(patches[:30])
    # The net is sure of some: its float32 scores leave their rounding in the smaller posterior, and in the likely norm.
    np.testing.assert_allclose(result.phi, (posterior * norms).sum(axis=1), rtol=1e-4)
    assert np.argsort(-result.phi).tolist() == np.argsort(-(posterior * norms).sum(axis=1)).tolist()
