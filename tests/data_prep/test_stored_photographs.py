import shutil
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

from data_prep import stored_photographs
from data_prep.errors import DataError
from data_prep.field_of_view import find_field_of_view
from data_prep.prepare import PrepareSettings, prepare
from data_prep.store import PatchStore
from data_prep.stored_photographs import StoredPhotographs


def test_the_whole_grid(small_store, phantoms):
    patches, n = StoredPhotographs(small_store).patches(0, 48)
    image = cv2.imread(str(Path(phantoms) / small_store.images[0].source))
    field = find_field_of_view(image)
    expected = [
        image[y : y + 48, x : x + 48].transpose(2, 0, 1)
        for y in range(0, 480 - 47, 48)
        for x in range(0, 720 - 47, 48)
        if field[y : y + 48, x : x + 48].all()
    ]
    assert n == len(expected) == len(patches) > 20
    assert (patches == np.stack(expected)).all()


def test_a_part_of_the_grid_by_seed(small_store):
    whole, n = StoredPhotographs(small_store).patches(1, 24)
    part, n_grid = StoredPhotographs(small_store).patches(1, 24, 10, np.random.RandomState(1))
    again, _ = StoredPhotographs(small_store).patches(1, 24, 10, np.random.RandomState(1))
    assert n_grid == n
    assert len(part) == 10
    assert (part == again).all()
    assert {patch.tobytes() for patch in part} <= {patch.tobytes() for patch in whole}
    assert (
        len(StoredPhotographs(small_store).patches(1, 24, n + 5, np.random.RandomState(1))[0]) == n
    )


def test_the_field_of_view_comes_from_the_store(small_store, phantoms):
    """It is the one found when the store was made, and needs no photograph."""
    photographs = StoredPhotographs(small_store, str(Path(phantoms) / "absent"))
    image = cv2.imread(str(Path(phantoms) / small_store.images[2].source))
    assert (photographs.field(2) == find_field_of_view(image)).all()
    with pytest.raises(DataError, match="--images"):
        photographs.image(2)


def test_a_view_is_the_photograph_and_its_field(small_store, phantoms):
    image, field = StoredPhotographs(small_store).view(3)
    assert (image == cv2.imread(str(Path(phantoms) / small_store.images[3].source))).all()
    assert (field == find_field_of_view(image)).all()


def test_a_photograph_is_hashed_and_decoded_once(small_store, phantoms, tmp_path, monkeypatch):
    moved = shutil.copytree(phantoms, str(tmp_path / "moved"))  # never hashed before
    hashed, decoded = [], []
    sha256_of = stored_photographs.sha256_of
    read_photograph = stored_photographs.read_photograph
    monkeypatch.setattr(
        stored_photographs, "sha256_of", lambda path: hashed.append(path) or sha256_of(path)
    )
    monkeypatch.setattr(
        stored_photographs,
        "read_photograph",
        lambda *arguments: decoded.append(arguments) or read_photograph(*arguments),
    )
    photographs = StoredPhotographs(small_store, moved)
    first = photographs.patches(0, 24)[0]
    assert (photographs.patches(0, 24)[0] == first).all()
    photographs.view(0)
    assert len(hashed) == len(decoded) == 1
    StoredPhotographs(small_store, moved).annotated(0)
    assert len(hashed) == 1  # once a process
    assert len(decoded) == 2


def test_decoded_photographs_take_a_bounded_number_of_bytes(small_store, monkeypatch):
    decoded = []
    read_photograph = stored_photographs.read_photograph
    monkeypatch.setattr(
        stored_photographs,
        "read_photograph",
        lambda record, scale: decoded.append(record.id) or read_photograph(record, scale),
    )
    photographs = StoredPhotographs(small_store, cache_bytes=2 * 480 * 720 * 3)
    ids = [row.id for row in small_store.images]
    for index in (0, 1, 0, 2, 0, 1):
        photographs.image(index)
    assert decoded == [ids[0], ids[1], ids[2], ids[1]]


def test_a_photograph_cannot_be_written(small_store):
    image = StoredPhotographs(small_store).image(0)
    with pytest.raises(ValueError, match="read-only"):
        image[0] = 0


def test_a_part_of_the_grid_needs_random_numbers(small_store):
    with pytest.raises(ValueError, match="random"):
        StoredPhotographs(small_store).patches(0, 24, 10)


def test_moved_missing_and_changed_photographs(small_store, phantoms, tmp_path):
    moved = shutil.copytree(phantoms, str(tmp_path / "moved"))
    assert (
        StoredPhotographs(small_store, moved).patches(0, 48)[1]
        == StoredPhotographs(small_store).patches(0, 48)[1]
    )
    with pytest.raises(DataError, match="--images"):
        StoredPhotographs(small_store, str(tmp_path)).patches(0, 48)
    path = Path(moved) / small_store.images[0].source
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(DataError, match="changed since"):
        StoredPhotographs(small_store, moved).patches(0, 48)


