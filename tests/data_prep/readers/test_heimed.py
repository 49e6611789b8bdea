import gzip
import struct

import pytest

from data_prep import readers
from data_prep.errors import DataError
from data_prep.photographs import read_photograph


def write_map(path, numbers):
    rows = [struct.pack("<%di" % len(row), *row) for row in numbers]
    path.write_bytes(
        gzip.compress(struct.pack("<3i", 1, len(numbers[0]), len(numbers)) + b"".join(rows))
    )


def write_list(path, kinds):
    path.write_text("\n".join([str(len(kinds)), *kinds, "0", "0", "0", "NA", ""]))


@pytest.fixture
def heimed(tmp_path, write_image):
    """Images with exudates (3), only other lesions (5), an empty list (7), no list or map (9)."""
    folder = tmp_path / "DMED"
    for number in (3, 5, 7, 9):
        write_image(folder / f"({number}).jpg", height=2, width=3)
    write_image(folder / "(3)_vess.png")
    write_list(folder / "(3).GND", ["Exudate 1", "MicroAneurysm 0", "Exudate 1"])
    write_map(folder / "(3).map.gz", [[0, 1, 2], [3, 0, 0]])
    write_list(folder / "(5).GND", ["Other Bright Lesion 1"])
    write_map(folder / "(5).map.gz", [[0, 1, 0], [0, 0, 0]])
    write_list(folder / "(7).GND", [])
    return tmp_path


def test_lesion_and_healthy_images(heimed):
    dataset = readers.read(heimed)
    assert dataset.name == "HEI-MED"
    assert [(record.id, record.lesion) for record in dataset.records] == [
        ("DMED/(3).jpg", True),
        ("DMED/(7).jpg", False),
        ("DMED/(9).jpg", False),
    ]
    assert (
        dataset.notes[-1]
        == "images left out because they have other lesions but no exudate, so are not healthy "
        "either: 1"
    )
    assert [record.id for record in readers.read(heimed / "DMED").records] == [
        "(3).jpg",
        "(7).jpg",
        "(9).jpg",
    ]


def test_the_mask_holds_the_exudates_alone(heimed):
    image, mask = read_photograph(readers.read(heimed).records[0])
    assert image.shape == (2, 3, 3)
    assert mask.tolist() == [[False, True, False], [True, False, False]]


def test_exudates_without_their_map(heimed):
    (heimed / "DMED/(3).map.gz").unlink()
    with pytest.raises(
        DataError, match=r"\(3\)\.jpg: .*\(3\)\.GND lists exudates, but their map is missing"
    ):
        readers.read(heimed)
    errors = []
    assert len(readers.read(heimed, errors.append).records) == 2
    assert len(errors) == 1


def test_a_map_without_its_list(heimed):
    write_map(heimed / "DMED/(9).map.gz", [[0, 0, 0], [0, 0, 0]])
    assert len(readers.read(heimed).records) == 3
    write_map(heimed / "DMED/(9).map.gz", [[0, 0, 0], [0, 1, 0]])
    with pytest.raises(DataError, match=r"\(9\)\.jpg: .*their list is missing"):
        readers.read(heimed)


def test_a_list_without_its_image(heimed):
    (heimed / "DMED/(7).jpg").unlink()
    with pytest.raises(DataError, match=r"\(7\)\.GND: a list of lesions without its image"):
        readers.read(heimed)


def test_a_damaged_list(heimed):
    (heimed / "DMED/(7).GND").write_text("5\nExudate 1\n")
    with pytest.raises(DataError, match=r"\(7\)\.GND: not a HEI-MED ground truth"):
        readers.read(heimed)
    assert len(readers.read(heimed, [].append).records) == 2


def test_lists_without_any_image_always_raise(tmp_path):
    write_list(tmp_path / "(3).GND", [])
    with pytest.raises(DataError, match="has .GND files but no .jpg image"):
        readers.read(tmp_path, [].append)
