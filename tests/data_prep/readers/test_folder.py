import os

import cv2
import numpy as np
import pytest

from data_prep import readers
from data_prep.errors import DataError


@pytest.fixture
def folder(tmp_path, write_image, write_mask):
    """a and b with exudates, c with an empty mask, d in healthy/."""
    top = tmp_path / "clinic"
    for name in ("a.jpg", "b.PNG", "c.tif"):
        write_image(top / "images" / name)
    write_mask(top / "masks" / "a.png")
    write_mask(top / "masks" / "B.tif")
    write_mask(top / "masks" / "c.png", pixels=())
    write_image(top / "healthy" / "d.jpg")
    return top


def test_lesion_and_healthy_images(folder):
    dataset = readers.read(folder)
    assert dataset.name == "clinic"
    assert [(record.id, record.lesion, record.mask) for record in dataset.records] == [
        ("healthy/d.jpg", False, None),
        ("images/a.jpg", True, str(folder / "masks/a.png")),
        ("images/b.PNG", True, str(folder / "masks/B.tif")),
        ("images/c.tif", False, None),
    ]
    assert [record.patient for record in dataset.records] == [
        record.id for record in dataset.records
    ]
    assert dataset.notes == [
        "images of images/ that count as healthy because their mask has no annotated pixel: 1",
        "no patients.csv: each image is taken as its own patient, so the split is by image",
    ]


def test_names_of_images_are_no_spellings_of_patients(tmp_path, write_image, write_mask):
    for name in ("eye 1", "eye_01"):
        write_image(tmp_path / "images" / f"{name}.jpg")
        write_mask(tmp_path / "masks" / f"{name}.png")
    assert len(readers.read(tmp_path).records) == 2


def test_patients_by_file_name_or_stem(folder):
    (folder / "patients.csv").write_text(
        "image,patient,age\na.jpg,P1,60\nb,P1,60\nC,P2,50\nd.jpg,P3,40\n"
    )
    dataset = readers.read(folder)
    assert [record.patient for record in dataset.records] == ["P3", "P1", "P1", "P2"]
    assert len(dataset.notes) == 1


def test_an_image_without_a_patient(folder):
    (folder / "patients.csv").write_text("image,patient\na,P1\nb,P1\nc,P2\n")
    with pytest.raises(DataError, match=r"d\.jpg: has no row in .*patients\.csv"):
        readers.read(folder)
    errors = []
    assert [record.id for record in readers.read(folder, errors.append).records] == [
        "images/a.jpg",
        "images/b.PNG",
        "images/c.tif",
    ]
    assert len(errors) == 1


def test_a_patient_without_an_image(folder):
    (folder / "patients.csv").write_text("image,patient\na,P1\nb,P1\nc,P2\nd,P3\ne,P4\n")
    with pytest.raises(DataError, match=r"patients\.csv: names the image e, which is not in"):
        readers.read(folder)
    assert len(readers.read(folder, [].append).records) == 4


@pytest.mark.parametrize(
    "table, message",
    [
        ("a;P1\n", "no column 'image'"),
        ("image,patient\na,P1\na.jpg,P2\n", "gives a.jpg two patients"),
        ("image,patient\na,\n", "row 2 has no 'patient'"),
        ("", "no column 'image'"),
    ],
)
def test_a_table_that_cannot_serve_always_raises(folder, table, message):
    (folder / "patients.csv").write_text(table)
    with pytest.raises(DataError, match=message):
        readers.read(folder, [].append)


def test_two_spellings_in_the_table(folder):
    (folder / "patients.csv").write_text("image,patient\na,P-07\nb,p7\nc,P2\nd,P3\n")
    with pytest.raises(DataError, match=r"b\.PNG: its patient is 'p7', but 'P-07' for .*a\.jpg"):
        readers.read(folder)


def test_a_missing_mask(folder):
    (folder / "masks/a.png").unlink()
    with pytest.raises(DataError, match=r"images/a\.jpg: has no mask: add .*masks/a "):
        readers.read(folder)
    errors = []
    assert "images/a.jpg" not in [
        record.id for record in readers.read(folder, errors.append).records
    ]
    assert len(errors) == 1


def test_a_mask_that_is_no_image(folder):
    (folder / "masks/a.png").write_bytes(b"not an image")
    with pytest.raises(DataError, match=r"masks/a\.png: not an image"):
        readers.read(folder)
    assert len(readers.read(folder, [].append).records) == 3


