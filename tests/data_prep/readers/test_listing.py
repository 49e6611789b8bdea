import os

import pytest

from data_prep.errors import DataError
from data_prep.readers import listing


def test_image_files_are_sorted_and_neither_hidden_nor_of_other_kinds(tmp_path):
    for name in (
        "b.JPG",
        "a.png",
        "C.Tiff",
        ".c.jpg",
        "._b.JPG",
        ".DS_Store",
        "Thumbs.db",
        "notes.txt",
    ):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder.jpg").mkdir()
    assert [os.path.basename(path) for path in listing.image_files(tmp_path)] == [
        "C.Tiff",
        "a.png",
        "b.JPG",
    ]


def test_subfolders(tmp_path):
    for name in ("b", "a", ".git", "__MACOSX"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_bytes(b"")
    assert [os.path.basename(path) for path in listing.subfolders(tmp_path)] == ["a", "b"]


def test_child_ignores_case_and_signs_and_enters_its_own_name(tmp_path):
    (tmp_path / "a_training set" / "A. Training Set").mkdir(parents=True)
    assert listing.child(tmp_path, "a. Training Set") == str(
        tmp_path / "a_training set" / "A. Training Set"
    )
    assert listing.child(tmp_path, "b. Testing Set") is None


def test_two_children_of_one_name(tmp_path):
    (tmp_path / "EX").mkdir()
    (tmp_path / "ex").mkdir()
    with pytest.raises(DataError, match="EX and .*ex: two folders for the same thing"):
        listing.child(tmp_path, "EX")


def test_file_named_and_stem(tmp_path):
    (tmp_path / "Patients.CSV").write_bytes(b"")
    assert listing.file_named(tmp_path, "patients.csv") == str(tmp_path / "Patients.CSV")
    assert listing.file_named(tmp_path, "labels.csv") is None
    assert listing.stem("/x/C0000087.JPG") == "c0000087"
    assert listing.stem("/x/12_(905).dcm.jpg") == "12_(905).dcm"
