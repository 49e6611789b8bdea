"""Caffe's own tools on what this project writes: train, test, time, device_query and caffe.draw."""

import re
import shutil
import subprocess

import numpy as np
import pytest

from data_prep.normalisation import Normalisation

BATCH = 32
N_VALIDATION = 32  # of small_store


@pytest.fixture(scope="module")
def command(caffe):
    """command(arguments): run `caffe`, on one BLAS thread; return what it logs."""
    if shutil.which("caffe") is None:
        pytest.skip("Caffe's command line is not installed (Debian: the package caffe)")

    def run(*arguments, status=0, **options):
        done = subprocess.run(
            ["env", "OPENBLAS_NUM_THREADS=1", "GLOG_minloglevel=0", "caffe", *arguments],
            stderr=subprocess.PIPE, text=True, **options,
        )  # fmt: skip
        assert done.returncode == status, done.stderr[-2000:]
        return done.stderr

    return run


@pytest.fixture(scope="module", params=["hdf5", "lmdb"])
def trained(request, command, small_store, tmp_path_factory):
    """Of both formats: the folder of an export after `caffe train` for an epoch, and a Trainer.

    They start from the same weights. The same seed does not do for LMDB: the thread that reads it
    takes a number from Caffe's random stream before the weights are drawn.
    """
    from egl.training.export import export
    from egl.training.settings import TrainerSettings
    from egl.training.trainer import Trainer

    pytest.importorskip("lmdb")
    folder = tmp_path_factory.mktemp("trained") / "exported"
    export(small_store.path, str(folder), request.param)
    solver = (folder / "solver.prototxt").read_text()
    iterations = -(-len(small_store.samples("train")) // BATCH)
    assert f"test_interval: {iterations}\n" in solver and f"max_iter: {10 * iterations}\n" in solver
    solver = re.sub("(max_iter|snapshot): .*", rf"\1: {iterations}", solver)
    solver = re.sub("display: .*", "display: 1", solver)
    (folder / "solver.prototxt").write_text(solver)
    (folder / "run").mkdir()
    normalisation = Normalisation.of("mean", small_store.mean)
    trainer = Trainer(TrainerSettings(), normalisation, str(folder / "run"))
    weights = str(folder / "initial.caffemodel")
    trainer.solver.net.save(weights)
    solver = str(folder / "solver.prototxt")
    log = command("train", "-solver", solver, "-weights", weights, cwd="/")
    (folder / "train.log").write_text(log)
    return folder, iterations, trainer


def numbers(folder, phase, name):
    from egl.training.caffe_log import read_log

    rows = read_log(str(folder / "train.log"))
    return {row.iteration: row.value for row in rows if (row.phase, row.name) == (phase, name)}


def test_caffe_train_has_the_loss_curve_of_the_python_loop(trained, small_store):
    """The same batches: the loss before each step, to the digits of the log."""
    from data_prep.random_streams import Stream, random_state

    folder, iterations, trainer = trained
    samples = random_state(1, Stream.EXPORT).permutation(small_store.samples("train"))
    order = np.resize(np.arange(len(samples)), iterations * BATCH).reshape(-1, BATCH)
    losses = [trainer.step(*small_store.read(samples[batch])) for batch in order]
    said = numbers(folder, "train", "loss")
    np.testing.assert_allclose([said[i] for i in range(iterations)], losses, rtol=2e-4)
    assert losses[-1] < losses[0]


def test_caffe_test_has_the_accuracy_of_the_training_log_and_of_python(
    trained, command, small_store, caffe
):
    from egl.gradient_length.scorer import NetScorer
    from egl.nets.building import scoring_net
    from egl.nets.definition import prototxt_path

    folder, iterations, _ = trained
    weights = str(folder / f"lenet_iter_{iterations}.caffemodel")
    (test_iter,) = re.findall(r"test_iter: (\d+)", (folder / "solver.prototxt").read_text())
    log = command(
        "test", "-model", str(folder / "train_val.prototxt"), "-weights", weights,
        "-iterations", test_iter,
    )  # fmt: skip
    accuracy = float(re.findall(r"\] accuracy = ([\d.]+)", log)[-1])
    assert accuracy == pytest.approx(numbers(folder, "test", "accuracy")[iterations])
    score = prototxt_path("lenet_score.prototxt")
    scorer = NetScorer(
        score, scoring_net(score, weights), Normalisation.of("mean", small_store.mean)
    )
    patches, labels = small_store.read(small_store.samples("validation"))
    assert len(labels) == N_VALIDATION
    right = (scorer.posterior(patches).argmax(axis=1) == labels).mean()
    assert accuracy == pytest.approx(right, abs=1e-4)


def test_the_solver_of_prototxt_from_the_root_of_a_checkout(trained, command, tmp_path):
    """Its paths, and the stage that it names."""
    from egl.nets.definition import prototxt_path

    folder = trained[0]
    if not (folder / "train.h5").exists():
        pytest.skip("the other data layer")
    shutil.copytree(str(folder), str(tmp_path / "exported"))
    (tmp_path / "prototxt").mkdir()
    for name in ("lenet_train_val.prototxt", "lenet_solver.prototxt"):
        shutil.copy(prototxt_path(name), str(tmp_path / "prototxt"))
    solver = tmp_path / "prototxt" / "lenet_solver.prototxt"
    solver.write_text(solver.read_text().replace("max_iter: 1000", "max_iter: 2"))
    log = command("train", "-solver", "prototxt/lenet_solver.prototxt", cwd=str(tmp_path))
    assert "Optimization Done" in log
    assert (tmp_path / "exported" / "lenet_iter_2.solverstate").exists()


def test_caffe_time(command):
    from egl.nets.definition import prototxt_path

    log = command("time", "-model", prototxt_path("lenet_train_val.prototxt"), "-iterations", "1")
    assert re.search(r"ip1\s+backward: [\d.]+ ms", log)


def test_caffe_device_query(command):
    assert "Querying GPUs" in command("device_query")


def test_caffe_draw(caffe, tmp_path):
    pytest.importorskip("pydot")
    import caffe.draw

    from egl.nets.definition import prototxt_path, read_net

    net = read_net(prototxt_path("lenet_deploy.prototxt"))
    caffe.draw.draw_net_to_file(net, str(tmp_path / "lenet.png"), "TB")
    assert (tmp_path / "lenet.png").read_bytes()[:4] == b"\x89PNG"