def test_one_name_in_both_folders(folder, write_image):
    write_image(folder / "healthy/a.jpg")
    with pytest.raises(DataError, match=r"healthy/a\.jpg: differs from .*images/a\.jpg"):
        readers.read(folder)
    assert len(readers.read(folder, [].append).records) == 4


def test_no_masks_and_empty_folders_always_raise(folder):
    (folder / "healthy/d.jpg").unlink()
    with pytest.raises(DataError, match="healthy: the folder has no image"):
        readers.read(folder, [].append)
    (folder / "masks").rename(folder / "else")
    with pytest.raises(DataError, match="no folder masks/"):
        readers.read(folder, [].append)


def test_links_to_images_and_folders(folder, tmp_path):
    (tmp_path / "linked").mkdir()
    for part in ("images", "masks"):
        (tmp_path / "linked" / part).symlink_to(folder / part)
    (folder / "images/a.jpg").rename(tmp_path / "far.jpg")
    (folder / "images/a.jpg").symlink_to(tmp_path / "far.jpg")
    assert [record.id for record in readers.read(tmp_path / "linked").records] == [
        "images/a.jpg",
        "images/b.PNG",
        "images/c.tif",
    ]


def test_all_masks_empty(folder, write_mask):
    for name in ("a.png", "B.tif"):
        write_mask(folder / "masks" / name, pixels=())
    with pytest.raises(DataError, match="masks: all masks are empty .*--mask-threshold"):
        readers.read(folder, [].append)


def test_the_threshold_decides_which_masks_are_empty(folder):
    mask = np.zeros((20, 30), np.uint8)
    mask[3, 4] = 63
    cv2.imwrite(str(folder / "masks" / "a.png"), mask)
    both, one = ["images/a.jpg", "images/b.PNG"], ["images/b.PNG"]
    for threshold, expected in ((0, both), (62, both), (63, one)):
        records = readers.read(folder, mask_threshold=threshold).records
        assert [record.id for record in records if record.lesion] == expected
        assert {record.mask_threshold for record in records} == {threshold}


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_a_table_of_patients_that_is_no_file(folder, kind):
    table = folder / "patients.csv"
    if kind == "link":
        table.symlink_to(folder / "absent.csv")
    elif kind == "folder":
        table.mkdir()
    else:
        os.mkfifo(str(table))
    with pytest.raises(DataError, match=rf"patients\.csv: a {kind}.*, not a file: repair"):
        readers.read(folder, [].append)


@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_folder_of_healthy_images_that_is_none(folder, kind):
    (folder / "healthy").rename(folder / "else")
    if kind == "link":
        (folder / "healthy").symlink_to(folder / "absent")
    else:
        (folder / "healthy").write_bytes(b"")
    with pytest.raises(DataError, match=rf"healthy: a {kind}.*, not a folder: repair"):
        readers.read(folder, [].append)


def test_a_gif_is_named_as_what_it_is(folder):
    (folder / "masks/a.png").rename(folder / "masks/a.gif")
    with pytest.raises(DataError, match=r"masks/a\.gif: a mask must be one of .*save it as PNG"):
        readers.read(folder)


def test_one_name_in_two_forms_of_accents(folder, write_image, write_mask):
    composed, decomposed = "\u00e9il", "e\u0301il"
    write_image(folder / "images" / f"{composed}.jpg")
    write_mask(folder / "masks" / f"{decomposed}.png")
    (folder / "patients.csv").write_text(
        f"image,patient\na,P1\nb,P2\nc,P3\nd,P4\n{decomposed}.jpg,P5\n", encoding="utf-8"
    )
    patients = {record.id: record.patient for record in readers.read(folder).records}
    assert patients[f"images/{composed}.jpg"] == "P5"


def test_names_that_no_table_can_hold_are_left_out(folder, write_image):
    image = (folder / "healthy" / "d.jpg").read_bytes()
    for name in (b"latin-\xe9.jpg", b"new\nline.jpg"):
        with open(os.path.join(os.fsencode(str(folder)), b"healthy", name), "wb") as file:
            file.write(image)
    errors = []
    assert len(readers.read(folder, errors.append).records) == 4
    assert [str(error).split("healthy/")[1].split(":")[0] for error in errors] == [
        "latin-\\udce9.jpg",
        "new\\nline.jpg",
    ]
