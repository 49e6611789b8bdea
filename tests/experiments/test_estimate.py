import numpy as np
import pytest

from experiments import estimate
from experiments.paper import FURTHER, NAMES, experiment
from experiments.protocols import PROTOCOLS, STANDARD


class Store:
    """Ten training images of 100 patches each; 800 training, 100 validation and 100 test samples."""

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


def passes(settings):
    task = type("Task", (), {"settings": settings})
    return estimate.seconds(task, Store(), 1.0) - estimate.START


def test_plain_training_by_hand():
    settings = experiment("baseline").tasks(STANDARD)["baseline-seed01"].settings._replace(epochs=2)
    assert passes(settings) == pytest.approx(2 * 800 * estimate.STEP + 2 * 200)
    assert passes(settings._replace(iterations=10, evaluate_every=5)) == pytest.approx(
        320 * estimate.STEP + 2 * 200
    )


def test_selection_by_hand():
    settings = STANDARD.images._replace(
        strategy="random",
        selection=STANDARD.images.selection._replace(iterations=8),
        evaluate_every=4,
    )
    training = 8 * 32 * estimate.STEP + 2 * 200
    assert passes(settings) == pytest.approx(training)
    assert passes(settings._replace(patch_strategy="egl")) == pytest.approx(training + 2 * 400)
    # two rounds score 6 and 5 images by 16 patches each, and ten photographs are read
    by_image = settings._replace(strategy="egl", patch_strategy="random")
    assert passes(by_image) == pytest.approx(training + 11 * 16 + 10 * estimate.PHOTOGRAPH)
    # or read 11 times, and all of their patches scored densely: 0.7 * 480 * 480 / 24 ** 2 = 280
    whole = by_image._replace(image_patches=0)
    assert passes(whole) == pytest.approx(training + 11 * (estimate.PHOTOGRAPH + 280 / 2.5))


@pytest.mark.parametrize("protocol", list(PROTOCOLS.values()), ids=list(PROTOCOLS))
def test_every_task_has_an_estimate_and_a_name_means_one_thing(protocol):
    tasks = {}
    for name in NAMES + FURTHER:
        for run, task in experiment(name).tasks(protocol).items():
            assert tasks.setdefault(run, task) == task
            assert estimate.seconds(task, Store(), 1000.0) > 1
            assert task.store in protocol.stores()
    assert all(need in tasks for task in tasks.values() for need in task.needs)


def test_the_speed_is_measured(caffe):
    assert 50 < estimate.measure_speed(progress=None) < 100000
