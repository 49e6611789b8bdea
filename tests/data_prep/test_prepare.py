import os
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.field_of_view import find_field_of_view
from data_prep.prepare import PrepareSettings, prepare
from data_prep.settings import as_dict
from data_prep.stored_photographs import StoredPhotographs
from data_prep.summary import summary

SMALL = PrepareSettings(seed=3, n_train=160, n_validation=16, n_test=12)


@pytest.fixture
def copy(phantoms, tmp_path):
    """A copy of the phantoms that a test may damage."""
    return Path(shutil.copytree(phantoms, str(tmp_path / "phantoms")))


def one(folder, pattern):
    return sorted(folder.glob(pattern))[0]


def test_patches_are_where_the_store_says_and_labelled_by_the_rule(small_store, phantoms):
    for index, row in enumerate(small_store.images):
        image = cv2.imread(str(Path(phantoms) / row.source))
        mask_path = Path(phantoms) / row.source.replace("/EX/", "/Annotation_EX/").replace(
            ".jpg", "_EX.png"
        )
        mask = (
            cv2.imread(str(mask_path), cv2.IMREAD_GRAYSCALE) > 0
            if row.lesion
            else np.zeros(image.shape[:2], bool)
        )
        field = find_field_of_view(image)
        assert (row.height, row.width) == image.shape[:2]
        assert (small_store.field(index) == field).all()
        for patch in np.flatnonzero(small_store.image == index):
            y, x = small_store.yx[patch]
            box = (slice(y, y + 48), slice(x, x + 48))
            assert (small_store.patches[patch] == image[box].transpose(2, 0, 1)).all()
            assert field[box].all()
            assert mask[y + 24, x + 24] if small_store.labels[patch] else not mask[box].any()


def test_counts_are_what_was_asked(small_store):
    for split, number, patches in (("train", 160, 20), ("validation", 16, 2), ("test", 12, 2)):
        samples = small_store.samples(split)
        labels = small_store.labels[samples[:, 0]]
        assert np.bincount(labels).tolist() == [number, number]
        assert len(np.unique(samples, axis=0)) == 2 * number
        assert len(np.unique(samples[:, 0])) == 2 * patches


def test_the_mean_is_that_of_the_training_patches(small_store):
    patches = small_store.patches[small_store.patches_of("train")]
    np.testing.assert_allclose(small_store.mean, patches.mean(axis=(0, 2, 3)), rtol=1e-12)


def test_the_store_says_how_it_was_made(small_store, phantoms):
    attributes = small_store.attributes
    assert attributes["dataset"] == "phantoms"
    assert attributes["folder"] == phantoms
    settings = as_dict(SMALL)
    assert settings["side"] == 48
    assert {name: attributes[name] for name in settings} == settings


def test_same_seed_same_bytes_other_seed_other_store(small_store, phantoms, tmp_path):
    again, _ = prepare(phantoms, str(tmp_path / "again.h5"), SMALL, progress=False)
    assert Path(again.path).read_bytes() == Path(small_store.path).read_bytes()
    other, _ = prepare(phantoms, str(tmp_path / "other.h5"), replace(SMALL, seed=4), progress=False)
    assert other.yx.tolist() != small_store.yx.tolist()


def test_fewer_than_asked_takes_all_and_says_so(phantoms, tmp_path):
    store, _ = prepare(
        phantoms, str(tmp_path / "s.h5"), replace(SMALL, n_test=100000), progress=False
    )
    healthy, exudate = store.attributes["samples_test"]
    assert exudate == 8 * (store.labels[store.patches_of("test")] == 1).sum() < 100000
    assert f"test: only {exudate} exudate samples where 100000 were asked for" in summary(store)


def test_without_augmentation_every_sample_is_a_patch(phantoms, tmp_path):
    settings = replace(SMALL, augmented=False, n_train=20, n_validation=3, n_test=5)
    store, _ = prepare(phantoms, str(tmp_path / "s.h5"), settings, progress=False)
    assert sorted(store.samples("test").tolist()) == [
        [index, 0] for index in store.patches_of("test")
    ]
    assert len(store.samples("train")) == 40


def test_healthy_patches_of_lesion_images_alone(phantoms, tmp_path):
    store, _ = prepare(
        phantoms, str(tmp_path / "s.h5"), replace(SMALL, healthy_from="lesion"), progress=False
    )
    assert all(store.images[image].lesion for image in store.image)


def test_scale(phantoms, tmp_path):
    store, _ = prepare(phantoms, str(tmp_path / "s.h5"), replace(SMALL, scale=1.5), progress=False)
    assert {(row.height, row.width) for row in store.images} == {(720, 1080)}


def test_an_unreadable_image_stops_or_is_skipped(copy, tmp_path):
    bad = one(copy, "e_optha_EX/healthy/*/*.jpg")
    bad.write_bytes(bad.read_bytes()[:5000])
    out = tmp_path / "s.h5"
    with pytest.raises(DataError, match=bad.name):
        prepare(str(copy), str(out), SMALL, progress=False)
    assert not out.exists()
    store, problems = prepare(str(copy), str(out), SMALL, skip_bad=True, progress=False)
    assert len(problems) == 1
    assert len(store.images) == 11
    assert bad.name in summary(store)


def test_a_black_image_is_named(copy, tmp_path):
    black = one(copy, "e_optha_EX/healthy/*/*.jpg")
    cv2.imwrite(str(black), np.zeros((480, 720, 3), np.uint8))
    with pytest.raises(DataError, match=f"{black.name}: no field of view"):
        prepare(str(copy), str(tmp_path / "s.h5"), SMALL, progress=False)


