from types import SimpleNamespace

import numpy as np
import pytest

from data_prep.stored_photographs import StoredPhotographs
from data_prep.symmetry import transform
from egl.selection.samples import GridSamples, StoreSamples


def test_samples_of_the_store(small_store):
    samples = StoreSamples(small_store)
    assert len(samples) == 320
    everything = sorted(np.concatenate([samples.of(image) for image in samples.images]))
    assert everything == list(range(320))
    assert {small_store.images[image].split for image in samples.images} == {0}
    expected = small_store.read(small_store.samples("train")[[0, 200]])
    assert (samples.patches(np.array([0, 200])) == expected[0]).all()
    assert samples.labels(np.array([0, 200])).tolist() == expected[1].tolist() == [0, 1]
    images = {small_store.image[small_store.samples("train")[row, 0]] for row in (0, 8)}
    assert samples.count(np.arange(16)) == (2, len(images))
    patch, symmetry = small_store.samples("train")[201]
    assert samples.describe(201) == {
        "image": small_store.image[patch],
        "patch": patch,
        "symmetry": symmetry,
    }


def test_a_sample_that_is_a_whole_patch_is_seen_upright_and_trained_on_in_random_turns(small_store):
    samples = StoreSamples(small_store, "patch")
    patches = small_store.samples("train")[::8, 0]
    assert len(samples) == 40
    upright = samples.patches(np.arange(40))
    assert (upright == small_store.patches[patches]).all()
    assert samples.describe(3)["symmetry"] == ""
    turned = samples.turned(np.repeat(3, 200), np.random.RandomState(0))
    expected = [transform(upright[3], symmetry) for symmetry in range(8)]
    counts = [sum((seen == turn).all() for seen in turned) for turn in expected]
    assert sum(counts) == 200 and min(counts) > 8


def test_a_sample_that_is_one_copy_is_trained_on_as_it_is(small_store):
    samples, some = StoreSamples(small_store), np.array([3, 201])
    turned = samples.turned(some, np.random.RandomState(0))
    assert (turned == samples.patches(some)).all()


@pytest.fixture
def photographs(small_store):
    return StoredPhotographs(small_store)


@pytest.fixture
def grid(small_store, photographs):
    return GridSamples(photographs, small_store, 8)


@pytest.fixture
def lesion_images(small_store):
    return [n for n, row in enumerate(small_store.images) if row.lesion and row.split == 0]


def test_samples_of_a_grid_are_its_patches_under_the_8_symmetries(grid, photographs, lesion_images):
    image = lesion_images[0]
    whole = photographs.labelled_grid(image, 8)
    samples = grid.numbers(image, whole.yx)
    assert len(samples) == 8 * len(whole.labels)
    assert (np.diff(samples) > 0).all()
    exudate = int(np.flatnonzero(whole.labels)[0])
    patches = grid.patches(samples[[8 * exudate, 8 * exudate + 5]])
    y, x = whole.yx[exudate]
    patch = photographs.image(image)[y : y + 48, x : x + 48].transpose(2, 0, 1)
    assert (patches[0] == patch).all()
    assert (patches[1] == transform(patch, 5)).all()
    described = grid.describe(samples[8 * exudate + 5])
    assert described == {"image": image, "patch": f"{y} {x}", "symmetry": 5}
    assert grid.count(samples[:17]) == (3, 1)


def test_many_images_do_not_share_numbers():
    """The numbers of image 40 need more than 32 bits, which corners in 32 bits must not decide."""
    store = SimpleNamespace(images=[SimpleNamespace(width=480)] * 41)
    grid = GridSamples(None, store, 8)
    yx = np.array([[8, 16], [24, 0]], np.int32)
    numbers = {image: grid.numbers(image, yx) for image in (1, 17, 40)}
    assert grid.image_of(numbers[40]).tolist() == [40] * 16
    assert grid.image_of(numbers[17]).tolist() == [17] * 16
    assert len(set(np.concatenate(list(numbers.values())))) == 3 * 16


def test_a_grid_of_whole_patches(grid, photographs, small_store, lesion_images):
    image, whole = lesion_images[0], GridSamples(photographs, small_store, 8, "patch")
    yx = photographs.labelled_grid(image, 8).yx
    samples = whole.numbers(image, yx)
    assert samples.tolist() == grid.numbers(image, yx)[::8].tolist()
    assert whole.describe(samples[5])["symmetry"] == ""
    turned = whole.turned(np.repeat(samples[5], 100), np.random.RandomState(0))
    assert len(np.unique(turned.reshape(100, -1), axis=0)) == 8


def test_images_do_not_share_numbers(grid, photographs, lesion_images):
    first, second = (
        grid.numbers(image, photographs.labelled_grid(image, 8).yx) for image in lesion_images[:2]
    )
    assert not np.intersect1d(first, second).size
    assert grid.count(np.concatenate([first, second]))[1] == 2
    assert grid.image_of(second[:1]).tolist() == [lesion_images[1]]
    mixed = grid.patches(np.array([second[0], first[0]]))
    assert (mixed[1] == grid.patches(first[:1])[0]).all()
