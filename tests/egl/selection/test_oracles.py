import numpy as np
import pytest

from data_prep.stored_photographs import StoredPhotographs
from egl.errors import EglError
from egl.selection.oracles import MaskOracle, StoreOracle
from egl.selection.samples import GridSamples, StoreSamples


def test_the_store_answers_for_patches_and_for_images(small_store):
    samples = StoreSamples(small_store)
    oracle = StoreOracle(samples)
    # 160 healthy samples come first in the train split, then 160 of exudates.
    assert oracle.label_patches([0, 319, 159, 160]).tolist() == [0, 1, 0, 1]
    image = samples.images[0]
    found, labels = oracle.label_image(image)
    assert found.tolist() == samples.of(image).tolist()
    assert labels.tolist() == [int(sample >= 160) for sample in found]


def test_a_mask_answers_for_a_whole_photograph(small_store):
    photographs = StoredPhotographs(small_store)
    samples = GridSamples(photographs, small_store, 16)
    oracle = MaskOracle(photographs, samples, 16)
    image = next(n for n, row in enumerate(small_store.images) if row.lesion and row.split == 0)
    found, labels = oracle.label_image(image)
    _, mask = photographs.annotated(image)
    assert 0 < labels.mean() < 0.5
    for sample, label in list(zip(found, labels))[::40]:
        y, x = map(int, samples.describe(int(sample))["patch"].split())
        # The store's rule: the centre pixel of an exudate patch is annotated, no pixel of a healthy
        # one is.
        if label:
            assert mask[y + 24, x + 24]
        else:
            assert not mask[y : y + 48, x : x + 48].any()
    assert np.array_equal(labels.reshape(-1, 8), np.repeat(labels[::8, None], 8, axis=1))


def test_a_mask_does_not_answer_for_patches_alone(small_store):
    photographs = StoredPhotographs(small_store)
    oracle = MaskOracle(photographs, GridSamples(photographs, small_store, 16), 16)
    with pytest.raises(EglError, match="--by image"):
        oracle.label_patches([1])
