"""What the tests of several routes to phi share: both routes at once, and nets that are changed."""

import numpy as np

from egl.gradient_length.phi import GradientLength
from egl.nets.definition import prototxt_path, read_net

SCORE = prototxt_path("lenet_score.prototxt")


def assert_same(left, right, tolerance=1e-5):
    """Two GradientLengths agree, and rank the samples alike."""
    for name in ("phi", "posterior", "norms"):
        np.testing.assert_allclose(
            getattr(left, name), getattr(right, name), rtol=tolerance, err_msg=name
        )
    assert ranking(left.phi) == ranking(right.phi)


def ranking(phi):
    return np.argsort(-phi, kind="stable").tolist()


def both(prototxt, net, samples, **settings):
    """Return the GradientLengths of samples by the batched route and by the reference."""
    batched = GradientLength(prototxt, net, route="batched", **settings).score(samples)
    return batched, GradientLength(prototxt, net, route="param-diff", **settings).score(samples)


def numbers(shape, seed=0):
    return np.random.RandomState(seed).randn(*shape).astype(np.float32)


def write_net(folder, prototxt, change):
    """Write the net of `prototxt`, changed in place by `change`, and return its path."""
    definition = read_net(prototxt)
    change(definition)
    path = str(folder / "net.prototxt")
    with open(path, "w") as file:
        file.write(str(definition))
    return path


def layer_of(definition, name):
    return next(layer for layer in definition.layer if layer.name == name)
