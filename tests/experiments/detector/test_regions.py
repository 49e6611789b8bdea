import numpy as np
import pytest

from experiments.detector.regions import Regions, outlines


def test_regions_by_hand():
    regions = Regions(np.array([[2, 0, 1], [2, 1, 0]]), 3)
    values = np.array([[1.0, 9, 2], [5, 6, 9]])
    assert regions.area.tolist() == [2, 2, 0]
    assert regions.mean(values) == pytest.approx([4, 3, np.nan], nan_ok=True)
    assert regions.spread(values) == pytest.approx([2, 2, np.nan], nan_ok=True)
    assert Regions(np.array([[2, 0, 1], [2, 1, 0]]), 2).highest(values).tolist() == [6, 5]


def test_measures_are_those_of_each_region_alone():
    random = np.random.RandomState(0)
    labels, values = random.randint(6, size=(40, 50)), random.randn(40, 50).astype(np.float32)
    regions = Regions(labels, 5)
    alone = [values[labels == number].astype(float) for number in range(1, 6)]
    assert regions.mean(values) == pytest.approx([region.mean() for region in alone])
    assert regions.spread(values) == pytest.approx([region.std() for region in alone])
    assert regions.highest(values).tolist() == [region.max() for region in alone]


def test_outlines_of_touching_regions():
    labels = np.zeros((7, 10), np.int32)
    labels[1:6, 0:5], labels[1:6, 5:10] = 1, 2
    inner = np.zeros((7, 10), bool)
    inner[2:5, 1:4] = inner[2:5, 6:9] = True  # none at the border of the image
    assert (outlines(labels) == ((labels > 0) & ~inner)).all()
