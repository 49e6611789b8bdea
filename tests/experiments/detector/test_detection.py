from types import SimpleNamespace

import numpy as np
import pytest

from data_prep.stored_photographs import StoredPhotographs
from egl.training.run_files import read_table
from experiments.analyses import pixel_scores
from experiments.detector import extraction, forest
from experiments.detector.detection import DetectorSettings, detect, patch_scores
from experiments.detector.extraction import ExtractionSettings, extract

FILES = ("patches.csv", "scores.csv", "importances.csv", "pictures.npz")
SETTINGS = DetectorSettings("candidates", seed=1, trees=20)


@pytest.fixture(scope="module")
def runs(small_store, tmp_path_factory):
    """The folder of the runs "candidates" and "detector" on the phantoms, with few trees."""
    runs, reported = tmp_path_factory.mktemp("runs"), []
    extract(small_store.path, ExtractionSettings(500), str(runs / "candidates"), lambda *done: None)
    out = str(runs / "detector")
    detect(small_store.path, SETTINGS, out, lambda *done: reported.append(done))
    training = sum(row.split == 0 for row in small_store.images)
    assert reported == [(0, 12), *((done, 12) for done in range(training, 12))]
    return runs


def test_a_patch_has_the_highest_score_in_it():
    pixels = np.zeros((100, 120), np.float32)
    pixels[10, 20], pixels[57, 67], pixels[58, 68] = 0.2, 0.5, 0.9
    store = SimpleNamespace(
        side=48,
        image=np.array([3, 7, 3, 3]),
        yx=np.array([[0, 0], [0, 0], [10, 20], [52, 72]]),
    )
    assert list(patch_scores(store, 3, pixels)) == [(0, pytest.approx(0.2)), (2, 0.5), (3, 0)]


def test_every_validation_and_test_patch_has_a_score(runs, small_store):
    rows = read_table(str(runs / "detector" / "patches.csv"))
    tested = np.flatnonzero(small_store.split > 0)
    assert [int(row["patch"]) for row in rows] == tested.tolist()
    assert [int(row["label"]) for row in rows] == small_store.labels[tested].tolist()
    assert {row["split"] for row in rows} == {"validation", "test"}


def test_the_scores_are_those_of_the_pixels(runs, small_store):
    """From scratch: probabilities at every pixel against the annotation, at the threshold."""
    found = [extraction.read_found(str(runs / "candidates"), index) for index in range(12)]
    split_of = [row.split for row in small_store.images]
    training = [found[index] for index in range(12) if split_of[index] == 0]
    trained = forest.train([(each.features, each.annotated) for each in training], 1, 20)
    photographs = StoredPhotographs(small_store)

    def together(split):
        pixels, annotated = [], []
        for index in range(12):
            if split_of[index] == split:
                field = photographs.field(index)
                p = forest.probability(trained, found[index].features)
                pixels.append(extraction.probabilities(found[index], p)[field])
                annotated.append(photographs.annotated(index)[1][field])
        return np.concatenate(pixels), np.concatenate(annotated)

    rows = read_table(str(runs / "detector" / "scores.csv"))
    value = {row["measure"]: float(row["value"]) for row in rows if row["photographs"] == "all"}
    pixels, annotated = together(2)
    called = pixels >= value["threshold"]
    hits = (called & annotated).sum()
    assert value["pixel_precision"] == pytest.approx(hits / called.sum(), rel=0.01)
    assert value["pixel_recall"] == pytest.approx(hits / annotated.sum(), rel=0.01)
    assert value["annotated_share"] == pytest.approx(annotated.mean(), rel=1e-5)
    assert value["image_auc"] > 0.5
    pixels, annotated = together(1)
    truth = pixel_scores.truth_of(annotated, np.ones_like(annotated))
    counts = pixel_scores.histogram(pixel_scores.bin_scores(pixels, "p"), truth)
    threshold = pixel_scores.bin_edge(pixel_scores.best_threshold(counts), "p")
    assert value["threshold"] == pytest.approx(threshold, rel=1e-4)


def test_again_it_ends_with_the_same_bytes(runs, small_store):
    folder = runs / "detector"
    before = [(folder / file).read_bytes() for file in FILES]
    for file in (*FILES, "metrics.json"):
        (folder / file).unlink()
    detect(small_store.path, SETTINGS, str(folder), lambda *done: None)
    assert [(folder / file).read_bytes() for file in FILES] == before
