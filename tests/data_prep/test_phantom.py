"""The synthetic photographs: what they show, that they depend on their seed alone, and the folder they are written to."""

import os

import cv2
import numpy as np
import pytest

from data_prep import phantom
from data_prep.errors import DataError
from data_prep.phantom import write

SMALL = (320, 480)


def draw(seed, **settings):
    settings.setdefault("size", SMALL)
    return phantom.draw(np.random.RandomState(seed), **settings)


def files(folder):
    """Path below the folder -> bytes, of every file in it."""
    found = {}
    for place, _, names in os.walk(str(folder)):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as data:
                found[os.path.relpath(path, str(folder))] = data.read()
    return found


def dataset(folder, n_lesion, n_healthy, seed=3):
    phantom.write_dataset(str(folder), n_lesion, n_healthy, seed, size=(160, 240), progress=False)
    return files(folder)


@pytest.fixture(scope="module")
def lesion_images():
    return [draw(seed) for seed in range(12)]


def test_one_seed_one_photograph_and_the_global_state_is_left_alone():
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    image, mask = draw(5)
    np.random.seed(1)
    again, mask_again = draw(5)
    np.random.seed(0)
    assert np.array_equal(before, np.random.get_state()[1])
    assert np.array_equal(image, again) and np.array_equal(mask, mask_again)


def test_another_seed_another_photograph(lesion_images):
    for i, (image, mask) in enumerate(lesion_images):
        for other, other_mask in lesion_images[:i]:
            assert np.abs(image.astype(int) - other).mean() > 2
            assert not np.array_equal(mask, other_mask)


@pytest.mark.parametrize("size", [(96, 144), SMALL, (400, 300), (333, 471)])
def test_shapes_and_types_for_any_size(size):
    image, mask = draw(1, size=size)
    assert image.shape == size + (3,) and image.dtype == np.uint8
    assert mask.shape == size and mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 255}


def test_too_small_a_size_is_refused():
    with pytest.raises(DataError, match="50 x 480"):
        draw(1, size=(50, 480))


def test_a_large_photograph_shows_the_same_eye_as_a_small_one():
    small, small_mask = draw(9, size=(240, 360))
    large, large_mask = draw(9, size=(720, 1080))
    reduced = cv2.resize(large, (360, 240), interpolation=cv2.INTER_AREA)
    assert np.abs(reduced.astype(int) - small).mean() < 6
    reduced_mask = cv2.resize(large_mask, (360, 240), interpolation=cv2.INTER_AREA) > 127
    both = (reduced_mask & (small_mask > 0)).sum()
    assert both > 0.6 * reduced_mask.sum() > 0


def test_healthy_eyes_have_no_exudate():
    for seed in range(4):
        assert not draw(seed, lesion=False)[1].any()


def test_every_lesion_image_has_exudates_and_all_lie_in_the_field_of_view(lesion_images):
    for image, mask in lesion_images:
        seen = cv2.erode((image.max(axis=2) > 30).astype(np.uint8), np.ones((3, 3)))
        assert mask.any()
        assert seen[mask > 0].all()
        assert not mask[:5, :5].any()


def test_the_share_of_exudate_is_that_of_e_ophtha(lesion_images):
    """500 to 10,000 pixels of a 1440 x 960 photograph are usual; here a pixel stands for nine of them."""
    areas = [9 * (mask > 0).sum() for _, mask in lesion_images]
    assert 500 < np.median(areas) < 10000
    assert max(areas) < 60000


def test_exudates_are_brighter_and_yellower_than_what_surrounds_them(lesion_images):
    for image, mask in lesion_images:
        inside = mask > 0
        wide = cv2.dilate(mask, np.ones((15, 15))) > 0
        ring = wide & ~(cv2.dilate(mask, np.ones((5, 5))) > 0)
        blue, green, red = np.median(image[inside], axis=0) - np.median(image[ring], axis=0)
        assert green > 5 and red > 0
        assert green > blue


def test_brightness_alone_does_not_tell_exudates(lesion_images):
    """The optic disc, drusen and reflections are as bright: more such pixels lie outside the masks than inside."""
    image, mask = (np.stack(part) for part in zip(*lesion_images))
    green = image[..., 1].astype(int)
    as_bright = green > np.median(green[mask > 0])
    assert (as_bright & (mask == 0)).sum() > (as_bright & (mask > 0)).sum()


