import numpy as np
import pytest

from egl.selection.pool import Pool, TrainingSet


def test_revealing():
    pool = Pool([5, 3, 1], labelled=[3])
    assert (pool.labelled, pool.unlabelled) == ([3], [1, 5])
    pool.reveal([5])
    assert (pool.labelled, pool.unlabelled) == ([3, 5], [1])


@pytest.mark.parametrize("item", [3, 7])
def test_an_item_is_revealed_once_and_must_be_there(item):
    pool = Pool([1, 3], labelled=[3])
    with pytest.raises(KeyError):
        pool.reveal([item])


def test_has():
    pool = Pool([1, 3], labelled=[3])
    assert pool.has(1)
    assert not pool.has(2)


class TenSamples:
    """Sample n shows one grey pixel of level n, and belongs to image n // 4."""

    def patches(self, samples):
        return samples.astype(np.uint8).reshape(-1, 1, 1, 1)

    def turned(self, samples, random):
        return self.patches(samples + random.randint(100, 101))

    def image_of(self, samples):
        return samples // 4


def test_a_training_set_reads_pixels_of_all_and_labels_of_those_that_were_given():
    training = TrainingSet(TenSamples(), chosen=[2])
    training.add([7, 2], [1, 0])
    assert training.labelled.tolist() == [2, 7]
    random = np.random.RandomState(0)
    patches, labels = training.read([7, 2, 7], random)
    assert patches.ravel().tolist() == [107, 102, 107]
    assert labels.tolist() == [1, 0, 1]
    assert training.patches([9]).ravel().tolist() == [9]
    assert training.image_of([7, 2]).tolist() == [1, 0]
    assert training.label_of(7) == 1
    with pytest.raises(KeyError):
        training.read([9], random)


def test_a_training_set_begins_with_what_was_chosen_before():
    assert TrainingSet(None, (4, 2)).chosen == [4, 2]
