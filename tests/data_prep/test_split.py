from collections import namedtuple

import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.split import share_out, split_patients

Photo = namedtuple("Photo", "patient lesion")


def photos(n_lesion, n_healthy, each=2):
    return [Photo(f"L{i}", True) for i in range(n_lesion) for _ in range(each)] + [
        Photo(f"H{i}", False) for i in range(n_healthy) for _ in range(each)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_no_patient_in_two_splits_and_a_share_of_each_kind(seed):
    records = photos(20, 50)
    numbers = split_patients(records, np.random.RandomState(seed))
    for patient in {record.patient for record in records}:
        assert (
            len({number for record, number in zip(records, numbers) if record.patient == patient})
            == 1
        )
    count = np.array(
        [
            [sum(n == s and r.lesion == kind for r, n in zip(records, numbers)) for s in range(3)]
            for kind in (True, False)
        ]
    )
    assert count.tolist() == [
        [28, 4, 8],
        [70, 10, 20],
    ]  # 70, 10, 20% of the patients, two images each


def test_by_seed():
    records = photos(20, 50)
    one, again, other = (split_patients(records, np.random.RandomState(seed)) for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


def test_a_patient_with_one_lesion_is_a_lesion_patient():
    records = photos(3, 0) + [Photo("L0", False)]
    numbers = split_patients(records, np.random.RandomState(0))
    assert numbers[-1] == numbers[0]
    assert sorted(numbers[:6:2]) == [0, 1, 2]


def test_two_lesion_patients_are_too_few():
    with pytest.raises(DataError, match="at least 3"):
        split_patients(photos(2, 50), np.random.RandomState(0))


def test_few_healthy_patients_all_train():
    numbers = split_patients(photos(5, 2), np.random.RandomState(0))
    assert (numbers[-4:] == 0).all()


@pytest.mark.parametrize(
    ("available", "wanted", "taken"),
    [
        ([10, 10, 10], 9, [3, 3, 3]),
        ([1, 10, 10], 9, [1, 4, 4]),
        ([0, 2, 3], 9, [0, 2, 3]),
        ([5, 5], 3, [2, 1]),
        ([2, 9, 9, 0], 11, [2, 5, 4, 0]),
        ([], 4, []),
    ],
)
def test_share_out(available, wanted, taken):
    assert share_out(available, wanted).tolist() == taken
