import shutil

import h5py
import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.field_of_view import to_png
from data_prep.store import ImageRow, PatchStore, new_store
from data_prep.symmetry import transform

IMAGES = [ImageRow(f"i{n}", f"p{n}", f"i{n}.jpg", 60, 70, n != 2, n, "0" * 64) for n in range(3)]
FIELDS = [np.repeat(np.arange(60)[:, None] >= n, 70, axis=1) for n in range(3)]
ATTRIBUTES = {
    "augmented": True,
    "dataset": "eyes",
    "exudate_rule": "centre",
    "folder": "/data",
    "left_out": "",
    "licence": "free",
    "notes": "",
    "scale": 1.0,
    "n_train": 10,
    "n_validation": 8,
    "n_test": 8,
    "samples_train": [10, 9],
    "samples_validation": [8, 8],
    "samples_test": [8, 8],
}


def write(path, images=IMAGES, side=48):
    """A store of two healthy and two exudate patches from each of three images.

    Each patch has one grey level; image n's field of view is all but its first n rows.
    """
    with new_store(path, images, list(map(to_png, FIELDS)), 12, side) as writer:
        for index in range(3):
            for label in (0, 1):
                grey = 10 * index + label + np.array([0, 100], np.uint8)
                patches = np.tile(grey[:, None, None, None], (1, 3, side, side))
                writer.append(
                    patches, label, index, np.array([[1, 2], [3, 4]]), images[index].split
                )
        writer.describe({**ATTRIBUTES, "mean_bgr": [1.0, 2.0, 3.0]})
    return PatchStore(path)


@pytest.fixture
def store(tmp_path):
    return write(str(tmp_path / "store.h5"))


def test_what_was_written_is_read(store):
    assert store.images == IMAGES
    assert store.labels.tolist() == [0, 0, 1, 1] * 3
    assert store.image.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    greys = [0, 100, 1, 101, 10, 110, 11, 111, 20, 120, 21, 121]
    assert store.patches[:][:, 2, 47, 47].tolist() == greys
    assert (store.side, store.channels) == (48, 3)
    assert store.mean.tolist() == [1, 2, 3]
    assert store.patches_of("test").tolist() == [8, 9, 10, 11]
    assert [store.field(index).tolist() for index in range(3)] == [f.tolist() for f in FIELDS]


def test_patches_of_another_side(tmp_path):
    store = write(str(tmp_path / "store.h5"), side=20)
    assert store.patches.shape == (12, 3, 20, 20)
    assert (store.side, store.channels) == (20, 3)


def test_samples_are_patches_times_symmetries_cut_to_the_number_asked(store):
    samples = store.samples("train")
    healthy = [[0, s] for s in range(8)] + [[1, 0], [1, 1]]
    exudate = [[2, s] for s in range(8)] + [[3, 0]]
    assert samples.tolist() == healthy + exudate


def test_a_sample_is_read_under_its_symmetry(small_store):
    samples = small_store.samples("test")[[3, 13, 22]]
    patches, labels = small_store.read(samples)
    for (index, symmetry), patch, label in zip(samples, patches, labels):
        assert (patch == transform(small_store.patches[index], symmetry)).all()
        assert label == small_store.labels[index]


def test_equal_stores_have_equal_bytes(tmp_path):
    paths = [tmp_path / name for name in ("a.h5", "b.h5")]
    for path in paths:
        write(str(path))
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_failure_leaves_nothing_and_keeps_what_was_there(tmp_path):
    path = tmp_path / "store.h5"
    path.write_bytes(b"old")
    fields = list(map(to_png, FIELDS))
    with pytest.raises(RuntimeError, match="12 patches announced, 0 written"), new_store(
        str(path), IMAGES, fields, 12, 48
    ) as writer:
        writer.describe(ATTRIBUTES)
    assert [p.name for p in tmp_path.iterdir()] == ["store.h5"]
    assert path.read_bytes() == b"old"


def test_one_patient_in_two_splits_is_refused_at_writing(tmp_path):
    with pytest.raises(DataError, match=r"/store\.h5: patient same is in two splits"):
        write(str(tmp_path / "store.h5"), [row._replace(patient="same") for row in IMAGES])
    assert list(tmp_path.iterdir()) == []


def as_floats(name):
    def damage(file):
        values = file[name][...] / 255
        del file[name]
        file[name] = values

    return damage


