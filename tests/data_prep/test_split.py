import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.split import deal_out_more, share_out, split_patients


def photographs(n_lesion, n_healthy):
    """The patient of each photograph and whether it has a lesion; two photographs a patient."""
    patients = [f"L{i // 2}" for i in range(2 * n_lesion)]
    patients += [f"H{i // 2}" for i in range(2 * n_healthy)]
    return patients, [patient.startswith("L") for patient in patients]


@pytest.mark.parametrize("seed", range(5))
def test_no_patient_in_two_splits_and_a_share_of_each_kind(seed):
    patients, lesions = photographs(20, 50)
    numbers = split_patients(patients, lesions, np.random.RandomState(seed))
    assert len(set(zip(patients, numbers))) == len(set(patients))
    # 70, 10, 20% of the patients, two photographs each.
    assert np.bincount(numbers[lesions]).tolist() == [28, 4, 8]
    assert np.bincount(numbers[~np.array(lesions)]).tolist() == [70, 10, 20]


def test_by_seed():
    first = split_patients(*photographs(20, 50), np.random.RandomState(1))
    again = split_patients(*photographs(20, 50), np.random.RandomState(1))
    other = split_patients(*photographs(20, 50), np.random.RandomState(2))
    assert (first == again).all()
    assert (first != other).any()


def test_a_patient_with_one_lesion_is_a_lesion_patient():
    patients, lesions = photographs(3, 0)
    numbers = split_patients([*patients, "L0"], [*lesions, False], np.random.RandomState(0))
    assert numbers[-1] == numbers[0]
    assert sorted(numbers[:6:2]) == [0, 1, 2]


def test_two_lesion_patients_are_too_few():
    with pytest.raises(DataError, match="at least 3"):
        split_patients(*photographs(2, 50), np.random.RandomState(0))


def test_few_healthy_patients_all_train():
    numbers = split_patients(*photographs(5, 2), np.random.RandomState(0))
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


@pytest.mark.parametrize(
    ("n", "fractions", "sizes"),
    [
        (4, (0.1, 0.45, 0.45), [1, 1, 2]),  # 2 + 2 would leave none to train on
        (3, (0.05, 0.05, 0.9), [1, 1, 1]),  # so would 1 + 3
        (9, (0.05, 0.05, 0.9), [1, 1, 7]),
        (10, (0.7, 0.1, 0.2), [7, 1, 2]),
    ],
)
def test_no_split_takes_every_patient(n, fractions, sizes):
    patients = [f"p{number}" for number in range(n)]
    found = split_patients(patients, [True] * n, np.random.RandomState(0), fractions)
    assert np.bincount(found).tolist() == sizes
    assert found.dtype == int


def test_more_patients_are_dealt_out_and_the_others_stay():
    random = np.random.RandomState(0)
    first = deal_out_more({}, {"a": True, "b": True, "c": True}, random)
    assert sorted(first.values()) == [0, 1, 2]
    has_lesion = {f"p{number}": number % 2 == 0 for number in range(100)}
    has_lesion.update(dict.fromkeys("abc", True))
    more = deal_out_more(first, has_lesion, random)
    assert {name: more[name] for name in "abc"} == first and set(more) == set(has_lesion)
    for kind in (True, False):
        counts = np.bincount([more[name] for name in has_lesion if has_lesion[name] == kind])
        np.testing.assert_allclose(counts / counts.sum(), (0.7, 0.1, 0.2), atol=0.02)
