import numpy as np
import pytest

from egl.selection.update import update_batches


def batches(chosen, earlier, iterations, size=4, seed=0):
    random = np.random.RandomState(seed)
    return update_batches(np.array(chosen), np.array(earlier), iterations, size, random)


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