def not_square(file):
    patches = file["patches"][..., :47]
    del file["patches"]
    file["patches"] = patches


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: f["images/patient"].__setitem__(1, b"p0"), "patient p0 is in two splits"),
        (lambda f: f["split"].__setitem__(0, 1), "another split than its image"),
        (lambda f: f["labels"].__setitem__(0, 2), "labels other than"),
        (lambda f: f["image"].__setitem__(0, 9), "not in the table"),
        (lambda f: f.__delitem__("patches"), "not a patch store"),
        (lambda f: f.attrs.__setitem__("format", 99), "format 99, but this version reads format 2"),
        (lambda f: f.__delitem__("field_of_view"), "not a patch store"),
        (not_square, "patches that are not square"),
        (lambda f: f["labels"].__setitem__(slice(0, 4), 0), "split train lacks a class"),
        (as_floats("patches"), "patches of type float64, not uint8"),
        (as_floats("labels"), "labels of type float64"),
        (lambda f: f["yx"].__setitem__(0, (20, 2)), "a patch that reaches outside its image"),
        (lambda f: f["images/source"].__setitem__(0, b"/x.jpg"), "lies outside the data set"),
        (lambda f: f["images/source"].__setitem__(0, b"../a.j"), "lies outside the data set"),
        (lambda f: f["images/split"].__setitem__(0, 3), "image i0 in split 3"),
        (lambda f: f["images/id"].__setitem__(0, b"i1"), "two images of one id"),
        (lambda f: f["images/id"].__setitem__(0, b"\xe9"), "no UTF-8"),
        (lambda f: f["field_of_view/end"].__setitem__(2, 10**6), "end where there are no bytes"),
        *[
            (lambda f, name=name: f.attrs.__delitem__(name), f"the attribute {name} is missing")
            for name in ATTRIBUTES
        ],
        *[
            (lambda f, name=name, value=value: f.attrs.__setitem__(name, value), f"{name} ")
            for name, value in [
                ("mean_bgr", [1, np.nan, 3]),
                ("mean_bgr", [1, np.inf, 3]),
                ("mean_bgr", [1, 2]),
                ("mean_bgr", [1, 2, 256]),
                ("samples_train", [0, 0]),
                ("samples_test", [-5, 10]),
                ("samples_test", [8, 17]),
                ("samples_test", [8.5, 8]),
                ("samples_test", 8),
                ("augmented", 3),
                ("scale", np.nan),
                ("scale", 0.0),
                ("exudate_rule", "edge"),
                ("side", 32),
                ("dataset", 7),
            ]
        ],
    ],
)
def test_a_damaged_store_is_refused(store, tmp_path, damage, message):
    path = str(tmp_path / "damaged.h5")
    shutil.copy(store.path, path)
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(DataError, match=message) as error:
        PatchStore(path)
    assert "damaged.h5" in str(error.value)


def test_a_store_of_the_format_without_fields_of_view_names_the_remedy(store, tmp_path):
    path = str(tmp_path / "old.h5")
    shutil.copy(store.path, path)
    with h5py.File(path, "r+") as file:
        del file["field_of_view"]
        file.attrs["format"] = 1
    with pytest.raises(
        DataError, match=r"old\.h5: format 1, .*make the store again with egl prepare"
    ):
        PatchStore(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: f["field_of_view/png"].__setitem__(0, 0), "the field of view of i0 is damaged"),
        (lambda f: f["images/height"].__setitem__(0, 61), "i0 has another size than the image"),
    ],
)
def test_a_damaged_field_of_view_is_named(store, tmp_path, damage, message):
    path = str(tmp_path / "damaged.h5")
    shutil.copy(store.path, path)
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(DataError, match=message):
        PatchStore(path).field(0)


def test_no_store(tmp_path):
    with pytest.raises(DataError, match="no such store"):
        PatchStore(str(tmp_path / "none.h5"))
    (tmp_path / "text.h5").write_text("text")
    with pytest.raises(DataError, match="not a patch store"):
        PatchStore(str(tmp_path / "text.h5"))


def test_a_store_made_before_masks_had_a_threshold(store):
    assert "mask_threshold" not in ATTRIBUTES
    assert store.attributes["mask_threshold"] == 0


@pytest.mark.parametrize("seed", range(8))
def test_random_bytes_in_the_metadata_end_no_process(store, tmp_path, seed):
    random = np.random.RandomState(seed)
    content = bytearray(open(store.path, "rb").read())
    for position in random.randint(0, 6000, 30):
        content[position] = random.randint(256)
    path = tmp_path / "damaged.h5"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"damaged\.h5: ") as caught:
        PatchStore(str(path))
    assert "\n" not in str(caught.value)
