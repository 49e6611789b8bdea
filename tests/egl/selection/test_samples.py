import numpy as np
import pytest

from data_prep.stored_photographs import StoredPhotographs
from data_prep.symmetry import transform
from egl.errors import EglError
from egl.selection.samples import GridSamples, StoreSamples


def test_samples_of_the_store(small_store):
    samples = StoreSamples(small_store)
    assert len(samples) == 320
    assert sorted(np.concatenate([samples.of(image) for image in samples.images])) == list(
        range(320)
    )
    assert {small_store.images[image].split for image in samples.images} == {0}
    patches, labels = samples.read([0, 200])
    expected = small_store.read(small_store.samples("train")[[0, 200]])
    assert (patches == expected[0]).all()
    assert labels.tolist() == expected[1].tolist() == [0, 1]
    assert samples.n_patches(np.arange(16)) == (
        2,
        len(set(small_store.image[small_store.samples("train")[[0, 8], 0]])),
    )
    row = samples.describe(201)
    patch, symmetry = small_store.samples("train")[201]
    assert row == {
        "image": small_store.image[patch],
        "patch": patch,
        "symmetry": symmetry,
        "label": 1,
    }


@pytest.fixture
def grid(small_store):
    return GridSamples(small_store, StoredPhotographs(small_store).labelled_grid, 8)


def test_samples_of_a_grid_are_its_patches_under_the_8_symmetries(grid, small_store):
    image = next(image for image in grid.images if small_store.images[image].lesion)
    samples = grid.of(image)
    whole = StoredPhotographs(small_store).labelled_grid(image, 8)
    assert len(samples) == 8 * len(whole.labels)
    exudate = int(np.flatnonzero(whole.labels)[0])
    patches, labels = grid.read(samples[[8 * exudate, 8 * exudate + 5, 3]])
    pixels = StoredPhotographs(small_store).image(image)
    y, x = whole.yx[exudate]
    patch = pixels[y : y + 48, x : x + 48].transpose(2, 0, 1)
    assert (patches[0] == patch).all()
    assert (patches[1] == transform(patch, 5)).all()
    assert labels.tolist() == [1, 1, whole.labels[0]]
    assert grid.describe(samples[8 * exudate + 5]) == {
        "image": image,
        "patch": f"{y} {x}",
        "symmetry": 5,
        "label": 1,
    }
    assert grid.n_patches(samples[:17]) == (3, 1)


def test_images_do_not_share_numbers(grid):
    one, other = (grid.of(image) for image in grid.images[:2])
    assert not np.intersect1d(one, other).size
    assert grid.n_patches(np.concatenate([one, other]))[1] == 2
    patches, _ = grid.read([other[0], one[0]])
    assert (patches[1] == grid.read([one[0]])[0][0]).all()


def test_patches_are_chosen_from_the_store_alone(grid):
    with pytest.raises(EglError, match="choosing images"):
        len(grid)
