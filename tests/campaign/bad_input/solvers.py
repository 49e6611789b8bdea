"""Solvers that Caffe would abort on, what a Trainer is given, and runs that it cannot resume."""

import json
import os

import numpy as np

import egl
from egl.training.trainer import Trainer
from tests.campaign.bad_input.inputs import MEAN
from tests.campaign.bad_input.rows import Row

SOLVER = "solver.prototxt"
PATCHES, LABELS = np.zeros((32, 3, 48, 48), np.uint8), np.arange(32) % 2


def trainer(normalisation=MEAN, **settings):
    """Return a Trainer in the folder trainer/."""
    return Trainer(egl.TrainerSettings(**settings), normalisation, "trainer")


def by_solver(inputs):
    return trainer(solver="./" + SOLVER)


def solver(name, text, *says, settings=None):
    """Return the row of a solver of LeNet with more text; settings: of the run."""

    def make(inputs):
        os.mkdir("trainer")
        inputs.net(source="lenet_train_val.prototxt")
        old = "" if ":" not in text else text.split(":")[0] + ":"
        lines = _own().replace("prototxt/lenet_train_val.prototxt", "net.prototxt").splitlines()
        kept = [line for line in lines if not old or not line.startswith(old)]
        inputs.write(SOLVER, "\n".join([*kept, text]))

    def do(inputs):
        return trainer(solver="./" + SOLVER, **(settings or {}))

    return Row(name, do, (SOLVER, *says), make)


def _own():
    with open(egl.prototxt_path("lenet_solver.prototxt"), encoding="utf-8") as file:
        return file.read()


def asked(name, do, *says):
    return Row(name, do, says, lambda inputs: os.mkdir("trainer"))


def step(name, patches, labels, *says):
    """Return the row of a step; the Trainer's own file is made before."""

    def make(inputs):
        os.mkdir("trainer")
        trainer()

    return Row(name, lambda inputs: trainer().step(patches, labels), says, make)


AS_GIVEN = {"lr_policy": "solver"}
CANNOT = "Caffe cannot use this solver"


def resumed(name, change, *says):
    """Return the row of a run that was interrupted and then changed."""

    def make(inputs):
        inputs.unfinished()
        change(inputs)

    return Row(name, _resume, ("run", *says), make)


def _resume(inputs):
    settings = egl.FullTrainingSettings(iterations=3, evaluate_every=1, stop_early=False)
    return egl.train(inputs.filled("{store}"), settings, "run")


def content(name, data):
    return lambda inputs: inputs.write("run/" + name, data)


def cut(name, n):
    return lambda inputs: inputs.change("run/" + name, lambda data: data[:n])


def gone(name):
    return lambda inputs: os.remove("run/" + name)


def state(change):
    def make(inputs):
        path = inputs.folder / "run" / STATE
        value = json.loads(path.read_text())
        path.write_text(json.dumps(change(value)))

    return make


def folder_for(name):
    return lambda inputs: (os.remove("run/" + name), os.mkdir("run/" + name))


