"""NetScorer against the routes it is made of, on grey levels."""

import numpy as np
import pytest

from data_prep.normalisation import Normalisation
from egl.errors import NetError
from egl.gradient_length import GradientLength
from egl.gradient_length.features import Features
from egl.gradient_length.maps import ImageScorer
from egl.gradient_length.scorer import NetScorer
from egl.nets.building import scoring_net
from egl.nets.definition import prototxt_path

LENET = prototxt_path("lenet_score.prototxt")
MEAN = Normalisation((90.0, 60.5, 120.25), 1 / 64)
PATCH_MEAN = Normalisation(None, 1 / 64)


@pytest.fixture(scope="module")
def levels():
    """67 patches of grey levels: a batch of 64 and 3 more."""
    return np.random.RandomState(8).randint(0, 256, (67, 3, 48, 48)).astype(np.uint8)


def same(found, expected):
    """Whether two arrays, or two tuples of them, hold the same bits."""
    return all(
        a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(tuple(found), tuple(expected))
    )


@pytest.mark.parametrize("normalisation", [MEAN, PATCH_MEAN])
@pytest.mark.parametrize("n", [0, 1, 2, 64, 67])
def test_scores_are_those_of_the_classes_behind_it(trained, levels, normalisation, n):
    scorer = NetScorer(LENET, trained.net, normalisation)
    patches = levels[:n]
    floats = normalisation.apply(patches)
    assert same(scorer.phi(patches), GradientLength(LENET, trained.net).score(floats))
    assert same(scorer.features(patches), Features(LENET, trained.net).of(floats))


@pytest.mark.parametrize("n", [1, 67])
def test_posterior_is_caffes_softmax(trained, levels, n):
    net = scoring_net(LENET, trained.net, 64)
    found = NetScorer(LENET, trained.net, MEAN).posterior(levels[:n])
    expected = []
    for start in range(0, n, 64):
        chunk = MEAN.apply(levels[start : min(start + 64, n)])
        net.blobs["data"].data[: len(chunk)] = chunk
        expected.append(net.forward()["prob"][: len(chunk)].copy())
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, np.concatenate(expected))


def test_factors_give_the_gradient_lengths(trained, levels):
    """phi = 2 p_0 p_1 ||delta|| sqrt(||input||^2 + 1), by the outer product."""
    scorer = NetScorer(LENET, trained.net, MEAN, batch=8)
    p, deltas, inputs = scorer.factors(levels)
    assert deltas.shape == (67, 500) and inputs.shape == (67, 4050)
    lengths = np.sqrt((deltas**2).sum(axis=1) * ((inputs**2).sum(axis=1) + 1))
    phi, posterior, _ = scorer.phi(levels)
    np.testing.assert_array_equal(p, posterior[:, 1])
    np.testing.assert_allclose(phi, 2 * posterior.prod(axis=1) * lengths, rtol=1e-6)


def test_factors_are_the_blobs_after_a_backward_pass(trained, levels):
    scorer = NetScorer(LENET, trained.net, MEAN, stop="ip2")
    p, deltas, inputs = scorer.factors(levels[:5])
    assert same([inputs.astype(np.float32)], [scorer.features(levels[:5]).features])
    np.testing.assert_array_equal(deltas, [[-1, 1]] * 5)
    np.testing.assert_array_equal(p, scorer.phi(levels[:5]).posterior[:, 1])


@pytest.mark.parametrize("settings", [{"parameters": "above"}, {"route": "param-diff"}])
def test_factors_want_one_layer_and_the_batched_route(trained, levels, settings):
    with pytest.raises(NetError, match="two classes and one fully connected layer"):
        NetScorer(LENET, trained.net, MEAN, **settings).factors(levels)


def test_maps(trained):
    photograph = np.random.RandomState(9).randint(0, 256, (100, 130, 3)).astype(np.uint8)
    field = np.ones((100, 130), bool)
    field[:, :20] = False
    scorer = NetScorer(LENET, trained.net, MEAN, parameters="above")
    expected = ImageScorer(LENET, trained.net, MEAN, parameters="above").maps(photograph, 16, field)
    found = scorer.maps(photograph, 16, field)
    for part, wanted in zip(found, expected):
        np.testing.assert_array_equal(part, wanted)
    first, second = scorer.maps_of([(photograph, field), (photograph, None)], 16)
    np.testing.assert_array_equal(first.phi, found.phi)
    assert second.inside.sum() > first.inside.sum()


def test_what_the_net_says_of_itself(caffe, trained):
    scorer = NetScorer(LENET, trained.net, MEAN)
    assert scorer.input_shape == (3, 48, 48) and scorer.classes == 2


def test_weights_are_seen_as_they_are_at_each_call(random_net, levels):
    net = random_net(LENET)
    scorer = NetScorer(LENET, net, MEAN)
    before = scorer.posterior(levels[:2]), scorer.phi(levels[:2]).phi
    net.params["ip2"][0].data[...] *= 2
    assert not np.array_equal(scorer.posterior(levels[:2]), before[0])
    assert not np.array_equal(scorer.phi(levels[:2]).phi, before[1])


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 3, 48, 48), np.float32), np.zeros((2, 48, 48, 3), np.uint8)]
)
@pytest.mark.parametrize("method", ["posterior", "phi", "features", "factors"])
def test_wrong_patches(trained, wrong, method):
    with pytest.raises(NetError, match="takes uint8 of shape N x 3 x 48 x 48"):
        getattr(NetScorer(LENET, trained.net, MEAN), method)(wrong)


def test_posterior_by_any_names(random_net, levels, tmp_path):
    """Blobs and layers may have any names, and a net without a Softmax is named."""
    text = open(LENET).read()
    for name in ("data", "label", "prob", "loss"):
        text = text.replace(f'"{name}"', f'"my_{name}"')
    renamed, without = tmp_path / "renamed.prototxt", tmp_path / "without.prototxt"
    renamed.write_text(text)
    start = text.index('layer {\n  name: "my_prob"')
    without.write_text(text[:start] + text[text.index("layer {", start + 1) :])
    net = random_net(LENET)
    expected = NetScorer(LENET, net, MEAN).posterior(levels[:3])
    np.testing.assert_array_equal(
        NetScorer(str(renamed), net, MEAN).posterior(levels[:3]), expected
    )
    with pytest.raises(NetError, match="no Softmax layer that reads 'ip2'"):
        NetScorer(str(without), net, MEAN).posterior(levels[:3])
    NetScorer(str(without), net, MEAN).phi(levels[:3])
