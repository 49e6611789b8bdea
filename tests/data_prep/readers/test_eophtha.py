import pytest

from data_prep import readers
from data_prep.errors import DataError


@pytest.fixture
def eophtha(tmp_path, write_image, write_mask):
    """Both parts as ADCIS ships them, and files that must be ignored.

    2 images with exudates, 1 healthy one beside them, 2 healthy ones in e_optha_MA.
    """
    ex, ma = tmp_path / "e_optha_EX", tmp_path / "e_optha_MA"
    write_image(ex / "EX" / "E0000043" / "C0000087.jpg")
    write_image(ex / "EX" / "E0000404" / "C0000600.JPG")
    write_mask(ex / "Annotation_EX" / "E0000043" / "C0000087_EX.png")
    write_mask(ex / "Annotation_EX" / "E0000404" / "C0000600_EX.PNG")
    write_image(ex / "healthy" / "E0000043" / "C0000088.jpg")
    write_image(ma / "healthy" / "E0000500" / "C1.jpg")
    write_image(ma / "healthy" / "E0000501" / "C2.jpeg")
    write_image(ma / "MA" / "E0000502" / "C3.jpg")
    write_mask(ma / "Annotation_MA" / "E0000502" / "C3.png")
    for hidden in (".DS_Store", "Thumbs.db", "._C0000087.jpg"):
        (ex / "EX" / "E0000043" / hidden).write_bytes(b"x")
    (ex / "EX" / "._E0000043").mkdir()
    return tmp_path


def test_both_parts_from_the_folder_that_holds_them(eophtha):
    dataset = readers.read(eophtha)
    assert dataset.name == "e-ophtha"
    assert [(record.id, record.patient, record.lesion) for record in dataset.records] == [
        ("e_optha_EX/EX/E0000043/C0000087.jpg", "E0000043", True),
        ("e_optha_EX/EX/E0000404/C0000600.JPG", "E0000404", True),
        ("e_optha_EX/healthy/E0000043/C0000088.jpg", "E0000043", False),
        ("e_optha_MA/healthy/E0000500/C1.jpg", "E0000500", False),
        ("e_optha_MA/healthy/E0000501/C2.jpeg", "E0000501", False),
    ]
    assert dataset.records[0].image == str(eophtha / "e_optha_EX/EX/E0000043/C0000087.jpg")
    assert dataset.records[1].mask == str(
        eophtha / "e_optha_EX/Annotation_EX/E0000404/C0000600_EX.PNG"
    )
    assert dataset.records[2].mask is None
    assert dataset.notes == [
        "the paper's 315 images are 47 with exudates, 35 healthy ones of e_optha_EX and 233 of "
        "e_optha_MA; here they are 2, 1 and 2"
    ]


def test_one_part_alone_is_read_alone_and_says_so(eophtha):
    dataset = readers.read(eophtha / "e_optha_EX")
    assert [record.id for record in dataset.records] == [
        "EX/E0000043/C0000087.jpg",
        "EX/E0000404/C0000600.JPG",
        "healthy/E0000043/C0000088.jpg",
    ]
    assert "e_optha_MA is beside this folder and was not read" in dataset.notes[1]


def test_the_papers_counts_need_no_note(tmp_path, write_image, write_mask):
    image, mask = tmp_path / "a.jpg", tmp_path / "a.png"
    write_image(image), write_mask(mask)
    for part, count in (
        ("e_optha_EX/EX", 47),
        ("e_optha_EX/healthy", 35),
        ("e_optha_MA/healthy", 233),
    ):
        for number in range(count):
            patient = tmp_path / part / f"E{number + 1}"
            patient.mkdir(parents=True)
            (patient / "C.jpg").symlink_to(image)
    for number in range(47):
        patient = tmp_path / "e_optha_EX/Annotation_EX" / f"E{number + 1}"
        patient.mkdir(parents=True)
        (patient / "C_EX.png").symlink_to(mask)
    dataset = readers.read(tmp_path)
    assert (
        len(dataset.records),
        sum(record.lesion for record in dataset.records),
        dataset.notes,
    ) == (315, 47, [])


