from pathlib import Path

import cv2
import numpy as np
import pytest

from data_prep import readers
from data_prep.field_of_view import find_field_of_view
from data_prep.photographs import read_photograph
from data_prep.store import PatchStore
from egl.errors import EglError
from experiments.detector import exclusion, extraction, normalisation
from experiments.detector.candidates import LEVELS
from experiments.detector.extraction import (
    ExtractionSettings,
    Found,
    extract,
    find,
    probabilities,
    read_found,
)
from experiments.detector.features import NAMES

NARROW = ExtractionSettings(400)


@pytest.fixture(scope="module")
def extracted(small_store, tmp_path_factory):
    """The folder of a finished run on the phantoms."""
    out = str(tmp_path_factory.mktemp("runs") / "candidates")
    shown = []
    extract(small_store.path, NARROW, out, lambda *done: shown.append(done))
    assert shown == [(done, 12) for done in range(12)]
    return out


@pytest.fixture
def drawn():
    """(photograph of an eye without anything in it, 300 x 400, its field of view)."""
    image = np.zeros((300, 400, 3), np.uint8)
    cv2.circle(image, (200, 150), 145, (40, 80, 160), cv2.FILLED)
    return image, image[..., 1] > 0


def test_two_drawn_exudates(drawn):
    image, field = drawn
    mask = np.zeros((300, 400), np.uint8)
    cv2.circle(mask, (230, 120), 3, 1, cv2.FILLED)
    image[mask > 0] = (60, 120, 180)
    cv2.circle(image, (180, 200), 3, (60, 120, 180), cv2.FILLED)  # not annotated
    found = find(image, field, mask > 0, 400)
    assert found.features.shape == (len(found.annotated), len(NAMES))
    assert [len(np.unique(labels)) - 1 for labels in found.labels] == [
        2,
        2,
        2,
        2,
    ]  # both at every level, and nothing else
    assert np.unique(found.labels).tolist() == list(range(9))
    assert found.features[:, NAMES.index("level")].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert np.sort(found.annotated.reshape(4, 2)).tolist() == [[0, pytest.approx(1, abs=0.35)]] * 4
    where = probabilities(found, np.ones(8)) > 0
    near = np.hypot(
        *(np.argwhere(where)[:, None] - [(120, 230), (200, 180)]).transpose(2, 0, 1)
    ).min(axis=1)
    assert near.max() < 9
    pixels = probabilities(found, np.where(found.annotated > 0.5, 0.75, 0.25))
    assert pixels.shape == (300, 400)
    assert (pixels[120, 230], pixels[200, 180], pixels[60, 200]) == (0.75, 0.25, 0)


def everywhere(found):
    return probabilities(found, np.ones(len(found.annotated))) > 0


def test_no_candidates_on_the_disc_and_on_reflections_at_the_rim(drawn):
    image, field = drawn
    # The disc, something bright without vessels, a reflection at the rim, an exudate below it.
    for column, row, radius in ((110, 150, 22), (260, 150, 14), (200, 6, 10), (200, 70, 5)):
        cv2.circle(image, (column, row), radius, (60, 120, 180), cv2.FILLED)
    image[~field] = 0
    cv2.line(image, (110, 100), (110, 200), (20, 40, 110), 4)
    found = everywhere(find(image, field, np.zeros((300, 400), bool), 400))
    assert found[70, 200]
    assert found[150, 260]
    assert not found[:13, 194:206].any()  # a faint fringe of the reflection may stay
    assert not found[130:171, 90:131].any()


def test_the_narrow_window_finds_what_lies_on_a_bright_patch(drawn):
    image, field = drawn
    image[140:162, 190:212] = (44, 88, 176)  # 10% brighter, 30 pixels wide at the detector's scale
    image[150:153, 200:203] = (50, 100, 200)  # 14% more
    found = find(image, field, np.zeros((300, 400), bool), 400)
    row, column = (
        round((place - corner) * 400 / found.box[3]) for place, corner in zip((151, 201), found.box)
    )
    sizes = [
        (labels == labels[row, column]).sum() if labels[row, column] else 0
        for labels in found.labels
    ]
    assert sizes[1] > 700  # the patch
    assert 9 <= sizes[3] < 80  # the spot on it


