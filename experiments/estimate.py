"""How long a task takes: its patches counted, in forward passes of one patch, times what such a pass takes here and now."""

import time

import numpy as np

from egl.nets.building import scoring_net
from egl.nets.definition import prototxt_path
from egl.nets.runtime import import_caffe
from egl.selection.settings import RunSettings
from egl.strategies import WITH_COMMITTEE
from egl.strategies.committee import MEMBERS
from egl.training.settings import FullTrainingSettings

# Measured in forward passes of one patch (0.7 ms on a core of a Xeon of 2019):
STEP = 2.6  # an SGD iteration, a patch
PHI = {
    "ip2": 1.0,
    "ip1": 1.0,
    "conv2": 1.9,
    "conv1": 2.6,
}  # phi by the layer where the backward pass stops
PHOTOGRAPH = 120  # reading one and finding its field of view
COMMITTEE = 1 + MEMBERS  # nets where a strategy has a committee
START = 5000  # the process, Caffe, the store, and the snapshots
DENSE = {4: 1 / 32, 8: 1 / 11.5, 24: 1 / 2.5}  # a patch of a dense map, by stride


def measure_speed(progress):
    """Return forward passes of one patch a second, of LeNet in batches of 64 on one core."""
    import_caffe()
    net = scoring_net(prototxt_path("lenet_score.prototxt"), batch=64)
    net.blobs["data"].data[...] = np.random.RandomState(0).randn(*net.blobs["data"].data.shape)
    net.forward()
    began = time.perf_counter()
    for _ in range(10):
        net.forward()
    return 640 / (time.perf_counter() - began)


def seconds(task, store, speed):
    """Return about how many seconds a task takes on one core; speed: from measure_speed."""
    of = {RunSettings: _selection, FullTrainingSettings: _training}
    return (
        START + of[type(task.settings)](task.settings, store)
        if type(task.settings) in of
        else task.settings.passes(store)
    ) / speed


def _evaluation(store):
    return sum(sum(store.attributes["samples_" + split]) for split in ("validation", "test"))


def _training(settings, store):
    samples = sum(store.attributes["samples_train"])
    iterations = settings.iterations or settings.epochs * samples / settings.trainer.batch
    evaluations = iterations / (settings.evaluate_every or samples / settings.trainer.batch)
    return iterations * settings.trainer.batch * STEP + evaluations * _evaluation(store)


def _selection(settings, store):
    selection = settings.selection
    training = selection.iterations * settings.trainer.batch * STEP
    steps = max(selection.steps, selection.k / settings.trainer.batch)
    rounds = max(0, selection.iterations - settings.initial_iterations) / steps
    phi, images = PHI.get(settings.stop_layer, 1), np.unique(store.image[store.patches_of("train")])
    total = training + selection.iterations / settings.evaluate_every * _evaluation(store)
    strategies = settings.strategy, settings.patch_strategy or settings.strategy
    nets = COMMITTEE if set(strategies).intersection(WITH_COMMITTEE) else 1
    total += (nets - 1) * training
    if strategies[1] != "random":
        total += (
            rounds
            * phi
            * nets
            * (selection.candidates or sum(store.attributes["samples_train"]) / 2)
        )
    if settings.by == "image" and strategies[0] != "random":
        scored = sum(
            max(0, len(images) - settings.initial_images - each) for each in range(int(rounds))
        )  # images, over all rounds
        phi *= nets
        if settings.image_patches:
            return total + scored * settings.image_patches * phi + len(images) * PHOTOGRAPH
        row = store.images[images[0]]
        patches = (
            0.7 * row.height * row.width / settings.stride**2
        )  # the field of view fills about so much of a photograph
        total += scored * (PHOTOGRAPH + patches * phi * DENSE.get(settings.stride, 1 / 2.5))
    return total
