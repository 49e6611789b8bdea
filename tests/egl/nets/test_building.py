"""Nets for scoring."""

import glob
import os
import pathlib
import tempfile

import numpy as np
import pytest

from egl.errors import NetError
from egl.nets.building import feed, scoring_net
from egl.nets.definition import prototxt_path

SCORE = prototxt_path("lenet_score.prototxt")


@pytest.mark.parametrize("batch", [1, 5])
def test_the_batch_is_set_and_no_file_is_left(caffe, batch):
    before = set(glob.glob(os.path.join(tempfile.gettempdir(), "*.prototxt")))
    net = scoring_net(SCORE, batch=batch)
    assert net.blobs["data"].data.shape == (batch, 3, 48, 48)
    assert net.blobs["label"].data.shape == (batch,)
    assert net.forward()["prob"].shape == (batch, 2)
    assert set(glob.glob(os.path.join(tempfile.gettempdir(), "*.prototxt"))) <= before


def test_two_nets_without_weights_share_nothing(caffe):
    one, other = scoring_net(SCORE), scoring_net(SCORE)
    one.params["ip2"][0].data[...] = 1
    assert (other.params["ip2"][0].data == 0).all()


def test_shared_weights_are_the_same_memory_and_diffs_are_not(random_net):
    source = random_net(SCORE, seed=1)
    net = scoring_net(SCORE, source)
    source.params["ip2"][0].data[...] = 3
    source.params["ip2"][0].diff[...] = 5
    assert (net.params["ip2"][0].data == 3).all() and (net.params["ip2"][0].diff == 0).all()


def test_sharing_with_a_net_that_does_not_fit(random_net, net_path):
    with pytest.raises(NetError, match="'conv1'.*shapes"):
        scoring_net(SCORE, random_net(net_path("mnist_lenet")))
    with pytest.raises(NetError, match="no layer 'conv1'"):
        scoring_net(SCORE, random_net(net_path("three_classes")))


def test_a_batch_of_none_is_an_error(caffe):
    with pytest.raises(NetError, match="batch must be at least 1, not 0"):
        scoring_net(SCORE, batch=0)


def test_patches_are_fed_a_batch_at_a_time(caffe):
    net = scoring_net(SCORE, batch=4)
    patches = np.random.RandomState(1).randn(10, 3, 48, 48).astype(np.float32)
    seen = []
    for rows in feed(net, "data", patches):
        n = rows.stop - rows.start
        np.testing.assert_array_equal(net.blobs["data"].data[:n], patches[rows])
        seen.append((rows.start, rows.stop))
    assert seen == [(0, 4), (4, 8), (8, 10)]
    assert list(feed(net, "data", patches[:0])) == []


def test_a_patch_that_is_not_finite(caffe):
    net = scoring_net(SCORE, batch=4)
    for bad in (np.nan, -np.inf, 1e39):  # float32 ends at 3.4e38
        patches = np.zeros((7, 3, 48, 48))
        patches[5, 1, 40, 2] = bad
        with pytest.raises(NetError, match="patch 5 holds numbers that are not finite"):
            list(feed(net, "data", patches))


def test_a_short_batch_leaves_nothing_of_the_one_before(caffe):
    """A layer in place on the data would change what is left again and again, until infinity."""
    net = scoring_net(SCORE, batch=4)
    net.blobs["data"].data[...] = 3e38
    list(feed(net, "data", np.ones((1, 3, 48, 48), np.float32)))
    assert (net.blobs["data"].data == 1).all()


@pytest.mark.parametrize("batch", [2.5, "2", None, True, [2]])
def test_a_batch_that_is_no_number(caffe, batch):
    with pytest.raises(NetError, match="batch must be a whole number, not "):
        scoring_net(SCORE, batch=batch)


def test_paths_of_any_kind(random_net, tmp_path):
    net, path = random_net(SCORE), tmp_path / "w.caffemodel"
    net.save(str(path))
    found = scoring_net(pathlib.Path(SCORE), path, batch=2.0)
    assert (found.params["ip2"][0].data == net.params["ip2"][0].data).all()


@pytest.mark.parametrize("wrong", [3, ["w.caffemodel"], np.zeros(3), ""])
def test_weights_and_nets_that_are_none(caffe, wrong):
    with pytest.raises(NetError, match="weights that are no caffe.Net .* must be a path, not"):
        scoring_net(SCORE, wrong)
    with pytest.raises(NetError, match="the prototxt must be a path, not"):
        scoring_net(wrong)
