"""Maps over whole images: dense against patches cut out one by one, at every position."""

import numpy as np
import pytest

from data_prep.geometry import grid_inside
from data_prep.normalisation import Normalisation
from egl.errors import Diverged, NetError
from egl.gradient_length import GradientLength, tiles
from egl.gradient_length.maps import DENSE_UP_TO, ImageScorer
from egl.nets.definition import prototxt_path, read_net

SCORE = prototxt_path("lenet_score.prototxt")
MEAN = Normalisation((60.0, 90.0, 120.0))
PATCH_MEAN = Normalisation(None)


@pytest.fixture(scope="module")
def image():
    rng = np.random.RandomState(6)
    height, width = 191, 213  # no multiple of a stride
    y, x = np.mgrid[:height, :width]
    light = 90 + 60 * np.sin(x / 40.0) * np.cos(y / 30.0)
    return (
        (light[..., None] + rng.uniform(-40, 40, (height, width, 3))).clip(0, 255).astype(np.uint8)
    )


def assert_same(left, right, tolerance=1e-5):
    assert (left.inside == right.inside).all() and left.inside.any()
    n = left.inside.sum()
    for name in ("posterior", "norms", "phi"):
        one, other = getattr(left, name), getattr(right, name)
        assert np.isnan(one[~left.inside]).all() and np.isnan(other[~left.inside]).all()
        relative = np.abs(one[left.inside] / other[left.inside] - 1).reshape(n, -1).max(axis=1)
        # A hidden unit on the edge of its ReLU counts on one side and not on the other: rare, and one of 500.
        assert (relative > tolerance).sum() <= (0 if name == "posterior" else 1 + n // 500), name
        assert relative.max() < 0.02, name


def scorers(net, mean, **settings):
    return [
        ImageScorer(SCORE, net, mean, route=route, **settings) for route in ("dense", "patches")
    ]


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


@pytest.mark.parametrize("mean", [MEAN, PATCH_MEAN], ids=["mean", "patch-mean"])
@pytest.mark.parametrize("stride", [8, 12, 24, 52])
def test_dense_equals_patches_at_every_position(lenet, image, stride, mean):
    by_dense, by_patches = scorers(lenet, mean)
    assert_same(by_dense.maps(image, stride), by_patches.maps(image, stride))


@pytest.mark.parametrize("mean", [MEAN, PATCH_MEAN], ids=["mean", "patch-mean"])
@pytest.mark.parametrize("tile, stride", [(100, 4), (100, 8), (76, 12), (100, 24), (48, 24)])
def test_tile_borders_change_nothing(lenet, image, monkeypatch, mean, tile, stride):
    by_dense, by_patches = scorers(lenet, mean)
    whole = by_dense.maps(image, stride)
    monkeypatch.setattr(tiles, "SIDE", tile)
    in_tiles = ImageScorer(SCORE, lenet, mean, route="dense").maps(image, stride)
    assert_same(in_tiles, whole)
    assert_same(in_tiles, by_patches.maps(image, stride))


@pytest.mark.parametrize("stop, parameters", [("ip2", "layer"), ("ip1", "above")])
def test_other_stopping_layers(lenet, image, stop, parameters):
    assert_same(
        *(each.maps(image, 24) for each in scorers(lenet, MEAN, stop=stop, parameters=parameters))
    )


def test_a_trained_net(trained, image):
    assert_same(*(each.maps(image, 16) for each in scorers(trained.net, MEAN)))


@pytest.mark.parametrize("mean", [MEAN, PATCH_MEAN], ids=["mean", "patch-mean"])
def test_a_photograph(lenet, real_image, mean):
    field = real_image.max(axis=2) > 30
    height, width = real_image.shape[:2]
    part = (
        slice(height // 2 - 120, height // 2 + 120),
        slice(0, width // 4),
    )  # across the border of the field of view
    piece = np.ascontiguousarray(real_image[part])
    maps = [each.maps(piece, 24, field[part]) for each in scorers(lenet, mean)]
    assert 0 < maps[0].inside.mean() < 1
    assert_same(*maps)


def test_only_positions_inside_the_field_of_view_count(lenet, image, monkeypatch):
    monkeypatch.setattr(tiles, "SIDE", 100)  # so that some tiles have no position inside
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    field = (y - 100) ** 2 + (x - 120) ** 2 < 70**2
    maps = [each.maps(image, 12, field) for each in scorers(lenet, MEAN)]
    assert_same(*maps)
    for (i, j), inside in np.ndenumerate(maps[0].inside):
        assert inside == field[i * 12 : i * 12 + 48, j * 12 : j * 12 + 48].all()


@pytest.mark.parametrize(
    "shape, grid",
    [((48, 48), (1, 1)), ((47, 100), (0, 0)), ((51, 52), (1, 2)), ((52, 100), (2, 14))],
)
def test_grid_of_small_images(lenet, shape, grid):
    assert grid_inside(shape, (48, 48), 4).shape == grid
    field = np.ones(shape, bool)
    assert grid_inside(shape, (48, 48), 4, field).shape == grid
    for scorer in scorers(lenet, MEAN):
        assert scorer.maps(np.zeros(shape + (3,), np.uint8), 4).phi.shape == grid


def test_nothing_inside_gives_nan(lenet, image):
    for scorer in scorers(lenet, PATCH_MEAN):
        assert np.isnan(scorer.maps(image, 24, np.zeros(image.shape[:2], bool)).phi).all()


def test_one_scorer_serves_images_and_strides_in_turn(lenet, image):
    scorer, by_patches = scorers(lenet, MEAN)
    for shape, stride in (((191, 213), 24), ((100, 120), 8), ((120, 100), 8), ((191, 213), 24)):
        piece = image[: shape[0], : shape[1]]
        assert_same(scorer.maps(piece, stride), by_patches.maps(piece, stride))


def test_weights_are_taken_as_they_are(random_net, image):
    net = random_net(SCORE, seed=7)
    by_dense, by_patches = scorers(net, MEAN)
    before = by_dense.maps(image, 24)
    net.params["conv2"][0].data[...] *= 1.1
    after = by_dense.maps(image, 24)
    assert (after.phi != before.phi).all()
    assert_same(after, by_patches.maps(image, 24))


def test_the_net_is_sure_and_nothing_is_lost(random_net, image):
    net = random_net(SCORE, seed=8)
    net.params["ip2"][0].data[...] *= 20
    maps, by_patches = (each.maps(image, 24) for each in scorers(net, MEAN))
    assert maps.posterior.max() > 1 - 1e-9 and (maps.phi > 0).all()
    # Scores of this size carry a rounding of about 1e-5, which is the relative error of the smaller posterior.
    assert_same(maps, by_patches, 1e-3)


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
    train_test = prototxt_path("lenet_train_test.prototxt")
    assert chosen(ImageScorer(train_test, lenet, MEAN), 24) == "dense"
    other = net_path("three_classes")
    assert chosen(ImageScorer(other, random_net(other), PATCH_MEAN), 24) == "patches"


def test_another_net_goes_by_patches(random_net, net_path):
    path = net_path("mnist_lenet")
    image = np.random.RandomState(9).randint(0, 256, (60, 50, 1)).astype(np.uint8)
    maps = ImageScorer(path, random_net(path), Normalisation((127.0,))).maps(image, 10)
    assert maps.norms.shape == (4, 3, 10) and (maps.phi > 0).all()


def test_the_dense_net_holds_the_layers_of_lenet(caffe):
    """Two prototxts, one architecture: the shapes of the weights agree, and the settings of conv1, conv2 and the poolings."""
    score, whole = (
        read_net(prototxt_path(name)) for name in ("lenet_score.prototxt", "lenet_dense.prototxt")
    )
    by_name = {layer.name: layer for layer in score.layer}
    for layer in whole.layer:
        if layer.type in ("Pooling", "ReLU") or layer.name.startswith("conv"):
            assert layer == by_name[layer.name]


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
