import numpy as np
import pytest

from egl.errors import EglError
from egl.selection.start import image_pool, initial_images, pool_images


def images(n_lesion, n_healthy):
    return {number: number < n_lesion for number in range(n_lesion + n_healthy)}


def drawn(lesion, n, draw, seed=0):
    return initial_images(lesion, n, draw, np.random.RandomState(seed))


def pool(lesion, share, seed=0):
    return pool_images(lesion, share, np.random.RandomState(seed))


@pytest.mark.parametrize("seed", range(4))
def test_half_of_the_initial_images_have_exudates(seed):
    found = drawn(images(5, 25), 4, "half", seed)
    assert sum(image < 5 for image in found) == 2
    assert len(set(found)) == 4


@pytest.mark.parametrize(
    ("n_lesion", "n_healthy", "n", "expected"),
    [(1, 9, 4, 1), (9, 1, 4, 3), (5, 0, 4, 4), (9, 9, 5, 3)],
)
def test_where_one_kind_is_short(n_lesion, n_healthy, n, expected):
    found = drawn(images(n_lesion, n_healthy), n, "half")
    assert len(found) == n
    assert sum(image < n_lesion for image in found) == expected


def test_by_lot_every_image_is_as_likely_as_another():
    """2 of 8 with exudates, 4 drawn: none among them in C(6, 4) / C(8, 4) = 15 of 70 draws."""
    lesion = images(2, 6)
    draws = [drawn(lesion, 4, "lot", seed) for seed in range(700)]
    assert all(len(set(draw)) == 4 for draw in draws)
    without = sum(not any(lesion[image] for image in draw) for draw in draws)
    assert 150 - 36 < without < 150 + 36  # three standard deviations
    counts = np.bincount(np.concatenate(draws))
    assert (abs(counts - 350) < 40).all()


def test_by_lot_until_both_kinds_are_there():
    lesion = images(1, 9)
    for seed in range(50):
        found = drawn(lesion, 3, "lot-both-classes", seed)
        assert sum(lesion[image] for image in found) == 1
    # What cannot be had is not waited for.
    assert len(drawn(images(5, 0), 3, "lot-both-classes")) == 3


@pytest.mark.parametrize(
    ("lesion", "draw"),
    [(images(1, 1), "half"), (images(1, 1), "lot"), (images(0, 9), "half")],
)
def test_too_few_images(lesion, draw):
    with pytest.raises(EglError, match="--initial-images 4: the pool of the store.s training"):
        drawn(lesion, 4, draw)


def test_a_draw_without_exudates_is_a_draw():
    assert len(drawn(images(0, 9), 4, "lot")) == 4


def test_the_paper_s_share_of_idrid_s_images():
    """94 healthy images and 15%: 94 * 0.15 / 0.85 = 16.6."""
    found = pool(images(38, 94), 0.15)
    assert found == sorted(set(found))
    assert sum(image < 38 for image in found) == 17
    assert sum(image >= 38 for image in found) == 94
    others = [pool(images(38, 94), 0.15, seed) for seed in (1, 2)]
    assert others[0] != others[1]


@pytest.mark.parametrize(
    ("lesion", "share"), [(images(5, 20), 0.5), (images(5, 0), 0.15), (images(5, 20), 1)]
)
def test_all_stay(lesion, share):
    assert pool(lesion, share) == sorted(lesion)


def test_one_with_exudates_always_stays():
    assert pool(images(3, 2), 0.05) == [*pool(images(3, 2), 0.05)[:1], 3, 4]


def test_the_pool_of_a_store_is_of_its_training_images(small_store):
    whole, part = (image_pool(small_store, share, seed=4) for share in (1, 0.4))
    training = [row for row in small_store.images if row.split == 0]
    assert {small_store.images[image].id for image in whole} == {row.id for row in training}
    assert all(whole[image] == bool(small_store.images[image].lesion) for image in whole)
    assert sum(part.values()) == 2 and set(part) < set(whole)
    assert image_pool(small_store, 0.4, seed=4) == part
