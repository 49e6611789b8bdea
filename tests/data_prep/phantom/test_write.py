"""The folder that phantoms are written to: its layout, and that it depends on the seed alone."""

import os

import cv2
import numpy as np
import pytest

from data_prep import phantom
from data_prep.errors import DataError
from data_prep.phantom import write


def files(folder):
    """Path below the folder -> bytes, of every file in it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def dataset(folder, n_lesion, n_healthy, seed=3):
    phantom.write_dataset(str(folder), n_lesion, n_healthy, seed, size=(160, 240), progress=False)
    return files(folder)


def test_layout_on_disk(tmp_path):
    found = dataset(tmp_path / "set", 3, 2)
    lesion = sorted(path for path in found if path.startswith("e_optha_EX/EX/"))
    masks = sorted(path for path in found if path.startswith("e_optha_EX/Annotation_EX/"))
    healthy = sorted(path for path in found if path.startswith("e_optha_EX/healthy/"))
    assert len(lesion) == 3 and len(healthy) == 2 and len(found) == 3 + 3 + 2 + 1
    assert masks == [
        path.replace("/EX/", "/Annotation_EX/").replace(".jpg", "_EX.png") for path in lesion
    ]
    assert not {path.split("/")[2] for path in lesion} & {path.split("/")[2] for path in healthy}
    assert len({os.path.basename(path) for path in lesion + healthy}) == 5


def test_the_readme_says_that_nobodys_eye_is_shown(tmp_path):
    text = dataset(tmp_path / "set", 1, 2, seed=9)["README.txt"].decode()
    assert text.splitlines()[0] == "Synthetic fundus photographs with exudate masks"
    assert "drawn by a program" in text
    assert "seed 9, 1 photographs with exudates, 2 without, 160 x 240 pixels" in text


def test_files_can_be_read_back(tmp_path):
    found = dataset(tmp_path / "set", 2, 1)
    pictures = {
        path: cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        for path, data in found.items()
        if path != "README.txt"
    }
    assert len(pictures) == 2 + 2 + 1
    for path, picture in pictures.items():
        if path.endswith(".jpg"):
            assert picture.shape == (160, 240, 3) and picture.std() > 10
        else:
            assert picture.shape == (160, 240) and set(np.unique(picture)) == {0, 255}


def test_a_longer_set_extends_a_shorter_one_and_the_seed_decides_all(tmp_path):
    short = dataset(tmp_path / "short", 2, 1)
    longer = dataset(tmp_path / "long", 5, 3)
    again = dataset(tmp_path / "again", 2, 1)
    other = dataset(tmp_path / "other", 2, 1, seed=4)
    assert again == short
    pictures = [path for path in short if path != "README.txt"]
    assert len(pictures) == 5
    for path in pictures:
        assert longer[path] == short[path]
    assert not {short[path] for path in pictures} & set(other.values())


def test_some_patients_have_two_photographs_and_none_has_more():
    shown = write.patients(7, True, 40)
    counts = np.bincount([number for number, _ in shown])
    assert set(counts) == {1, 2}
    pair = [patient for number, patient in shown if number == np.argmax(counts)]
    first, second = pair
    assert first.right_eye != second.right_eye
    assert first.colour == second.colour


def test_an_existing_folder_is_refused_and_left_alone(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match="set exists already: remove it"):
        dataset(tmp_path / "set", 1, 1)
    assert files(tmp_path) == {os.path.join("set", "mine.txt"): b"keep"}


@pytest.mark.parametrize(
    ("n_lesion", "n_healthy", "seed", "message"),
    [
        (0, 0, 1, "at least one lesion"),
        (-1, 2, 1, "at least one lesion"),
        (1, -1, 1, "-1 healthy"),
        (1, 1, -1, "seed -1"),
        (1, 1, 2**32, "seed 4294967296"),
    ],
)
def test_impossible_numbers_are_refused(tmp_path, n_lesion, n_healthy, seed, message):
    with pytest.raises(DataError, match=message):
        dataset(tmp_path / "set", n_lesion, n_healthy, seed)
    assert list(tmp_path.iterdir()) == []


def test_no_half_written_folder_is_left_after_an_error(tmp_path, monkeypatch):
    calls = []

    def fail_at_the_third(random, size, lesion, patient):
        calls.append(lesion)
        # The folder must not have its name before it is whole.
        assert not (tmp_path / "set").exists()
        if len(calls) == 3:
            raise RuntimeError("the disk is full")
        return phantom.draw(random, size, lesion, patient)

    monkeypatch.setattr(write, "draw", fail_at_the_third)
    with pytest.raises(RuntimeError, match="disk is full"):
        dataset(tmp_path / "set", 3, 2)
    assert list(tmp_path.iterdir()) == []
