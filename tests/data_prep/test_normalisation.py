import json

import numpy as np
import pytest

from data_prep.normalisation import FACTOR, SCALINGS, Normalisation

PATCHES = np.array([[[[10, 20], [30, 40]], [[0, 0], [4, 4]]]], np.uint8)


def test_one_mean_for_all_patches():
    result = Normalisation.of("mean", np.array([20.0, 4.0]), 0.5).apply(PATCHES)
    assert result.dtype == np.float32
    assert result.tolist() == [[[[-5, 0], [5, 10]], [[-2, -2], [0, 0]]]]


def test_each_patchs_own_mean():
    result = Normalisation.of("patch-mean", np.array([20.0, 4.0]), 0.5).apply(PATCHES)
    assert result.tolist() == [[[[-7.5, -2.5], [2.5, 7.5]], [[-1, -1], [1, 1]]]]


def test_the_default_factor_is_a_64th():
    assert FACTOR == 1 / 64
    assert Normalisation((0.0, 0.0)).apply(PATCHES)[0, 0, 1, 1] == 40 / 64


def test_the_patches_stay_as_they_are():
    before = PATCHES.copy()
    Normalisation.of("mean", [20, 4]).apply(PATCHES)
    assert (PATCHES == before).all()


@pytest.mark.parametrize("scaling", SCALINGS)
def test_it_survives_json_and_gives_the_same_bits(scaling):
    normalisation = Normalisation.of(scaling, np.array([101.25, 1 / 3]), 0.015)
    again = Normalisation.from_dict(json.loads(json.dumps(normalisation.as_dict())))
    assert again == normalisation
    assert again.apply(PATCHES).tobytes() == normalisation.apply(PATCHES).tobytes()


def test_the_arithmetic_is_that_of_float32():
    """Mean and factor are rounded to float32 first: runs depend on these bits."""
    patches = np.random.RandomState(0).randint(0, 256, (5, 3, 4, 4)).astype(np.uint8)
    mean = np.array([80.1, 60.7, 110.3])
    expected = (patches.astype(np.float32) - mean.astype(np.float32).reshape(1, 3, 1, 1)) / 64
    assert (Normalisation.of("mean", mean).apply(patches) == expected).all()
