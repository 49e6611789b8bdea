import numpy as np
import pytest

from data_prep.symmetry import transform, transform_each

SQUARE = np.array([[1, 2], [3, 4]])
BY_HAND = {
    0: [[1, 2], [3, 4]],
    1: [[2, 4], [1, 3]],  # a quarter turn counter-clockwise: the right column becomes the top row
    2: [[4, 3], [2, 1]],
    3: [[3, 1], [4, 2]],
    4: [[2, 1], [4, 3]],  # flipped left-right
    5: [[1, 3], [2, 4]],  # flipped, then turned: the transpose
    6: [[3, 4], [1, 2]],
    7: [[4, 2], [3, 1]],
}


@pytest.mark.parametrize("symmetry", range(8))
def test_each_symmetry_by_hand(symmetry):
    assert transform(SQUARE, symmetry).tolist() == BY_HAND[symmetry]


def test_all_eight_differ_and_keep_every_pixel():
    patch = np.arange(3 * 48 * 48).reshape(3, 48, 48)
    results = [transform(patch, symmetry) for symmetry in range(8)]
    assert len({result.tobytes() for result in results}) == 8
    for result in results:
        assert (
            np.sort(result.reshape(3, -1)) == patch.reshape(3, -1)
        ).all()  # no pixel changes its channel


@pytest.mark.parametrize("symmetry", [-1, 8])
def test_other_numbers_are_refused(symmetry):
    with pytest.raises(ValueError, match="not one of 0 to 7"):
        transform(SQUARE, symmetry)


def test_each_patch_under_its_own_symmetry():
    patches = np.stack([SQUARE, SQUARE + 4, SQUARE])
    result = transform_each(patches, np.array([5, 0, 2]))
    assert result.tolist() == [BY_HAND[5], [[5, 6], [7, 8]], BY_HAND[2]]
    assert patches[0].tolist() == SQUARE.tolist()  # the store's own patches stay as they are
