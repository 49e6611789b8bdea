import pytest

from data_prep import readers
from data_prep.errors import DataError
from data_prep.photographs import read_photograph

TRAINING, TESTING = (
    "a. IDRiD_Disease Grading_Training Labels.csv",
    "b. IDRiD_Disease Grading_Testing Labels.csv",
)


@pytest.fixture
def idrid(tmp_path, write_image, write_mask):
    """Parts A and B with both sets.

    The training table is as it is shipped, with trailing blank and columns and CRLF, plus a BOM.
    """
    a, b = tmp_path / "A. Segmentation", tmp_path / "B. Disease Grading"
    for name, number in (("a. Training Set", "01"), ("b. Testing Set", "55")):
        write_image(a / "1. Original Images" / name / f"IDRiD_{number}.jpg")
        write_mask(
            a
            / "2. All Segmentation Groundtruths"
            / name
            / "3. Hard Exudates"
            / f"IDRiD_{number}_EX.tif"
        )
        write_mask(
            a
            / "2. All Segmentation Groundtruths"
            / name
            / "1. Microaneurysms"
            / f"IDRiD_{number}_MA.tif"
        )
        for graded in ("001", "002", "003"):
            write_image(b / "1. Original Images" / name / f"IDRiD_{graded}.jpg")
    tables = b / "2. Groundtruths"
    tables.mkdir()
    head = "\ufeffImage name,Retinopathy grade,Risk of macular edema ,,,\r\n"
    training = head + "IDRiD_001 ,3,2,,,\r\nIDRiD_002,0,0,,,\r\n,,,,,\r\nIDRiD_003,4,0,,,\r\n"
    (tables / TRAINING).write_bytes(training.encode("utf-8"))
    testing = "Image name,Retinopathy grade,Risk of macular edema \n"
    testing += "IDRiD_001,0,0\nIDRiD_002,1,0\nIDRiD_003,0,0\n"
    (tables / TESTING).write_bytes(testing.encode("utf-8"))
    return tmp_path


def test_both_parts_and_both_sets(idrid):
    dataset = readers.read(idrid)
    assert (dataset.name, dataset.licence[:9]) == ("IDRiD", "CC BY 4.0")
    assert [(record.id, record.lesion) for record in dataset.records] == [
        ("A. Segmentation/1. Original Images/a. Training Set/IDRiD_01.jpg", True),
        ("A. Segmentation/1. Original Images/b. Testing Set/IDRiD_55.jpg", True),
        ("B. Disease Grading/1. Original Images/a. Training Set/IDRiD_002.jpg", False),
        ("B. Disease Grading/1. Original Images/b. Testing Set/IDRiD_001.jpg", False),
        ("B. Disease Grading/1. Original Images/b. Testing Set/IDRiD_003.jpg", False),
    ]
    assert dataset.records[1].mask.endswith("b. Testing Set/3. Hard Exudates/IDRiD_55_EX.tif")
    assert len({record.patient for record in dataset.records}) == 5
    assert len(dataset.notes) == 1 and "names no patients" in dataset.notes[0]


def test_part_a_alone(idrid):
    (idrid / "B. Disease Grading").rename(idrid / "other")
    for folder, first in (
        (idrid, "A. Segmentation/1. Original Images"),
        (idrid / "A. Segmentation", "1. Original Images"),
    ):
        dataset = readers.read(folder)
        assert [record.lesion for record in dataset.records] == [True, True]
        assert dataset.records[0].id == f"{first}/a. Training Set/IDRiD_01.jpg"
        assert "no healthy images" in dataset.notes[1]


def test_the_folder_in_a_folder_that_unpacking_leaves(idrid):
    (idrid / "A. Segmentation").rename(idrid / "inner")
    (idrid / "A. Segmentation").mkdir()
    (idrid / "inner").rename(idrid / "A. Segmentation" / "A. Segmentation")
    assert (
        readers.read(idrid)
        .records[0]
        .id.startswith("A. Segmentation/A. Segmentation/1. Original Images/")
    )


