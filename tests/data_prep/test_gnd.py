import gzip
import struct

import pytest

from data_prep import gnd
from data_prep.errors import DataError

# Worked by hand, little-endian int32: 1 (unused), width 3, height 2, the rows 0 1 2 and 2 0 0.
MAP = bytes.fromhex(
    "01000000"
    "03000000"
    "02000000"
    "00000000"
    "01000000"
    "02000000"
    "02000000"
    "00000000"
    "00000000"
)


@pytest.mark.parametrize(
    "text",
    [
        "2\nExudate 1\nMicroAneurysm 0\n0\n38\n9\nNPDR\nExudate, said of something else\n",
        "GNDVERSION2.0 (INCLUDES NOTES AT THE END OF THE FILE)\r\n"
        "2\r\nExudate 1\r\nMicroAneurysm 0\r\n0\r\n",
    ],
)
def test_the_list_with_and_without_a_version_line(tmp_path, text):
    (tmp_path / "a.GND").write_bytes(text.encode())
    assert gnd.lesion_kinds(str(tmp_path / "a.GND")) == ["exudate", "microaneurysm"]


def test_only_the_word_makes_an_exudate():
    assert gnd.has_exudate(["microaneurysm", "exudate"])
    assert not gnd.has_exudate(["microaneurysm", "other bright lesion"])
    assert not gnd.has_exudate([])


@pytest.mark.parametrize(
    "name, content", [("a.map.gz", gzip.compress(MAP, mtime=0)), ("a.map", MAP)]
)
def test_the_map_by_hand_worked_bytes(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    (tmp_path / "a.GND").write_text("2\nMicroAneurysm 0\nExudate 1\n")
    assert gnd.map_file(str(tmp_path / "a")) == str(tmp_path / name)
    assert gnd.read_map(str(tmp_path / name)).tolist() == [[0, 1, 2], [2, 0, 0]]
    assert gnd.read_exudates(str(tmp_path / "a.GND")).tolist() == [
        [False, False, True],
        [True, False, False],
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        gzip.compress(b"", mtime=0),
        gzip.compress(MAP[:-4], mtime=0),
        gzip.compress(MAP + b"\0\0\0\0", mtime=0),
        gzip.compress(MAP, mtime=0)[:-12],
        MAP,
        gzip.compress(struct.pack("<3i", 1, 3, -2), mtime=0),
        gzip.compress(struct.pack(">3i", 1, 3, 2) + MAP[12:], mtime=0),
    ],
)
def test_maps_that_are_none(tmp_path, content):
    path = tmp_path / "a.map.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.map\.gz: "):
        gnd.read_map(str(path))


def test_a_map_that_numbers_more_lesions_than_the_list(tmp_path):
    (tmp_path / "a.map").write_bytes(MAP)
    (tmp_path / "a.GND").write_text("1\nExudate 1\n")
    with pytest.raises(
        DataError, match=r"a\.map: numbers lesions from 0 to 2, but .*a\.GND lists 1"
    ):
        gnd.read_exudates(str(tmp_path / "a.GND"))


@pytest.mark.parametrize("text", ["", "Exudate 1\n", "3\nExudate 1\n", "\u00b2\nA 1\nB 1\n"])
def test_lists_that_are_none(tmp_path, text):
    (tmp_path / "a.GND").write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=r"a\.GND: not a HEI-MED ground truth"):
        gnd.lesion_kinds(str(tmp_path / "a.GND"))


def test_a_map_that_is_a_link_to_nowhere_is_not_absent(tmp_path):
    (tmp_path / "a.map.gz").symlink_to(tmp_path / "absent")
    with pytest.raises(DataError, match=r"a\.map\.gz: cannot be read"):
        gnd.read_map(gnd.map_file(str(tmp_path / "a")))