SNAPSHOT = "snapshots/iter_000002/"
STATE = SNAPSHOT + "state.json"
MODEL = SNAPSHOT + "model_iter_2.caffemodel"
AGAIN = "start again"
ROWS = [
    asked("absent", lambda inputs: trainer(solver="./no.prototxt"), "no.prototxt"),
    asked("an unknown name", lambda inputs: trainer(solver="alexnet.prototxt"), "alexnet.prototxt"),
    asked("an empty name", lambda inputs: trainer(solver=""), "solver"),
    asked("a scoring net that is absent", lambda inputs: trainer(score_net="./no.prototxt"),
          "no.prototxt"),
    asked("a device that is none", lambda inputs: trainer(device="tpu"), "'tpu'"),
    asked("a normalisation of None", lambda inputs: trainer(None), "normalisation"),
    asked("a batch of a million", lambda inputs: trainer(batch=10**7), "batch"),
    solver("without a net", "net: ''", "net"),
    solver("a net that is absent", 'net: "no.prototxt"', "no.prototxt"),
    solver("a net that is a folder", 'net: "trainer"', "trainer"),
    solver("an unknown type", 'type: "Sgd"', "'Sgd'", "SGD"),
    solver("an unknown policy", 'lr_policy: "linear"', "'linear'", "fixed"),
    solver("an unknown field", "rate: 0.1", "rate"),
    solver("two nets", 'train_net: "x"', "nowhere else"),
    solver("steps of no size", 'lr_policy: "step"', CANNOT, settings=AS_GIVEN),
    solver("steps of size 0", 'lr_policy: "step" stepsize: 0', CANNOT, settings=AS_GIVEN),
    solver("AdaGrad with momentum", 'type: "AdaGrad"', CANNOT, "Momentum"),
    solver("RMSProp with a decay of 2", 'type: "RMSProp" rms_decay: 2', CANNOT,
           settings={"momentum": 0.0}),
    solver("an unknown regularisation", 'regularization_type: "L3"', CANNOT, "L3"),
    solver("an average of 0 losses", "average_loss: 0", CANNOT),
    step("step: patches of None", None, LABELS, "patches", "None"),
    step("step: too few", PATCHES[:3], LABELS[:3], "the net takes 32"),
    step("step: labels too few", PATCHES, LABELS[:3], "the net takes 32"),
    step("step: labels of 2", PATCHES, LABELS + 1, "labels from 1 to 2"),
    step("step: labels below 0", PATCHES, LABELS - 1, "labels from -1"),
    step("step: labels of 0.5", PATCHES, LABELS / 2, "whole numbers"),
    step("step: labels of NaN", PATCHES, LABELS * np.nan, "whole numbers"),
    step("step: labels of words", PATCHES, ["a"] * 32, "whole numbers"),
    step("step: labels of None", PATCHES, None, "labels"),
    step("step: 32 pixels", PATCHES[..., :32, :32], LABELS, "32 x 32"),
    step("step: patches of NaN", np.full(PATCHES.shape, np.nan), LABELS, "not finite"),
    step("step: patches of words", np.full(PATCHES.shape, "x"), LABELS, "patches"),
    resumed("rounds cut", cut("rounds.csv", 130), "rounds.csv", AGAIN),
    resumed("rounds empty", content("rounds.csv", ""), "rounds.csv", AGAIN),
    resumed("no rounds", gone("rounds.csv"), "rounds.csv", AGAIN),
    resumed("rounds of NUL", content("rounds.csv", "\0"), "rounds.csv", AGAIN),
    resumed("rounds a folder", folder_for("rounds.csv"), "rounds.csv"),
    resumed("no queries", gone("queries.csv"), "queries.csv", AGAIN),
    resumed("predictions cut", cut("predictions.h5", 900), "predictions.h5"),
    resumed("predictions of text", content("predictions.h5", "x"), "predictions.h5"),
    resumed("predictions of noise", lambda inputs: inputs.change(
        "run/predictions.h5", lambda data: data[:96] + b"\xff" * 900 + data[996:]),
        "predictions.h5"),
    resumed("no predictions", gone("predictions.h5"), "predictions.h5"),
    resumed("state cut", cut(STATE, 30), "snapshot", AGAIN),
    resumed("state a list", content(STATE, "[]"), "snapshot", AGAIN),
    resumed("state {}", content(STATE, "{}"), "snapshot", AGAIN),
    resumed("state of words", state(lambda value: dict(value, iteration="x")), "snapshot", AGAIN),
    resumed("state without its content", state(lambda value: dict(value, extra=3)), "snapshot"),
    resumed("state that counts other rounds", state(lambda value: dict(value, extra=dict(
        value["extra"], position={"rounds": 9, "queries": 0}))), "rounds.csv", AGAIN),
    resumed("weights cut", cut(MODEL, 5000), "snapshot", AGAIN),
    resumed("no weights", gone(MODEL), "snapshot", AGAIN),
    resumed("settings cut", cut("settings.json", 40), "settings.json", AGAIN),
    resumed("settings of another run", lambda inputs: inputs.change(
        "run/settings.json", lambda data: data.replace(b'"rate": 0.01', b'"rate": 0.02')),
        "other settings", "trainer.rate 0.02 there, 0.01 given"),
    resumed("metrics of an end that is none", content("metrics.json", "[]"), "metrics.json", AGAIN),
]  # fmt: skip
