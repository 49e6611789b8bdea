import numpy as np
import pytest

from egl.errors import EglError
from egl.strategies.ranking import image_score, top_k


def test_highest_first_and_ties_by_lowest_index():
    assert top_k([1, 5, 3, 5, 5, 0], 4).tolist() == [1, 3, 4, 2]


def test_more_than_there_are_gives_all():
    assert top_k([1, 2], 5).tolist() == [1, 0]


def test_a_score_that_is_no_number():
    with pytest.raises(EglError, match="diverged"):
        top_k([1, float("nan")], 1)


@pytest.mark.parametrize(
    ("reduction", "score"),
    [("sum", 10 * 4 / 2.0), ("mean", 2.5), ("top1", 4.0), ("top2", 3.5), ("top9", 2.5)],
)
def test_image_scores_by_hand(reduction, score):
    """phi 1, 2, 3, 4 of a grid of 8: the sum is extrapolated to 8."""
    assert image_score([1, 4, 3, 2], 8, reduction) == score


def test_an_image_without_patches():
    assert image_score([], 0, "sum") == 0


@pytest.mark.parametrize("reduction", ["max", "top", "top0", "top-1", ""])
def test_unknown_reductions(reduction):
    with pytest.raises(EglError, match="give one of sum, mean, topN"):
        image_score(np.ones(3), 3, reduction)


def test_the_paper_s_sum_is_the_default():
    assert image_score([1.0, 2.0], 6) == image_score([1.0, 2.0], 6, "sum") == 9
