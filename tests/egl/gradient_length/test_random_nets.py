"""Over nets at random: the routes chosen by themselves give the numbers of the reference."""

import numpy as np
import pytest

from data_prep.normalisation import Normalisation
from egl.errors import NetError
from egl.gradient_length.maps import ImageScorer
from egl.gradient_length.phi import GradientLength
from egl.nets.definition import read_net
from tests.egl.gradient_length.random_nets import altered_lenet, nothing_in_place, small_net
from tests.egl.gradient_length.same_maps import MEAN, SCORE


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("parameters", ["layer", "above"])
def test_phi_of_small_nets(random_net, tmp_path, seed, parameters):
    random = np.random.RandomState(seed)
    text, shape = small_net(random)
    path = tmp_path / "net.prototxt"
    path.write_text(text)
    net = random_net(path, seed=seed)
    samples = random.randn(7, *shape).astype(np.float32)
    apart = tmp_path / "apart.prototxt"
    apart.write_text(str(nothing_in_place(read_net(path))))
    reference = GradientLength(apart, net, route="param-diff", parameters=parameters)
    expected = reference.score(samples)
    assert (expected.phi > 0).all()
    same = [GradientLength(apart, net, batch=3, parameters=parameters)]
    try:
        for route in ("auto", "param-diff"):
            scorer = GradientLength(path, net, batch=3, parameters=parameters, route=route)
            same.append(scorer)
    except NetError as error:
        assert "in place" in str(error)
        if parameters == "layer":
            refused.append(seed)
    for scorer in same:
        found = scorer.score(samples)
        for name in ("posterior", "norms", "phi"):
            np.testing.assert_allclose(
                getattr(found, name), getattr(expected, name), rtol=1e-4, atol=1e-7, err_msg=text
            )


BRANCHES = """
layer {{ name: "data" type: "Input" top: "data" top: "label"
  input_param {{ shape {{ dim: 1 dim: 2 dim: 6 dim: 6 }} shape {{ dim: 1 }} }} }}
layer {{ name: "stop" type: "InnerProduct" bottom: "data" top: "stop"
  inner_product_param {{ num_output: 6 }} }}
layer {{ name: "left" type: "InnerProduct" bottom: "stop" top: "left"
  inner_product_param {{ num_output: 6 }} }}
layer {{ name: "right" type: "InnerProduct" bottom: "stop" top: "right"
  inner_product_param {{ num_output: 6 }} }}
layer {{ name: "tanh" type: "TanH" bottom: "right" top: "right" }}
{joined}
layer {{ name: "relu" type: "ReLU" bottom: "joined" top: "joined" }}
layer {{ name: "scores" type: "InnerProduct" bottom: "joined" top: "scores"
  inner_product_param {{ num_output: 3 }} }}
layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "scores" bottom: "label" top: "loss" }}
"""


@pytest.mark.parametrize("join", ["Concat", "Eltwise", "Eltwise PROD", "Eltwise MAX"])
def test_branches_that_meet(random_net, tmp_path, join):
    """As residual nets do: a sum, and a ReLU in place on it."""
    kind, _, operation = join.partition(" ")
    setting = f"eltwise_param {{ operation: {operation} }}" if operation else ""
    path, apart = tmp_path / "net.prototxt", tmp_path / "apart.prototxt"
    path.write_text(
        BRANCHES.format(
            joined=f'layer {{ name: "join" type: "{kind}" bottom: "left" bottom: "right" '
            f'top: "joined" {setting} }}'
        )
    )
    apart.write_text(str(nothing_in_place(read_net(path))))
    net = random_net(path, seed=6)
    samples = np.random.RandomState(6).randn(5, 2, 6, 6).astype(np.float32)
    for parameters in ("layer", "above"):
        expected = GradientLength(apart, net, route="param-diff", parameters=parameters)
        wanted = expected.score(samples).phi
        for route in ("auto", "param-diff"):
            scorer = GradientLength(path, net, route=route, parameters=parameters)
            np.testing.assert_allclose(scorer.score(samples).phi, wanted, rtol=1e-4)


refused = []


def test_few_nets_were_refused():
    assert len(refused) < 20


def by_hand(path, net, normalisation, photograph, shape, stride):
    """Return phi of the patches cut out one by one, by the reference."""
    _, height, width = shape
    rows = range(0, photograph.shape[0] - height + 1, stride)
    columns = range(0, photograph.shape[1] - width + 1, stride)
    cut = [
        photograph[y : y + height, x : x + width].transpose(2, 0, 1) for y in rows for x in columns
    ]
    scorer = GradientLength(path, net, route="param-diff")
    phi = scorer.score(normalisation.apply(np.stack(cut))).phi
    return phi.reshape(len(rows), len(columns))


@pytest.mark.parametrize("seed", range(16))
def test_maps_of_altered_lenets(random_net, tmp_path, seed):
    random = np.random.RandomState(seed)
    text, shape, change = altered_lenet(random)
    path = tmp_path / "net.prototxt"
    path.write_text(text)
    net = random_net(path, seed=seed)
    normalisation = Normalisation(MEAN.mean[: shape[0]])
    photograph = random.randint(0, 256, (68, 72, shape[0])).astype(np.uint8)
    try:
        scorer = ImageScorer(path, net, normalisation)
    except NetError as error:
        assert change == "in place" and " in place" in str(error)
        return
    assert scorer.route_for(8) == "patches"
    expected = by_hand(path, net, normalisation, photograph, shape, 8)
    np.testing.assert_allclose(scorer.maps(photograph, 8).phi, expected, rtol=1e-4)


def test_maps_of_lenet_by_other_names(random_net, tmp_path):
    """Blobs, the layers without parameters, fillers and rates may differ: still dense and right."""
    text = open(SCORE).read()
    for name in ("data", "label", "pool1", "pool2", "relu1", "prob", "loss"):
        text = text.replace(f'"{name}"', f'"my_{name}"')
    for blob in ("conv1", "conv2", "ip1", "ip2"):
        for side in ("top", "bottom"):
            text = text.replace(f'{side}: "{blob}"', f'{side}: "blob_{blob}"')
    text = text.replace(
        "num_output: 500", 'num_output: 500 weight_filler { type: "xavier" }'
    ).replace('type: "InnerProduct"', 'type: "InnerProduct" param { lr_mult: 3 }')
    path = tmp_path / "net.prototxt"
    path.write_text(text)
    net = random_net(path, seed=2)
    photograph = np.random.RandomState(2).randint(0, 256, (60, 64, 3)).astype(np.uint8)
    scorer = ImageScorer(path, net, MEAN)
    assert scorer.route_for(8) == "dense"
    expected = by_hand(path, net, MEAN, photograph, (3, 48, 48), 8)
    np.testing.assert_allclose(scorer.maps(photograph, 8).phi, expected, rtol=1e-4)


@pytest.mark.parametrize("layer", ["conv1", "ip2"])
def test_a_renamed_layer_with_parameters_goes_by_patches(random_net, tmp_path, layer):
    path = tmp_path / "net.prototxt"
    path.write_text(open(SCORE).read().replace(f'name: "{layer}"', 'name: "other"'))
    assert ImageScorer(path, random_net(path), MEAN).route_for(8) == "patches"
