import numpy as np
import pytest

from egl.selection.update import update_batches


def batches(chosen, earlier, iterations, size=4, seed=0, how="chosen-first"):
    random = np.random.RandomState(seed)
    return update_batches(how, np.array(chosen), np.array(earlier), iterations, size, random)


def test_batches_of_the_union_are_drawn_from_all():
    """Each of 4 + 4 samples lies in half of the batches of 4."""
    found = batches([9, 8, 7, 6], [1, 2, 3, 4], 1000, how="union")
    assert found.shape == (1000, 4)
    assert all(len(set(batch)) == 4 for batch in found)
    shares = [(found == sample).any(axis=1).mean() for sample in (1, 2, 3, 4, 6, 7, 8, 9)]
    assert all(abs(share - 0.5) < 0.05 for share in shares)


def test_a_union_smaller_than_a_batch_repeats_samples():
    assert set(batches([5, 6], [7], 50, how="union").ravel()) == {5, 6, 7}


def test_the_union_needs_no_more_batches_than_were_asked_for():
    assert batches(range(20), [], 2, how="union").shape == (2, 4)


def test_the_chosen_alone():
    found = batches([9, 8], [1, 2, 3], 3, how="chosen-only")
    assert found[0, :2].tolist() == [9, 8]
    assert set(found.ravel()) == {8, 9}


def test_the_chosen_come_first_and_the_rest_is_drawn_from_all():
    found = batches([9, 8, 7], [1, 2], 2)
    assert found.shape == (2, 4)
    assert found[0, :3].tolist() == [9, 8, 7]
    assert set(found.ravel()[3:]) <= {1, 2, 7, 8, 9}


def test_a_full_batch_leaves_no_room():
    assert batches([9, 8, 7, 6], [1, 2], 1).tolist() == [[9, 8, 7, 6]]


@pytest.mark.parametrize(("chosen", "iterations", "expected"), [(5, 1, 2), (8, 1, 2), (9, 3, 3)])
def test_as_many_batches_as_the_chosen_need(chosen, iterations, expected):
    found = batches(range(chosen), [], iterations)
    assert len(found) == expected
    assert found.ravel()[:chosen].tolist() == list(range(chosen))


def test_with_no_earlier_ones_the_rest_is_the_chosen_again():
    assert set(batches([5, 6], [], 2).ravel()) == {5, 6}
