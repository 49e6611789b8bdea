"""The dense route against patches cut out one by one, at every position of a grid."""

import numpy as np
import pytest

from egl.gradient_length import dense, tiles
from egl.gradient_length.maps import ImageScorer
from egl.nets.definition import prototxt_path, read_net
from tests.egl.gradient_length.same_maps import MEAN, PATCH_MEAN, SCORE, assert_same_maps, scorers


def test_box_sums_worked_out_by_hand():
    values = np.arange(16).reshape(1, 4, 4)
    np.testing.assert_array_equal(dense.box_sums(values, 2, 2), [[[10, 18], [42, 50]]])
    np.testing.assert_array_equal(dense.box_sums(values, 3, 1), [[[45, 54], [81, 90]]])
    assert dense.box_sums(values.astype(np.float32), 4, 1).tolist() == [[[120.0]]]


@pytest.mark.parametrize("mean", [MEAN, PATCH_MEAN], ids=["mean", "patch-mean"])
@pytest.mark.parametrize("stride", [8, 12, 24, 52])
def test_dense_equals_patches_at_every_position(lenet, image, stride, mean):
    by_dense, by_patches = scorers(lenet, mean)
    assert_same_maps(by_dense.maps(image, stride), by_patches.maps(image, stride))


@pytest.mark.parametrize("mean", [MEAN, PATCH_MEAN], ids=["mean", "patch-mean"])
@pytest.mark.parametrize("tile, stride", [(100, 4), (100, 8), (76, 12), (100, 24), (48, 24)])
def test_tile_borders_change_nothing(lenet, image, monkeypatch, mean, tile, stride):
    by_dense, by_patches = scorers(lenet, mean)
    whole = by_dense.maps(image, stride)
    monkeypatch.setattr(tiles, "SIDE", tile)
    in_tiles = ImageScorer(SCORE, lenet, mean, route="dense").maps(image, stride)
    assert_same_maps(in_tiles, whole)
    assert_same_maps(in_tiles, by_patches.maps(image, stride))


@pytest.mark.parametrize("stop, parameters", [("ip2", "layer"), ("ip1", "above")])
def test_other_stopping_layers(lenet, image, stop, parameters):
    by_dense, by_patches = scorers(lenet, MEAN, stop=stop, parameters=parameters)
    assert_same_maps(by_dense.maps(image, 24), by_patches.maps(image, 24))


def test_a_trained_net(trained, image):
    by_dense, by_patches = scorers(trained.net, MEAN)
    assert_same_maps(by_dense.maps(image, 16), by_patches.maps(image, 16))


@pytest.mark.parametrize("mean", [MEAN, PATCH_MEAN], ids=["mean", "patch-mean"])
def test_a_photograph(lenet, real_image, mean):
    field = real_image.max(axis=2) > 30
    height, width = real_image.shape[:2]
    part = (
        slice(height // 2 - 120, height // 2 + 120),
        slice(0, width // 4),
    )  # across the border of the field of view
    piece = np.ascontiguousarray(real_image[part])
    maps = [scorer.maps(piece, 24, field[part]) for scorer in scorers(lenet, mean)]
    assert 0 < maps[0].inside.mean() < 1
    assert_same_maps(*maps)


def test_only_positions_inside_the_field_of_view_count(lenet, image, monkeypatch):
    monkeypatch.setattr(tiles, "SIDE", 100)  # so that some tiles have no position inside
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    field = (y - 100) ** 2 + (x - 120) ** 2 < 70**2
    maps = [scorer.maps(image, 12, field) for scorer in scorers(lenet, MEAN)]
    assert_same_maps(*maps)
    for (i, j), inside in np.ndenumerate(maps[0].inside):
        assert inside == field[i * 12 : i * 12 + 48, j * 12 : j * 12 + 48].all()


def test_one_scorer_serves_images_and_strides_in_turn(lenet, image):
    scorer, by_patches = scorers(lenet, MEAN)
    for shape, stride in (((191, 213), 24), ((100, 120), 8), ((120, 100), 8), ((191, 213), 24)):
        piece = image[: shape[0], : shape[1]]
        assert_same_maps(scorer.maps(piece, stride), by_patches.maps(piece, stride))


def test_weights_are_taken_as_they_are(random_net, image):
    net = random_net(SCORE, seed=7)
    by_dense, by_patches = scorers(net, MEAN)
    before = by_dense.maps(image, 24)
    net.params["conv2"][0].data[...] *= 1.1
    after = by_dense.maps(image, 24)
    assert (after.phi != before.phi).all()
    assert_same_maps(after, by_patches.maps(image, 24))


def test_the_net_is_sure_and_nothing_is_lost(random_net, image):
    net = random_net(SCORE, seed=8)
    net.params["ip2"][0].data[...] *= 20
    maps, by_patches = (scorer.maps(image, 24) for scorer in scorers(net, MEAN))
    assert maps.posterior.max() > 1 - 1e-9 and (maps.phi > 0).all()
    # Scores of this size are rounded by about 1e-5: the smaller posterior's relative error.
    assert_same_maps(maps, by_patches, 1e-3)


def test_the_dense_net_holds_the_layers_of_lenet(caffe):
    """Two prototxts, one architecture: conv1, conv2, the poolings and the ReLU are the same."""
    score, whole = (
        read_net(prototxt_path(name)) for name in ("lenet_score.prototxt", "lenet_dense.prototxt")
    )
    by_name = {layer.name: layer for layer in score.layer}
    for layer in whole.layer:
        if layer.type in ("Pooling", "ReLU") or layer.name.startswith("conv"):
            assert layer == by_name[layer.name]
