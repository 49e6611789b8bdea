from dataclasses import replace

import numpy as np
import pytest

from experiments import estimate, work
from experiments.paper import FURTHER, NAMES, experiment
from experiments.protocols import PROTOCOLS
from experiments.tasks import Task
from tests.experiments.from_one import STANDARD


class Store:
    """Ten training images of 100 patches; 800 training, 100 validation and 100 test samples."""

    image = np.repeat(np.arange(10), 100)
    attributes = {
        "samples_train": [400, 400],
        "samples_validation": [50, 50],
        "samples_test": [50, 50],
    }
    images = [
        type("Row", (), {"height": 480, "width": 480, "lesion": True, "split": place % 3})
        for place in range(10)
    ]

    def patches_of(self, split):
        return np.arange(1000)

    def samples(self, split):
        return np.stack([np.arange(1000), np.zeros(1000, int)], axis=1)


def seconds(settings, run=work.select):
    """At a speed of one pass a second, without the start of 5000 passes."""
    return estimate.seconds(Task(run, "all", settings), Store(), 1.0) - 5000


def test_plain_training_by_hand():
    settings = replace(experiment("baseline").tasks(STANDARD)["baseline-seed01"].settings, epochs=2)
    # 2 epochs of 800 samples at 2.6 passes each, and an evaluation on 200 samples after each
    assert seconds(settings, work.train) == pytest.approx(4160 + 400)
    # 10 iterations of 32 samples, evaluated twice
    short = replace(settings, iterations=10, evaluate_every=5)
    assert seconds(short, work.train) == pytest.approx(832 + 400)


def test_selection_by_hand():
    eight = replace(STANDARD.images.selection, iterations=8)
    settings = replace(STANDARD.images, strategy="random", selection=eight, evaluate_every=4)
    training = 8 * 32 * 2.6 + 2 * 200
    assert seconds(settings) == pytest.approx(training)
    # two rounds score 400 patches each
    assert seconds(replace(settings, patch_strategy="egl")) == pytest.approx(training + 800)
    # two rounds score 6 and 5 images by 16 patches each, and ten photographs are read
    by_image = replace(settings, strategy="egl", patch_strategy="random")
    assert seconds(by_image) == pytest.approx(training + 176 + 1200)
    # or 11 are read, and all of their patches scored densely: 0.7 * 480 * 480 / 24 ** 2 = 280 at
    # 0.4 each
    whole = replace(by_image, image_patches=0)
    assert seconds(whole) == pytest.approx(training + 11 * (120 + 112))


def test_a_committee_trains_and_scores_as_many_nets():
    one, many = (replace(STANDARD.patches, strategy=name) for name in ("egl", "vote-entropy"))
    assert seconds(many) > 3 * seconds(one)


def test_a_work_from_outside_counts_as_its_start():
    assert seconds(None, print) == 0


@pytest.mark.parametrize("protocol", list(PROTOCOLS.values()), ids=list(PROTOCOLS))
def test_every_task_has_an_estimate_and_a_name_means_one_thing(protocol):
    tasks = {}
    for name in NAMES + FURTHER:
        for run, task in experiment(name).tasks(protocol).items():
            assert tasks.setdefault(run, task) == task
            assert estimate.seconds(task, Store(), 1.0) > 5001
            assert task.store in protocol.stores()
    assert all(need in tasks for task in tasks.values() for need in task.needs)


def test_the_speed_is_measured(caffe):
    assert 50 < estimate.measure_speed(progress=None) < 100000
