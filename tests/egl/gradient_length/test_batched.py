"""The batched route against the reference, and against float64 where the net is sure."""

import numpy as np
import pytest

from egl.errors import NetError
from egl.gradient_length.phi import GradientLength, GradientLengths
from tests.egl.gradient_length.routes import SCORE, assert_same, both, layer_of, numbers, write_net


@pytest.mark.parametrize("parameters", ["layer", "above"])
@pytest.mark.parametrize("stop", ["ip1", "ip2"])
def test_batched_equals_param_diff_on_lenet(lenet, patches, stop, parameters):
    assert_same(*both(SCORE, lenet, patches[:20], stop=stop, parameters=parameters))


def test_batched_equals_param_diff_on_a_trained_net(trained, patches):
    batched, reference = both(SCORE, trained.net, patches[:40])
    assert (batched.posterior.argmax(axis=1) == np.arange(40) % 2).mean() > 0.8
    unsure = (
        batched.posterior.min(axis=1) > 0.01
    )  # where the reference has digits enough: see param_diff
    assert unsure.sum() >= 5
    chosen = [
        GradientLengths(*(values[unsure] for values in scores)) for scores in (batched, reference)
    ]
    assert_same(*chosen)


def test_batched_equals_param_diff_on_real_patches(lenet, real_patches):
    assert_same(*both(SCORE, lenet, real_patches))


@pytest.mark.parametrize("parameters", ["layer", "above"])
@pytest.mark.parametrize("stop", ["hidden", "middle", "out"])
def test_batched_equals_param_diff_for_three_classes(random_net, net_path, stop, parameters):
    path = net_path("three_classes")
    assert_same(
        *both(
            path,
            random_net(path, seed=7),
            numbers((9, 2, 11, 9)),
            stop=stop,
            parameters=parameters,
            batch=4,
        )
    )


def test_batched_equals_param_diff_for_ten_classes(random_net, net_path):
    path = net_path("mnist_lenet")
    batched, reference = both(path, random_net(path, seed=8), numbers((6, 1, 28, 28)), batch=4)
    assert batched.norms.shape == (6, 10)
    assert_same(batched, reference)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("shape", [(1, 5, 5), (3, 7, 4), (2, 12, 9)])
def test_batched_equals_param_diff_over_shapes_and_class_counts(
    random_net, net_path, tmp_path, shape, classes
):
    def change(definition):
        layer_of(definition, "image").input_param.shape[0].dim[:] = (1,) + shape
        layer_of(definition, "out").inner_product_param.num_output = classes

    path = write_net(tmp_path, net_path("three_classes"), change)
    samples = numbers((7,) + shape, seed=classes)
    assert_same(
        *both(
            path,
            random_net(path, seed=shape[1]),
            samples,
            stop="hidden",
            parameters="above",
            batch=3,
        )
    )


@pytest.mark.parametrize("batch", [1, 5, 7, 8, 64])
def test_batch_size_changes_nothing(random_net, net_path, batch):
    path = net_path("three_classes")
    net, samples = random_net(path), numbers((7, 2, 11, 9))
    whole = GradientLength(path, net, batch=7).score(samples)
    assert_same(GradientLength(path, net, batch=batch).score(samples), whole, 1e-6)


def ip1_in_float64(scores, mask, below, out):
    """Return posterior and norms of LeNet's ip1, in float64.

    mask: of its ReLU; below: its input; out: the weights of the last layer
    """
    classes = scores.shape[1]
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    posterior = shifted / shifted.sum(axis=1, keepdims=True)
    norms = np.empty_like(posterior)
    for label in range(classes):
        others = np.arange(classes) != label
        diff = posterior.copy()
        diff[:, label] = -posterior[:, others].sum(axis=1)
        scale = np.abs(diff).max(axis=1)  # or the squares underflow
        delta = ((diff / scale[:, None]) @ out) * mask
        norms[:, label] = scale * np.sqrt(
            np.square(delta).sum(axis=1) * (np.square(below).sum(axis=1) + 1)
        )
    return posterior, norms


@pytest.mark.parametrize(
    "name, shape, gain",
    [
        ("lenet_score", (3, 48, 48), 40),
        ("lenet_score", (3, 48, 48), 150),
        ("mnist_lenet", (1, 28, 28), 60),
    ],
)
def test_nothing_is_lost_where_the_net_is_sure(random_net, net_path, name, shape, gain):
    """Posteriors down to 1e-300: p - 1 and even p itself are lost in float32."""
    path = SCORE if name == "lenet_score" else net_path(name)
    net = random_net(path, seed=10, batch=6)
    net.params["ip2"][0].data[...] *= gain
    samples = numbers((6,) + shape, seed=11)
    result = GradientLength(path, net, batch=6).score(samples)

    net.blobs["data"].data[...] = samples
    net.forward()
    hidden, below, scores = (
        net.blobs[blob].data.reshape(6, -1).astype(np.float64) for blob in ("ip1", "pool2", "ip2")
    )
    out = net.params["ip2"][0].data.astype(np.float64)
    posterior, norms = ip1_in_float64(scores, hidden > 0, below, out)
    assert posterior.max(axis=1).max() > 1 - 1e-12
    np.testing.assert_allclose(result.posterior, posterior, rtol=1e-12)
    np.testing.assert_allclose(result.norms, norms, rtol=1e-5)
    np.testing.assert_allclose(result.phi, (posterior * norms).sum(axis=1), rtol=1e-5)
    assert (result.phi > 0).all()


def test_batched_refuses_layers_it_does_not_know(random_net, net_path):
    path = net_path("three_classes")
    net = random_net(path)
    with pytest.raises(NetError, match="param-diff"):
        GradientLength(path, net, stop="scale", route="batched")
    assert GradientLength(path, net, stop="scale").route == "param-diff"