def test_the_greater_probability_counts_where_two_candidates_lie():
    labels = np.array([[[1, 1, 0]], [[0, 2, 2]]], np.int32)
    found = Found(labels, None, None, (1, 0, 1, 3), (3, 3))
    assert probabilities(found, np.array([0.5, 0.25])).tolist() == [
        [0, 0, 0],
        [0.5, 0.5, 0.25],
        [0, 0, 0],
    ]


def test_every_photograph_of_the_store(extracted, small_store):
    for place, row in enumerate(small_store.images):
        found = read_found(extracted, place)
        assert found.shape == (row.height, row.width)
        assert found.labels.shape[::2] == (len(LEVELS), 400)
        n = len(found.annotated)
        assert found.labels.max() == n == len(found.features) > 0
        assert (found.annotated > 0.5).any() == row.lesion
        assert np.isfinite(found.features).all()


def test_goes_on_where_it_was_killed_with_the_same_bytes(
    extracted, small_store, tmp_path, monkeypatch
):
    out = str(tmp_path / "again")
    real, calls = extraction.find, []

    def killed(*arguments):
        calls.append(arguments)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(extraction, "find", killed)
    with pytest.raises(KeyboardInterrupt):
        extract(small_store.path, NARROW, out, lambda *done: None)
    assert sorted((tmp_path / "again" / "photographs").iterdir())[-1].name == "00003.npz"
    extract(small_store.path, NARROW, out, lambda *done: None)
    assert len(calls) == 5 + 8  # 4 of 12 were there
    for place in range(12):
        name = f"photographs/{place:05d}.npz"
        with open(f"{out}/{name}", "rb") as one, open(f"{extracted}/{name}", "rb") as other:
            assert one.read() == other.read()


def test_a_finished_run_is_not_done_again(extracted, small_store):
    def fail(*done):
        raise AssertionError("again")

    assert extract(small_store.path, NARROW, extracted, fail)["diverged"] is None
    assert isinstance(small_store, PatchStore)


def test_a_damaged_file(extracted, tmp_path):
    (tmp_path / "photographs").mkdir()
    whole = (Path(extracted) / "photographs" / "00000.npz").read_bytes()
    for content in (b"", b"no archive", whole[: len(whole) // 2]):
        (tmp_path / "photographs" / "00000.npz").write_bytes(content)
        with pytest.raises(EglError, match="00000.npz: cannot be read .*remove the run's folder"):
            read_found(str(tmp_path), 0)
    with pytest.raises(EglError, match="00001.npz: cannot be read"):
        read_found(str(tmp_path), 1)


def test_a_real_photograph(real_data):
    record = next(
        each
        for each in readers.read(real_data / "idrid-half").records
        if each.id.endswith("/IDRiD_01.jpg")
    )
    image, mask = read_photograph(record, 1.0)
    field = find_field_of_view(image)
    found = find(image, field, mask, normalisation.WIDTH)
    exudates = probabilities(found, found.annotated >= 0.5) > 0
    assert (exudates & mask).sum() / mask.sum() > 0.7  # what a perfect forest would find
    assert (exudates & mask).sum() / exudates.sum() > 0.6
    assert probabilities(found, np.ones(len(found.annotated)))[field].mean() < 0.2
    # The disc's outline, read off the picture: rows 560 to 815, columns 1520 to 1750.
    calibrated = normalisation.calibrate(image, field)
    contrast = normalisation.contrasts(calibrated)[..., 1]
    disc = exclusion.find_disc(calibrated.image, exclusion.dark(contrast), calibrated.field)
    factor = calibrated.box[3] / normalisation.WIDTH
    assert disc.row * factor + calibrated.box[0] == pytest.approx(688, abs=40)
    assert disc.column * factor + calibrated.box[1] == pytest.approx(1635, abs=40)
    assert not exudates[688, 1635]
