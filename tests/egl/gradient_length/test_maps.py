"""Maps over whole photographs: which positions they score, and by which route."""

import pathlib

import numpy as np
import pytest

from data_prep.normalisation import Normalisation
from egl.errors import Diverged, NetError
from egl.gradient_length.maps import DENSE_UP_TO, ImageScorer
from egl.gradient_length.phi import GradientLength
from egl.nets.definition import prototxt_path
from tests.egl.gradient_length.same_maps import MEAN, PATCH_MEAN, SCORE, scorers


def test_patches_route_is_the_patches_cut_out_by_hand(lenet, image):
    maps = ImageScorer(SCORE, lenet, MEAN, batch=16, route="patches").maps(image, 37)
    assert maps.phi.shape == (4, 5)
    cut = np.stack(
        [
            image[y : y + 48, x : x + 48].transpose(2, 0, 1)
            for y in range(0, 144, 37)
            for x in range(0, 166, 37)
        ]
    )
    patches = (cut.astype(np.float32) - np.float32(MEAN.mean).reshape(3, 1, 1)) / 64
    phi, posterior, norms = GradientLength(SCORE, lenet, batch=16).score(patches)
    np.testing.assert_allclose(maps.phi.ravel(), phi, rtol=1e-6)
    np.testing.assert_allclose(maps.posterior.reshape(-1, 2), posterior, rtol=1e-6)
    np.testing.assert_allclose(maps.norms.reshape(-1, 2), norms, rtol=1e-6)


@pytest.mark.parametrize(
    "shape, grid",
    [((48, 48), (1, 1)), ((47, 100), (0, 0)), ((51, 52), (1, 2)), ((52, 100), (2, 14))],
)
def test_grid_of_small_images(lenet, shape, grid):
    photograph, field = np.zeros(shape + (3,), np.uint8), np.ones(shape, bool)
    for scorer in scorers(lenet, MEAN):
        assert scorer.maps(photograph, 4).phi.shape == grid
        assert scorer.maps(photograph, 4, field).phi.shape == grid


def test_nothing_inside_gives_nan(lenet, image):
    for scorer in scorers(lenet, PATCH_MEAN):
        assert np.isnan(scorer.maps(image, 24, np.zeros(image.shape[:2], bool)).phi).all()


def test_auto_takes_dense_where_it_is_faster(lenet, net_path, random_net):
    def chosen(scorer, stride):
        return scorer.route_for(stride)

    lenet_scorer = ImageScorer(SCORE, lenet, MEAN)
    assert [chosen(lenet_scorer, stride) for stride in (4, 24, 25, DENSE_UP_TO + 4)] == [
        "dense",
        "dense",
        "patches",
        "patches",
    ]
    assert chosen(ImageScorer(SCORE, lenet, MEAN, stop="conv2"), 24) == "patches"
    train_test = prototxt_path("lenet_train_val.prototxt")
    assert chosen(ImageScorer(train_test, lenet, MEAN), 24) == "dense"
    other = net_path("three_classes")
    assert chosen(ImageScorer(other, random_net(other), PATCH_MEAN), 24) == "patches"


def test_another_net_goes_by_patches(random_net, net_path):
    path = net_path("mnist_lenet")
    image = np.random.RandomState(9).randint(0, 256, (60, 50, 1)).astype(np.uint8)
    maps = ImageScorer(path, random_net(path), Normalisation((127.0,))).maps(image, 10)
    assert maps.norms.shape == (4, 3, 10) and (maps.phi > 0).all()


@pytest.mark.parametrize(
    "image, stride, field, message",
    [
        (np.zeros((60, 60, 3), np.float32), 24, None, "uint8 H x W x 3"),
        (np.zeros((60, 60), np.uint8), 24, None, "uint8 H x W x 3"),
        (np.zeros((60, 60, 3), np.uint8), 0, None, "stride"),
        (np.zeros((60, 60, 3), np.uint8), 24, np.ones((60, 61), bool), "field of view"),
        (np.zeros((60, 60, 3), np.uint8), 24, np.ones((60, 60), np.uint8), "field of view"),
    ],
)
def test_what_does_not_fit_is_an_error(lenet, image, stride, field, message):
    with pytest.raises(NetError, match=message):
        ImageScorer(SCORE, lenet, MEAN).maps(image, stride, field)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((np.zeros((60, 60, 3), np.uint8).tolist(), 24), "the photograph must be an array"),
        ((None, 24), "the photograph must be an array .*, not None"),
        ((np.zeros((60, 60, 3), np.uint8), 8.5), "stride must be a whole number, not 8.5"),
        ((np.zeros((60, 60, 3), np.uint8), "8"), "stride must be a whole number, not '8'"),
        ((np.zeros((60, 60, 3), np.uint8), 8, [[True]]), "the field of view must be an array"),
    ],
)
def test_arguments_of_another_kind(lenet, arguments, message):
    with pytest.raises(NetError, match=message):
        ImageScorer(SCORE, lenet, MEAN).maps(*arguments)


def test_a_path_and_a_stride_of_another_kind(lenet, image):
    expected = ImageScorer(SCORE, lenet, MEAN).maps(image, 8)
    found = ImageScorer(pathlib.Path(SCORE), lenet, MEAN).maps(image, 8.0)
    np.testing.assert_array_equal(found.phi, expected.phi)
    assert found.stride == 8 and isinstance(found.stride, int)


def test_a_mean_image_is_an_error(lenet):
    with pytest.raises(NetError, match="of a mean image, its mean over height and width"):
        ImageScorer(SCORE, lenet, Normalisation(np.zeros((48, 48, 3))))


def test_dense_refuses_what_it_cannot_do(lenet, image):
    with pytest.raises(NetError, match="multiples of 4"):
        ImageScorer(SCORE, lenet, MEAN, route="dense").maps(image, 6)
    with pytest.raises(NetError, match="ip1 or ip2"):
        ImageScorer(SCORE, lenet, MEAN, stop="conv1", route="dense").maps(image, 8)
    with pytest.raises(NetError, match="auto, dense, patches"):
        ImageScorer(SCORE, lenet, MEAN, route="conv")


def test_diverged_weights_are_an_error(random_net, image):
    net = random_net(SCORE, seed=9)
    net.params["ip2"][0].data[0, 0] = np.nan
    for scorer in scorers(net, MEAN):
        with pytest.raises(Diverged, match="diverged"):
            scorer.maps(image, 24)
