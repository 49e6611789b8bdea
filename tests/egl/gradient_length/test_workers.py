"""Scoring in worker processes: the same bits as in one process, and a named error where one dies."""

import os

import numpy as np
import pytest

from egl.errors import EglError, NetError
from egl.gradient_length.maps import ImageScorer
from egl.gradient_length.phi import GradientLength
from egl.gradient_length.workers import Workers
from egl.nets.definition import prototxt_path, read_net

SCORE = prototxt_path("lenet_score.prototxt")


@pytest.fixture(scope="module")
def many():
    return np.random.RandomState(12).randn(45, 3, 48, 48).astype(np.float32)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_same_bits_whatever_the_number_of_workers(random_net, many, workers):
    net = random_net(SCORE, seed=13)
    settings = {"prototxt": SCORE, "batch": 4, "parameters": "above"}
    alone = GradientLength(weights=net, **settings)
    with Workers(GradientLength, settings, workers) as scoring:
        for patches in (many, many[:5], many[:0]):
            for left, right in zip(scoring.score(net, patches), alone.score(patches)):
                assert left.tobytes() == right.tobytes() and left.shape == right.shape
        net.params["ip2"][0].data[...] *= 2
        assert (scoring.score(net, many).phi == alone.score(many).phi).all()


def test_maps_come_in_the_order_of_the_images(lenet):
    rng = np.random.RandomState(14)
    images = [rng.randint(0, 256, (60 + 10 * n, 80, 3)).astype(np.uint8) for n in range(5)]
    fields = [None] * 4 + [np.zeros((100, 80), bool)]
    settings = {"prototxt": SCORE, "mean": (100, 110, 120)}
    alone = ImageScorer(weights=lenet, **settings)
    with Workers(ImageScorer, settings, 2) as scoring:
        found = list(scoring.maps(lenet, zip(images, fields), 8))
    for each, image, field in zip(found, images, fields):
        expected = alone.maps(image, 8, field)
        assert each.stride == 8 and each.phi.tobytes() == expected.phi.tobytes()
        assert each.posterior.tobytes() == expected.posterior.tobytes()


def test_images_are_read_as_they_are_needed(lenet):
    read = []

    def images():
        for n in range(20):
            read.append(n)
            yield np.zeros((48, 48, 3), np.uint8), None

    with Workers(ImageScorer, {"prototxt": SCORE, "mean": None}, 1) as scoring:
        next(scoring.maps(lenet, images(), 24))
        assert len(read) <= 3


def test_a_dead_worker_is_an_error_and_not_a_hang(caffe, net_path, tmp_path, many):
    definition = read_net(net_path("three_classes"))
    definition.layer[0].input_param.shape[0].dim[2:] = [
        2,
        2,
    ]  # smaller than the first kernel: Caffe aborts
    path = str(tmp_path / "net.prototxt")
    with open(path, "w") as file:
        file.write(str(definition))
    weights = str(tmp_path / "w.caffemodel")
    with Workers(GradientLength, {"prototxt": path}, 2) as scoring:
        with pytest.raises(EglError, match="scoring process died"):
            scoring.score(weights, many)


def test_errors_of_a_worker_come_through(lenet, many, tmp_path):
    with Workers(GradientLength, {"prototxt": SCORE}, 1) as scoring:
        with pytest.raises(NetError, match="N x 3 x 48 x 48"):
            scoring.score(lenet, many[:, :2])
        with pytest.raises(NetError, match="no.caffemodel"):
            scoring.score(str(tmp_path / "no.caffemodel"), many)
        assert (
            os.listdir(scoring._folder.name) == []
        )  # weights on their way to the workers do not stay
    with pytest.raises(EglError, match="workers"):
        Workers(GradientLength, {"prototxt": SCORE}, 0)