def test_a_copy_of_a_photograph_is_used_once(copy, tmp_path):
    """Or it could come into two splits, under two names."""
    original = one(copy, "e_optha_EX/EX/*/*.jpg")
    other = copy / "e_optha_EX" / "healthy" / "E9999999"
    other.mkdir()
    shutil.copy(str(original), str(other / "C9999999.jpg"))
    store, _ = prepare(str(copy), str(tmp_path / "s.h5"), SMALL, progress=False)
    assert len(store.images) == 12
    assert "C9999999.jpg is a copy" in summary(store)


def test_impossible_settings_are_refused_before_anything_is_read(tmp_path):
    with pytest.raises(DataError, match="--train 0"):
        prepare(str(tmp_path / "absent"), str(tmp_path / "s.h5"), replace(SMALL, n_train=0))


def test_patches_of_another_side(phantoms, tmp_path):
    settings = replace(SMALL, side=32)
    store, _ = prepare(phantoms, str(tmp_path / "s.h5"), settings, progress=False)
    assert (store.side, store.attributes["side"]) == (32, 32)
    for patch in np.flatnonzero(store.image == 0):
        image = cv2.imread(str(Path(phantoms) / store.images[0].source))
        y, x = store.yx[patch]
        assert (store.patches[patch] == image[y : y + 32, x : x + 32].transpose(2, 0, 1)).all()
    np.testing.assert_allclose(
        store.mean, store.patches[store.patches_of("train")].mean(axis=(0, 2, 3)), rtol=1e-12
    )


def test_one_real_photograph_is_too_few(real_data, tmp_path):
    """The published image, scaled to half: one lesion image is too few for three splits."""
    with pytest.raises(DataError, match="only 1 patients with exudates"):
        prepare(
            str(real_data / "idrid-original-sample"),
            str(tmp_path / "s.h5"),
            PrepareSettings(scale=0.5),
            progress=False,
        )


def test_no_photograph_stops_the_others(copy, tmp_path):
    folder = copy / "e_optha_EX" / "healthy" / "E9999998"
    folder.mkdir()
    good = one(copy, "e_optha_EX/healthy/*/*.jpg").read_bytes()
    half = len(good) // 2
    cv2.imwrite(str(folder / "strip.png"), np.full((20, 30000, 3), 90, np.uint8))
    os.mkfifo(str(folder / "pipe.jpg"))
    (folder / "half.jpg").write_bytes(good[:half] + b"\xff\xd9")
    (folder / "zeros.jpg").write_bytes(good[:half] + bytes(2000) + good[half + 2000 :])
    (folder / "link.jpg").symlink_to(folder / "absent")
    (folder / "new\nline.jpg").write_bytes(good)
    with open(os.path.join(os.fsencode(str(folder)), b"latin-\xe9.jpg"), "wb") as file:
        file.write(good)
    store, problems = prepare(str(copy), str(tmp_path / "s.h5"), SMALL, True, progress=False)
    assert len(store.images) == 12
    assert sorted(str(p).split("E9999998/")[1].split(":")[0] for p in problems) == [
        "half.jpg",
        "latin-\\udce9.jpg",
        "link.jpg",
        "new\\nline.jpg",
        "pipe.jpg",
        "strip.png",
        "zeros.jpg",
    ]
    assert len(store.attributes["left_out"].splitlines()) == 7


def test_an_inverted_mask_is_refused(copy, tmp_path):
    mask = one(copy, "e_optha_EX/Annotation_EX/*/*.png")
    cv2.imwrite(str(mask), 255 - cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE))
    with pytest.raises(DataError, match=rf"{mask.name}: 100% of what lies outside"):
        prepare(str(copy), str(tmp_path / "s.h5"), SMALL, progress=False)


def test_the_mask_threshold_is_kept_and_decides_the_labels(copy, small_store, tmp_path):
    """Masks of 200 on a background of 100 give, above 150, the store of the masks on black."""
    for path in copy.glob("e_optha_EX/Annotation_EX/*/*.png"):
        mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(path), np.where(mask > 0, 200, 100).astype(np.uint8))
    settings = replace(SMALL, mask_threshold=150)
    store, _ = prepare(str(copy), str(tmp_path / "s.h5"), settings, progress=False)
    assert store.attributes["mask_threshold"] == 150
    assert (store.yx == small_store.yx).all() and (store.labels == small_store.labels).all()
    lesion = next(index for index, row in enumerate(store.images) if row.lesion)
    masks = [StoredPhotographs(s).annotated(lesion)[1] for s in (store, small_store)]
    assert (masks[0] == masks[1]).all() and masks[0].any()


def test_an_output_that_is_a_photograph_of_the_source(copy, tmp_path):
    image = one(copy, "e_optha_EX/healthy/*/*.jpg")
    before = image.read_bytes()
    with pytest.raises(DataError, match=r"--out .*jpg: holds something else than a patch store"):
        prepare(str(copy), str(image), SMALL, progress=False)
    assert image.read_bytes() == before


def test_more_problems_than_an_attribute_holds(copy, tmp_path):
    folder = copy / "e_optha_EX" / "healthy" / "E9999998"
    folder.mkdir()
    for number in range(600):
        (folder / f"{'x' * 60}{number}.jpg").write_bytes(b"")
    store, problems = prepare(str(copy), str(tmp_path / "s.h5"), SMALL, True, progress=False)
    lines = store.attributes["left_out"].splitlines()
    assert len(problems) == 600
    assert lines[-1] == f"... and {601 - len(lines)} more"
