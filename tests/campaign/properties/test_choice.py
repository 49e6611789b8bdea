"""Properties of rankings, pools, batches and splits, over inputs that hypothesis makes up.

The same inputs on every run; each expected value is found by an independent and slower route.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from data_prep import split
from data_prep.errors import DataError
from data_prep.geometry import ceil_div
from egl.errors import Diverged, EglError
from egl.selection.pool import Pool
from egl.selection.update import UPDATES, update_batches
from egl.strategies.ranking import check_reduction, image_score, top_k
from egl.training.full_training import batches
from tests.campaign.properties.values import finite, fuzz, seeds, sizes

# Rankings


@fuzz
@given(some.lists(some.sampled_from([0.0, 1.0, 2.5, -3.0, math.inf]), max_size=12), sizes)
def test_top_k_by_sorting_pairs(scores, k):
    found = top_k(scores, k)
    pairs = sorted((-score, index) for index, score in enumerate(scores))
    assert list(found) == [index for _, index in pairs[:k]]


@fuzz
@given(some.lists(finite, max_size=6), some.integers(0, 6))
def test_a_score_that_is_no_number_means_divergence(scores, place):
    scores.insert(min(place, len(scores)), math.nan)
    with pytest.raises(Diverged):
        top_k(scores, 2)


@fuzz
@given(some.lists(some.floats(0, 100), max_size=12), some.integers(0, 40), some.integers(1, 15))
def test_reductions_by_hand(phi, more, top):
    n_grid = len(phi) + more
    mean = sum(phi) / len(phi) if phi else 0
    highest = sorted(phi, reverse=True)[:top]
    assert image_score(phi, n_grid, "sum") == pytest.approx(mean * n_grid if phi else 0)
    assert image_score(phi, n_grid, "mean") == pytest.approx(mean)
    expected = sum(highest) / len(highest) if phi else 0
    assert image_score(phi, n_grid, f"top{top}") == pytest.approx(expected)


@fuzz
@given(some.one_of(some.text(max_size=8), some.from_regex(r"top[0-9٠-٩]*", fullmatch=True)))
def test_a_reduction_is_known_or_refused(word):
    known = word in ("sum", "mean")
    if word.startswith("top"):
        digits = word[3:]
        known = digits.isascii() and digits.isdigit() and digits[0] != "0" and len(digits) <= 9
    if known:
        check_reduction(word)
    else:
        with pytest.raises(EglError):
            check_reduction(word)


# Pools, batches, splits


@fuzz
@given(some.sets(some.integers(0, 30), max_size=20), some.lists(some.integers(0, 33), max_size=12))
def test_a_pool_gives_each_item_once(items, asked):
    pool = Pool(items)
    revealed = []
    for item in asked:
        if item in items and item not in revealed:
            pool.reveal([item])
            revealed.append(item)
        else:
            with pytest.raises(KeyError):
                pool.reveal([item])
        left = len(items) - len(revealed)
        assert pool.labelled == revealed
        assert pool.unlabelled == sorted(items - set(revealed))
        assert pool.has(left) and not pool.has(left + 1)


@fuzz
@given(some.integers(1, 20), some.integers(1, 45), some.integers(0, 12))
def test_batches_resume_where_they_stopped(n, size, start):
    def random_of(epoch):
        return np.random.RandomState([7, epoch])

    whole = batches(n, size, random_of)
    ahead = [next(whole) for _ in range(start + 3)]
    resumed = batches(n, size, random_of, start)
    for expected in ahead[start:]:
        assert np.array_equal(next(resumed), expected)
    stream = np.concatenate(ahead)
    assert all(len(batch) == size for batch in ahead)
    for epoch in range(len(stream) // n):
        assert sorted(stream[epoch * n : (epoch + 1) * n]) == list(range(n))


@fuzz
@given(
    some.sampled_from(UPDATES),
    some.sets(some.integers(0, 50), min_size=1, max_size=20),
    some.sets(some.integers(51, 90), max_size=20),
    some.integers(1, 4),
    some.integers(1, 12),
    seeds,
)
def test_batches_of_an_update(how, chosen, earlier, iterations, size, seed):
    chosen, earlier = np.array(sorted(chosen)), np.array(sorted(earlier), int)
    found = update_batches(how, chosen, earlier, iterations, size, np.random.RandomState(seed))
    assert found.shape[1] == size and found.dtype == int
    union = {*chosen.tolist(), *earlier.tolist()}
    assert set(found.ravel()) <= (set(chosen) if how == "chosen-only" else union)
    if how == "union":
        assert len(found) == iterations
        assert all(len(set(batch)) == size for batch in found) or len(union) < size
    else:
        assert len(found) == max(iterations, ceil_div(len(chosen), size))
        assert found.ravel()[: len(chosen)].tolist() == chosen.tolist()


@fuzz
@given(
    some.lists(some.tuples(some.sampled_from("abcdefghijkl"), some.booleans()), max_size=40), seeds
)
def test_no_patient_is_in_two_splits(images, seed):
    patients = [patient for patient, _ in images]
    lesions = [lesion for _, lesion in images]
    ill = {patient for patient, lesion in images if lesion}
    if len(ill) < 3:
        with pytest.raises(DataError):
            split.split_patients(patients, lesions, np.random.RandomState(seed))
        return
    found = split.split_patients(patients, lesions, np.random.RandomState(seed))
    assert set(found) == {0, 1, 2}
    split_of = {}
    for patient, number in zip(patients, found):
        assert split_of.setdefault(patient, number) == number
    for kind in (ill, set(patients) - ill):
        counts = [sum(split_of[patient] == number for patient in kind) for number in range(3)]
        if len(kind) >= 3:
            assert min(counts) >= 1
            assert counts[0] == max(counts)
        else:
            assert counts == [len(kind), 0, 0]


@fuzz
@given(some.lists(some.integers(0, 30), max_size=8), some.integers(0, 200))
def test_shares_are_as_equal_as_can_be(available, wanted):
    taken = split.share_out(available, wanted)
    assert taken.sum() == min(wanted, sum(available))
    assert all(0 <= share <= limit for share, limit in zip(taken, available))
    for share, limit in zip(taken, available):  # who could give more gives at least the others' - 1
        if share < limit:
            assert share >= max(taken) - 1
