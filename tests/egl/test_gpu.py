"""The GPU against the CPU, each in a process of its own; skipped where Caffe has no GPU."""

import numpy as np
import pytest

from data_prep.normalisation import Normalisation
from egl.errors import EglError
from egl.gradient_length.maps import ImageScorer
from egl.gradient_length.phi import GradientLength
from egl.gradient_length.scorer import NetScorer
from egl.nets.definition import prototxt_path
from egl.nets.device import check_device, use_device
from egl.training.settings import TrainerSettings
from egl.training.snapshots import weights_at
from egl.training.trainer import Trainer
from experiments.processes import run_in_child

SCORE = prototxt_path("lenet_score.prototxt")
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def gpu(caffe):
    try:
        check_device("gpu:0")
    except EglError as error:
        pytest.skip(str(error))
    return "gpu:0"


@pytest.fixture(scope="module")
def weights(caffe, tmp_path_factory):
    """The initial weights of a solver's net: of the size that training works with."""
    folder = tmp_path_factory.mktemp("weights")
    trainer = Trainer(TrainerSettings(), Normalisation((0, 0, 0)), str(folder))
    trainer.keep_weights()
    return weights_at(str(folder), 0)


def phi(weights, route, progress):
    # On a GPU, 1100 patches are two batches and a part of one.
    patches = np.random.RandomState(1).randn(1100, 3, 48, 48).astype(np.float32)
    count = 1100 if route == "batched" else 20
    return GradientLength(SCORE, weights, parameters="above", route=route).score(patches[:count])


def maps(weights, stride, progress):
    image = np.random.RandomState(2).randint(0, 256, (200, 230, 3)).astype(np.uint8)
    scorer = ImageScorer(SCORE, weights, Normalisation(None), route="dense")
    return tuple(scorer.maps(image, stride)[:3])


def training(folder, device, progress):
    random = np.random.RandomState(3)
    normalisation = Normalisation((128, 128, 128))
    trainer = Trainer(TrainerSettings(momentum=0, device=device), normalisation, folder)
    scorer = NetScorer(trainer.score_prototxt, trainer.solver.net, normalisation)
    losses = [
        trainer.step(random.randint(0, 256, (32, 3, 48, 48)).astype(np.uint8), np.arange(32) % 2)
        for _ in range(5)
    ]
    return losses, scorer.posterior(random.randint(0, 256, (600, 3, 48, 48)).astype(np.uint8))


@pytest.mark.parametrize("route", ["batched", "param-diff"])
def test_phi(gpu, weights, tmp_path, route):
    on_cpu = run_in_child(phi, (weights, route), str(tmp_path), device="cpu")
    on_gpu = run_in_child(phi, (weights, route), str(tmp_path), device=gpu)
    for expected, found in zip(on_cpu, on_gpu):
        np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=1e-7)


@pytest.mark.parametrize("stride", [4, 16])
def test_dense_maps(gpu, weights, tmp_path, stride):
    on_cpu = run_in_child(maps, (weights, stride), str(tmp_path), device="cpu")
    on_gpu = run_in_child(maps, (weights, stride), str(tmp_path), device=gpu)
    for expected, found in zip(on_cpu, on_gpu):
        np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=1e-7)


def test_training(gpu, tmp_path):
    on_cpu = run_in_child(training, (str(tmp_path), "cpu"), str(tmp_path))
    on_gpu = run_in_child(training, (str(tmp_path), gpu), str(tmp_path))
    for expected, found in zip(on_cpu, on_gpu):
        np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_the_parts_work_on_a_cpu(caffe, weights, tmp_path):
    """Whatever machine this is: what the tests above compare is there, finite, and of one size."""
    use_device(None)
    lengths = phi(weights, "batched", None)
    reference = phi(weights, "param-diff", None)
    np.testing.assert_allclose(lengths.phi[:20], reference.phi, rtol=TOLERANCE)
    assert np.isfinite(maps(weights, 16, None)[0]).all()
    assert len(training(str(tmp_path), "cpu", None)[1]) == 600