def test_a_labelled_grid_follows_the_mask(small_store):
    photographs = StoredPhotographs(small_store)
    lesion = next(index for index, row in enumerate(small_store.images) if row.lesion)
    image, mask = photographs.annotated(lesion)
    grid = photographs.labelled_grid(lesion, 8)
    field = find_field_of_view(image)
    expected = {}
    for y in range(0, image.shape[0] - 47, 8):
        for x in range(0, image.shape[1] - 47, 8):
            if field[y : y + 48, x : x + 48].all():
                if mask[y + 24, x + 24]:  # the store's rule: the centre pixel
                    expected[y, x] = 1
                elif not mask[y : y + 48, x : x + 48].any():
                    expected[y, x] = 0
    assert dict(zip(map(tuple, grid.yx.tolist()), grid.labels.tolist())) == expected
    assert 0 < grid.labels.sum() < len(grid.labels) / 2
    y, x = grid.yx[5]
    assert (grid.read([5], [0])[0] == image[y : y + 48, x : x + 48].transpose(2, 0, 1)).all()


def test_a_healthy_photograph_has_an_empty_mask(small_store):
    healthy = next(index for index, row in enumerate(small_store.images) if not row.lesion)
    image, mask = StoredPhotographs(small_store).annotated(healthy)
    assert mask.shape == image.shape[:2]
    assert not mask.any()


def test_a_mask_that_is_gone(small_store, phantoms, tmp_path):
    moved = Path(shutil.copytree(phantoms, str(tmp_path / "moved")))
    lesion = next(index for index, row in enumerate(small_store.images) if row.lesion)
    for mask in moved.rglob(Path(small_store.images[lesion].source).stem + "_EX*"):
        mask.unlink()
    with pytest.raises(DataError, match="no longer has a usable image"):
        StoredPhotographs(small_store, str(moved)).annotated(lesion)


def test_a_mask_that_has_changed(small_store, phantoms, tmp_path):
    moved = Path(shutil.copytree(phantoms, str(tmp_path / "moved")))
    lesion = next(index for index, row in enumerate(small_store.images) if row.lesion)
    (path,) = moved.rglob(Path(small_store.images[lesion].source).stem + "_EX.png")
    mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    mask[200:300, 300:400] = 255
    cv2.imwrite(str(path), mask)
    photographs = StoredPhotographs(small_store, str(moved))
    photographs.image(lesion)
    for read in (photographs.annotated, lambda index: photographs.labelled_grid(index, 24)):
        with pytest.raises(DataError, match=r"_EX\.png: changed since .*store\.h5 was made; put"):
            read(lesion)


def test_a_store_without_checksums_of_masks_is_read(small_store, phantoms, tmp_path):
    path = shutil.copy(small_store.path, str(tmp_path / "old.h5"))
    with h5py.File(path, "r+") as file:
        del file["images/mask_sha256"]
    store = PatchStore(path)
    assert [row.mask_sha256 for row in store.images] == [""] * len(store.images)
    lesion = next(index for index, row in enumerate(store.images) if row.lesion)
    assert StoredPhotographs(store, phantoms).annotated(lesion)[1].any()


def test_an_empty_mask_that_is_empty_no_more(tmp_path):
    """It had no checksum: the photograph counted as healthy."""
    data = tmp_path / "data"
    for name in ("images", "masks"):
        (data / name).mkdir(parents=True)
    eye = np.zeros((120, 140, 3), np.uint8)
    cv2.circle(eye, (70, 60), 55, (40, 80, 160), -1)
    for n in range(6):
        eye[60, 30 + n] = 90 + n  # no two photographs are alike
        cv2.imwrite(str(data / "images" / f"{n}.png"), eye)
        mask = np.zeros((120, 140), np.uint8)
        mask[50:70, 60:80] = 255 * (n > 0)
        cv2.imwrite(str(data / "masks" / f"{n}.png"), mask)
    settings = PrepareSettings(n_train=8, n_validation=8, n_test=8, side=16)
    store, _ = prepare(str(data), str(tmp_path / "s.h5"), settings, progress=False)
    assert [row.lesion for row in store.images] == [False] + [True] * 5
    assert [bool(row.mask_sha256) for row in store.images] == [False] + [True] * 5
    assert not StoredPhotographs(store).annotated(0)[1].any()
    shutil.copy(str(data / "masks" / "1.png"), str(data / "masks" / "0.png"))
    with pytest.raises(DataError, match=r"masks/0\.png: changed since"):
        StoredPhotographs(store).annotated(0)