def test_one_set_alone(idrid):
    for part in ("A. Segmentation", "B. Disease Grading"):
        (idrid / part / "1. Original Images" / "a. Training Set").rename(idrid / f"moved {part[0]}")
    assert len(readers.read(idrid).records) == 3


def test_a_missing_mask(idrid):
    (
        idrid
        / "A. Segmentation/2. All Segmentation Groundtruths/a. Training Set/3. Hard Exudates"
        / "IDRiD_01_EX.tif"
    ).unlink()
    with pytest.raises(DataError, match=r"IDRiD_01\.jpg: has no mask: add .*IDRiD_01_EX "):
        readers.read(idrid)
    errors = []
    assert len(readers.read(idrid, errors.append).records) == 4
    assert len(errors) == 1


@pytest.mark.parametrize(
    "table, message",
    [
        ("IDRiD_001,3\nIDRiD_002,0\nIDRiD_003,4\n", "no column 'image name'"),
        (
            "Image name,Retinopathy grade\nIDRiD_001,3\nIDRiD_002,none\n",
            "the grade 'none' of IDRiD_002",
        ),
        (
            "Image name,Retinopathy grade\nIDRiD_001,3\nIDRiD_002\n",
            "row 3 has no 'retinopathy grade'",
        ),
        ("Image name,Retinopathy grade\nIDRiD_001,3\nIDRiD_001,0\n", "IDRiD_001 has two grades"),
        (None, f"has no table '{TRAINING}'"),
    ],
)
def test_a_table_that_cannot_serve_always_raises(idrid, table, message):
    path = idrid / "B. Disease Grading/2. Groundtruths" / TRAINING
    path.unlink()
    if table is not None:
        path.write_text(table)
    with pytest.raises(DataError, match=message):
        readers.read(idrid, [].append)


def test_an_image_that_the_table_does_not_name(idrid, write_image):
    write_image(idrid / "B. Disease Grading/1. Original Images/a. Training Set/IDRiD_004.jpg")
    with pytest.raises(DataError, match=r"IDRiD_004\.jpg: has no row in "):
        readers.read(idrid)


def test_a_healthy_image_that_is_not_there_is_noted(idrid):
    (idrid / "B. Disease Grading/1. Original Images/b. Testing Set/IDRiD_003.jpg").unlink()
    dataset = readers.read(idrid)
    assert len(dataset.records) == 4
    assert (
        dataset.notes[1]
        == f"the copy is incomplete: images of grade 0 in '{TESTING}' that are not in "
        "'b. Testing Set': 1"
    )


def test_an_empty_set_always_raises(idrid):
    (idrid / "A. Segmentation/1. Original Images/b. Testing Set/IDRiD_55.jpg").unlink()
    with pytest.raises(DataError, match="b. Testing Set: the folder has no image"):
        readers.read(idrid, [].append)


def test_real_images_at_half_size(real_data):
    dataset = readers.read(real_data / "idrid-half")
    assert [
        sum(record.lesion is lesion for record in dataset.records) for lesion in (True, False)
    ] == [54, 134]
    assert len({record.patient for record in dataset.records}) == 188


def test_a_real_image_at_full_size(real_data):
    dataset = readers.read(real_data / "idrid-original-sample")
    assert [record.id for record in dataset.records] == [
        "A. Segmentation/1. Original Images/a. Training Set/IDRiD_03.jpg"
    ]
    image, mask = read_photograph(dataset.records[0])
    assert (image.shape, mask.shape) == ((2848, 4288, 3), (2848, 4288))
    # An independent route: count the bits of the file, which is uncompressed, 536 bytes a row.
    stored = open(dataset.records[0].mask, "rb").read()[8 : 8 + 2848 * 536]
    assert mask.sum() == sum(bin(byte).count("1") for byte in stored) == 301586
