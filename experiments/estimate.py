"""How long a task takes: its patches, counted in forward passes, times what a pass takes here.

Only the progress bar needs it; nothing that is measured depends on it.
"""

import time
from typing import Any, Callable, Dict

import numpy as np

from egl.nets.building import scoring_net
from egl.nets.definition import prototxt_path
from egl.nets.runtime import import_caffe
from egl.selection.start import image_pool
from egl.strategies import find_strategy
from egl.strategies.committee import MEMBERS
from experiments import work
from experiments.analyses import (
    candidates,
    interestingness,
    lesion_share,
    mask_maps,
    stops,
    training_patches,
)
from experiments.detector import detection, extraction
from experiments.detector.normalisation import WIDTH
from experiments.tasks import Task

# Measured in forward passes of one patch (0.7 ms on a core of a Xeon of 2019):
STEP = 2.6  # an SGD iteration, per patch
PHI = {"ip2": 1.0, "ip1": 1.0, "conv2": 1.9, "conv1": 2.6}  # phi, by where the backward pass stops
PHOTOGRAPH = 120  # reading a photograph
START = 5000  # the process, Caffe, the store, and the snapshots
DENSE = {4: 1 / 32, 8: 1 / 11.5, 24: 1 / 2.5}  # a patch of a dense map, by stride
FIELD = 0.7  # the share of a photograph that its field of view fills
JUDGING = 500  # reading a mask and comparing two maps with it
EXTRACTION, TRAINING, DETECTION = 2700, 1000, 1500  # of the detector, per photograph


def measure_speed(progress: Any) -> float:
    """Return forward passes of one patch per second, of LeNet in batches of 64 on one core."""
    import_caffe()
    net = scoring_net(prototxt_path("lenet_score.prototxt"), batch=64)
    net.blobs["data"].data[...] = np.random.RandomState(0).randn(*net.blobs["data"].data.shape)
    net.forward()
    began = time.perf_counter()
    for _ in range(10):
        net.forward()
    return 640 / (time.perf_counter() - began)


def seconds(task: Task, store: Any, speed: float) -> float:
    """Return about how many seconds a task takes on one core; speed: from measure_speed.

    A work that is not known here, of an experiment from outside the package, counts as its start
    alone.
    """
    passes = COSTS.get(task.work)
    return (START + (passes(task.settings, store) if passes else 0)) / speed


def _evaluation(store: Any) -> int:
    return sum(sum(store.attributes["samples_" + split]) for split in ("validation", "test"))


def _dense(store: Any, stride: int, rows: Any) -> float:
    area = sum(FIELD * row.height * row.width for row in rows)
    return area / stride**2 * DENSE.get(stride, 1 / 2.5)


def _training(settings: Any, store: Any) -> float:
    samples = sum(store.attributes["samples_train"])
    iterations = settings.iterations or settings.epochs * samples / settings.trainer.batch
    evaluations = iterations / (settings.evaluate_every or samples / settings.trainer.batch)
    return iterations * settings.trainer.batch * STEP + evaluations * _evaluation(store)


def _selection(settings: Any, store: Any) -> float:
    selection = settings.selection
    by_image, by_patch = settings.strategies
    # A committee trains and scores with as many nets more.
    committee = any(
        getattr(find_strategy(name), "committee", False) for name in settings.strategies
    )
    nets = 1 + MEMBERS if committee else 1
    total = nets * selection.iterations * settings.trainer.batch * STEP
    total += selection.iterations / settings.evaluate_every * _evaluation(store)
    steps = selection.steps
    if selection.update != "union":
        steps = max(steps, selection.k / settings.trainer.batch)
    rounds = max(0, selection.iterations - settings.initial_iterations) / steps
    phi = nets * PHI.get(settings.stop_layer, 1)
    if by_patch != "random":
        scored = selection.candidates or sum(store.attributes["samples_train"]) / 2
        total += rounds * phi * scored
    if settings.by == "image" and by_image != "random":
        images = list(image_pool(store, settings.lesion_share, settings.trainer.seed))
        left = len(images) - settings.initial_images
        scored = sum(max(0, left - number) for number in range(int(rounds)))  # over all rounds
        if settings.image_patches:
            return total + scored * settings.image_patches * phi + len(images) * PHOTOGRAPH
        patches = _dense(store, settings.stride, [store.images[images[0]]])
        total += scored * (PHOTOGRAPH + patches * phi)
    return total


def _watching(settings: Any, store: Any) -> float:
    training = [row for row in store.images if row.split == 0]
    photographs = settings.images or len(training)
    scored = photographs * _dense(store, settings.stride, training[:1])
    if settings.map_stride:
        scored += 2 * _dense(store, settings.map_stride, training[:1])
    return photographs * PHOTOGRAPH + (len(settings.iterations) + 1) * scored


def _comparison(settings: Any, store: Any) -> float:
    return (
        len(settings.iterations) * settings.n * sum(PHI[layer] for layer, _ in stops.STOPS.values())
    )


def _training_patches(settings: Any, store: Any) -> float:
    return len(store.patches_of("train")) + PHOTOGRAPH * len(store.images)


def _masks(settings: Any, store: Any) -> float:
    rows = [row for row in store.images if row.split != 0]
    return len(rows) * (PHOTOGRAPH + JUDGING) + _dense(store, settings.stride, rows)


def _extraction(settings: Any, store: Any) -> float:
    return len(store.images) * (PHOTOGRAPH + EXTRACTION * (settings.width / WIDTH) ** 2)


def _detection(settings: Any, store: Any) -> float:
    training = sum(row.split == 0 for row in store.images)
    return training * TRAINING + (len(store.images) - training) * (PHOTOGRAPH + DETECTION)


COSTS: Dict[Callable[..., Any], Callable[[Any, Any], float]] = {
    work.train: _training,
    work.train_or_diverge: _training,
    candidates.train_finalist: lambda settings, store: _training(settings.training, store),
    work.select: _selection,
    lesion_share.select_as_many: lambda settings, store: _selection(settings.run, store),
    training_patches.look: _training_patches,
    interestingness.watch: _watching,
    stops.compare: _comparison,
    mask_maps.score: _masks,
    extraction.extract: _extraction,
    detection.detect: _detection,
}