@pytest.mark.parametrize("name", ["E_OPHTHA_ex", "e_ophtha_EX", "e-ophtha-ex"])
def test_spellings_and_links(eophtha, name):
    (eophtha / "e_optha_EX").rename(eophtha / "elsewhere")
    (eophtha / name).symlink_to(eophtha / "elsewhere")
    (eophtha / "elsewhere" / "EX").rename(eophtha / "elsewhere" / "ex")
    assert len(readers.read(eophtha).records) == 5
    assert readers.read(eophtha).records[0].id == f"{name}/ex/E0000043/C0000087.jpg"


def test_an_image_without_annotation(eophtha):
    (eophtha / "e_optha_EX/Annotation_EX/E0000043/C0000087_EX.png").unlink()
    with pytest.raises(
        DataError, match=r"C0000087\.jpg: has no mask: add .*Annotation_EX/E0000043/C0000087_EX "
    ):
        readers.read(eophtha)
    errors = []
    assert [record.id for record in readers.read(eophtha, errors.append).records][
        0
    ] == "e_optha_EX/EX/E0000404/C0000600.JPG"
    assert len(errors) == 1


def test_an_annotation_without_image(eophtha, write_mask):
    write_mask(eophtha / "e_optha_EX/Annotation_EX/E0000999/C9_EX.png")
    with pytest.raises(DataError, match=r"E0000999/C9_EX\.png: a mask without its image"):
        readers.read(eophtha)
    errors = []
    assert len(readers.read(eophtha, errors.append).records) == 5
    assert len(errors) == 1


def test_one_name_twice(eophtha, write_image):
    write_image(eophtha / "e_optha_EX/EX/E0000043/C0000087.png")
    with pytest.raises(DataError, match=r"C0000087\.png: differs from .*C0000087\.jpg"):
        readers.read(eophtha)


def test_an_image_outside_the_patients_folders(eophtha, write_image):
    write_image(eophtha / "e_optha_EX/EX/C7.jpg")
    with pytest.raises(DataError, match=r"C7\.jpg: is outside the patients' folders"):
        readers.read(eophtha)


def test_one_patient_under_two_spellings(eophtha, write_image):
    write_image(eophtha / "e_optha_MA/healthy/e0000043/C8.jpg")
    with pytest.raises(
        DataError,
        match=r"e0000043/C8\.jpg: its patient is 'e0000043', but 'E0000043' for .*C0000087\.jpg",
    ):
        readers.read(eophtha)
    errors = []
    assert len(readers.read(eophtha, errors.append).records) == 5
    assert len(errors) == 1


def test_empty_folders(eophtha):
    (eophtha / "e_optha_EX/EX/E0000777").mkdir()
    with pytest.raises(DataError, match="E0000777: the patient's folder has no image"):
        readers.read(eophtha)


def test_an_empty_part_always_raises(tmp_path):
    for part in ("EX", "Annotation_EX"):
        (tmp_path / "e_optha_EX" / part).mkdir(parents=True)
    with pytest.raises(DataError, match="EX/EX: the folder is empty"):
        readers.read(tmp_path, [].append)


def test_a_part_without_annotations_always_raises(tmp_path, write_image):
    write_image(tmp_path / "e_optha_EX/EX/E1/C1.jpg")
    with pytest.raises(DataError, match="has no folder Annotation_EX"):
        readers.read(tmp_path, [].append)
    with pytest.raises(DataError, match="has no folder Annotation_EX"):
        readers.read(tmp_path / "e_optha_EX", [].append)


def test_a_link_to_nowhere_is_kept_for_the_reading_to_report(eophtha):
    (eophtha / "e_optha_MA/healthy/E0000500/C9.jpg").symlink_to(eophtha / "gone.jpg")
    assert "e_optha_MA/healthy/E0000500/C9.jpg" in [
        record.id for record in readers.read(eophtha).records
    ]