def test_the_surround_is_black_and_the_middle_is_red():
    image, _ = draw(2)
    assert image[:, :20].mean() < 10
    blue, green, red = image[100:220, 160:320].reshape(-1, 3).mean(axis=0)
    assert red > green > blue


def test_photographs_of_a_patient_share_the_colour_and_mirror_the_fellow_eye():
    patient = phantom.draw_patient(np.random.RandomState(0))._replace(
        colour=(0.1, 0.3, 0.7), disc=74, right_eye=True
    )
    right, _ = draw(4, lesion=False, patient=patient)
    left, _ = draw(4, lesion=False, patient=patient._replace(right_eye=False))
    # The optic disc is the brightest smooth spot; it lies on the nose's side.
    spots = [cv2.GaussianBlur(image[..., 1], (0, 0), 8) for image in (right, left)]
    columns = [np.unravel_index(spot.argmax(), spot.shape)[1] for spot in spots]
    assert columns[0] > 260 and columns[1] < 220
    pale, _ = draw(4, lesion=False, patient=patient._replace(colour=(0.2, 0.4, 0.8)))
    assert pale.mean() > right.mean() + 5


def test_layout_on_disk(tmp_path):
    found = dataset(tmp_path / "set", 3, 2)
    lesion = sorted(path for path in found if path.startswith("e_optha_EX/EX/"))
    masks = sorted(path for path in found if path.startswith("e_optha_EX/Annotation_EX/"))
    healthy = sorted(path for path in found if path.startswith("e_optha_EX/healthy/"))
    assert len(lesion) == 3 and len(healthy) == 2 and len(found) == 3 + 3 + 2 + 1
    assert masks == [
        path.replace("/EX/", "/Annotation_EX/").replace(".jpg", "_EX.png") for path in lesion
    ]
    people = [{path.split("/")[2] for path in paths} for paths in (lesion, healthy)]
    assert not people[0] & people[1]
    names = [os.path.basename(path) for path in lesion + healthy]
    assert len(set(names)) == 5
    assert b"drawn by a program" in found["README.txt"]


def test_files_can_be_read_back(tmp_path):
    found = dataset(tmp_path / "set", 2, 1)
    for path, data in found.items():
        if path.endswith(".jpg"):
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
            assert image.shape == (160, 240, 3) and image.std() > 10
        elif path.endswith(".png"):
            mask = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
            assert mask.shape == (160, 240) and set(np.unique(mask)) == {0, 255}


def test_a_longer_set_extends_a_shorter_one_and_the_seed_settles_all(tmp_path):
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


def test_some_patients_have_two_photographs_and_none_more():
    counts = np.bincount([number for number, _ in write._patients(7, True, 40)])
    assert set(counts) == {1, 2}
    first, second = (
        patient for number, patient in write._patients(7, True, 40) if number == np.argmax(counts)
    )
    assert first.right_eye != second.right_eye
    assert first.colour == second.colour


def test_an_existing_folder_is_refused_and_left_alone(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "mine.txt").write_text("keep")
    with pytest.raises(DataError, match="set exists already: remove it"):
        dataset(tmp_path / "set", 1, 1)
    assert files(tmp_path) == {os.path.join("set", "mine.txt"): b"keep"}


@pytest.mark.parametrize(
    "n_lesion, n_healthy, seed", [(0, 0, 1), (-1, 2, 1), (1, 1, -1), (1, 1, 2**32)]
)
def test_impossible_numbers_are_refused(tmp_path, n_lesion, n_healthy, seed):
    with pytest.raises(DataError):
        dataset(tmp_path / "set", n_lesion, n_healthy, seed)
    assert os.listdir(str(tmp_path)) == []


def test_no_half_written_folder_is_left_after_an_error(tmp_path, monkeypatch):
    calls = []

    def fails_at_the_third(random, size, lesion, patient):
        calls.append(1)
        # The folder must not carry its name before it is whole.
        assert not (tmp_path / "set").exists()
        if len(calls) == 3:
            raise RuntimeError("the disk is full")
        return phantom.draw(random, size, lesion, patient)

    monkeypatch.setattr(write, "draw", fails_at_the_third)
    with pytest.raises(RuntimeError, match="disk is full"):
        dataset(tmp_path / "set", 3, 2)
    assert os.listdir(str(tmp_path)) == []
