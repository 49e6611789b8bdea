"""Nets for scoring, and the trial of a net from elsewhere."""

import glob
import os
import tempfile

import numpy as np
import pytest

from egl.errors import NetError
from egl.nets.building import check_builds, feed, scoring_net
from egl.nets.definition import prototxt_path, read_net

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


def write(folder, prototxt, change):
    definition = read_net(prototxt)
    change({layer.name: layer for layer in definition.layer})
    path = str(folder / "theirs.prototxt")
    with open(path, "w") as file:
        file.write(str(definition))
    return path


def too_small(layers):
    layers["image"].input_param.shape[0].dim[2:] = [2, 2]


def one_axis_less(layers):
    layers["image"].input_param.shape[0].dim.pop()


def no_outputs(layers):
    layers["conv"].convolution_param.ClearField("num_output")


def aborts_in_its_forward(layers):
    layers["pool"].pooling_param.pool = layers["pool"].pooling_param.STOCHASTIC


@pytest.mark.parametrize(
    "change, message",
    [
        (too_small, "Check failed"),
        (one_axis_less, "Check failed: 4 == "),
        (no_outputs, "Check failed: num_output_ > 0"),
        (aborts_in_its_forward, "theirs.prototxt: Caffe cannot use this net: "),
    ],
)
def test_a_net_that_caffe_cannot_use(caffe, net_path, tmp_path, change, message):
    path = write(tmp_path, net_path("three_classes"), change)
    with pytest.raises(NetError, match="theirs.prototxt: Caffe cannot use this net: ") as caught:
        check_builds(path)
    assert message in str(caught.value)


def test_what_is_wrong_in_one_phase_only(caffe, net_path, tmp_path):
    def change(layers):
        layers["conv"].convolution_param.ClearField("num_output")
        for layer in layers.values():
            if layer.type != "Input":
                layer.include.add(phase=caffe.TRAIN)

    path = write(tmp_path, net_path("three_classes"), change)
    check_builds(path)
    with pytest.raises(NetError, match="num_output_ > 0"):
        check_builds(path, caffe.TRAIN)


@pytest.mark.parametrize("name", ["lenet_score.prototxt", "lenet_train_test.prototxt"])
def test_a_net_that_caffe_can_use(caffe, name):
    check_builds(prototxt_path(name))
    check_builds(prototxt_path(name), caffe.TRAIN)


def test_the_trial_runs_no_module_of_the_current_folder(caffe, tmp_path, monkeypatch):
    for name in ("numpy", "caffe", "egl", "tempfile"):
        (tmp_path / (name + ".py")).write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(tmp_path)
    check_builds(SCORE)
