import cv2
import numpy as np
import pytest

from data_prep.store import PatchStore
from experiments.detector import extraction
from experiments.detector.extraction import EXTRACTION, ExtractionSettings, Found, extract, find, probabilities, read_found
from experiments.detector.features import NAMES
from experiments.estimate import PHOTOGRAPH, START

NARROW = ExtractionSettings(400)


@pytest.fixture(scope="module")
def extracted(small_store, tmp_path_factory):
    """The folder of a finished run on the phantoms."""
    out = str(tmp_path_factory.mktemp("runs") / "candidates")
    shown = []
    extract(small_store.path, NARROW, out, lambda *done: shown.append(done))
    assert shown == [(done, 12) for done in range(12)]
    return out


def test_passes_by_hand():
    class Store:
        images = range(10)

    assert ExtractionSettings().passes(Store) == START + 10 * (PHOTOGRAPH + EXTRACTION)


def test_a_drawn_photograph():
    image = np.zeros((300, 400, 3), np.uint8)
    cv2.circle(image, (200, 150), 145, (40, 80, 160), cv2.FILLED)
    field = image[..., 1] > 0
    mask = np.zeros((300, 400), np.uint8)
    cv2.circle(mask, (230, 120), 5, 1, cv2.FILLED)
    image[mask > 0] = (60, 120, 180)
    cv2.circle(image, (180, 200), 5, (60, 120, 180), cv2.FILLED)  # not annotated
    found = find(image, field, mask > 0, 400)
    assert found.features.shape == (len(found.annotated), len(NAMES))
    # Two at the large scale and, numbered after them, pieces of the same two at the small one.
    assert np.unique(found.large).tolist() == [0, 1, 2]
    assert np.unique(found.small).tolist() == [0, *range(3, len(found.annotated) + 1)]
    whole = probabilities(found, np.ones(len(found.annotated))) > 0
    near = np.hypot(*(np.argwhere(whole)[:, None] - [(120, 230), (200, 180)]).transpose(2, 0, 1)).min(axis=1)
    assert near.max() < 9
    column = {name: found.features[:, place] for place, name in enumerate(NAMES)}
    assert column["large"][:2].tolist() == [1, 1]
    assert (column["large"][2:] == 0).all()
    assert sorted(found.annotated[:2].round(1)) == [0, pytest.approx(1, abs=0.35)]
    pixels = probabilities(found, np.where(found.annotated > 0.5, 0.75, 0.25))
    assert pixels.shape == (300, 400)
    assert (pixels[120, 230], pixels[200, 180], pixels[60, 200]) == (0.75, 0.25, 0)


def test_the_greater_probability_counts_where_two_candidates_lie():
    large, small = np.array([[1, 1, 0]], np.int32), np.array([[0, 2, 2]], np.int32)
    found = Found(large, small, None, None, (1, 0, 1, 3), (3, 3))
    assert probabilities(found, np.array([0.5, 0.25])).tolist() == [[0, 0, 0], [0.5, 0.5, 0.25], [0, 0, 0]]


def test_every_photograph_of_the_store(extracted, small_store):
    for place, row in enumerate(small_store.images):
        found = read_found(extracted, place)
        assert found.shape == (row.height, row.width)
        assert found.large.shape[1] == 400
        n = len(found.annotated)
        assert max(found.large.max(), found.small.max()) == n == len(found.features) > 0
        assert not ((found.small > 0) & (found.small <= found.large.max())).any()
        assert (found.annotated > 0.5).any() == row.lesion
        assert np.isfinite(found.features).all()


def test_goes_on_where_it_was_killed_with_the_same_bytes(extracted, small_store, tmp_path, monkeypatch):
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
