import json
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from egl.training.run_folder import ROUNDS, RunFolder, read_table, write_csv
from experiments import bootstrap
from experiments.analyses import mask_maps, mask_scores
from experiments.detector import detection, extraction
from experiments.detector.detection import DetectorSettings, detect, patch_scores
from experiments.detector.extraction import ExtractionSettings, extract
from experiments.estimate import PHOTOGRAPH, START
from experiments.paper import baseline, detector, masks
from experiments.protocols import FULL, STANDARD
from experiments.results import Results

MEASURES = (
    "annotated_share",
    "pixel_ap",
    *(f"{unit}_{what}" for unit in ("pixel", "lesion") for what in ("precision", "recall", "f")),
)
FILES = ("patches.csv", "scores.csv", "importances.csv", "pictures.npz")


def test_tasks():
    tasks = detector.tasks(STANDARD)
    assert set(tasks) == {"detector-candidates", "detector-seed01", "detector-seed02"}
    task = tasks["detector-seed02"]
    assert task.needs == ("detector-candidates",) == (task.settings.candidates,)
    assert (task.store, task.settings.seed, len(detector.tasks(FULL))) == ("all", 2, 6)
    assert not tasks["detector-candidates"].needs
    for each in tasks.values():
        json.dumps(each.settings._asdict())


def test_passes_by_hand():
    store = SimpleNamespace(images=[SimpleNamespace(split=split) for split in (0, 0, 0, 1, 2)])
    expected = START + 3 * detection.TRAINING + 2 * (PHOTOGRAPH + detection.JUDGING)
    assert DetectorSettings("run", 1).passes(store) == expected


def test_best_threshold_by_hand():
    # Above 0.3: 2 hits, 1 wrong, 1 missed; above 0.15: 3 hits, 1 wrong; above 0: 3 hits, 2 wrong; all: 3 hits, 3 wrong.
    scores, labels = [0.2, 0.4, 0.8, 0.0, 0.1, 0.9], np.array([1, 1, 1, 0, 0, 0])
    assert detector.best_threshold(scores, labels) == pytest.approx(0.15)
    # All called: F 2/3; the upper one of two called: 2/3 too. The lowest threshold is taken, below all scores.
    assert detector.best_threshold([0.5, 0.5], np.array([1, 0])) < 0.5


def test_a_patch_has_the_highest_score_in_it():
    pixels = np.zeros((100, 120), np.float32)
    pixels[10, 20], pixels[57, 67], pixels[58, 68] = 0.2, 0.5, 0.9
    data = SimpleNamespace(
        image=np.array([3, 7, 3, 3]), yx=np.array([[0, 0], [0, 0], [10, 20], [52, 72]])
    )
    assert list(patch_scores(data, 3, pixels)) == [(0, pytest.approx(0.2)), (2, 0.5), (3, 0)]


class Store:
    """8 patches of 4 patients, one a photograph: in each split 2 healthy and 2 exudate patches, each under 2 symmetries."""

    labels = np.array([0, 0, 1, 1, 0, 0, 1, 1])
    image = np.array([0, 1, 0, 1, 2, 3, 2, 3])
    images = [SimpleNamespace(patient=letter) for letter in "abcd"]

    def samples(self, split):
        first = {"validation": 0, "test": 4}[split]
        return np.array([[first + patch, symmetry] for patch in range(4) for symmetry in (0, 1)])


def write_detector(folder, seed, test=(0.1, 0.6, 0.4, 0.9)):
    run = RunFolder(str(folder / "runs" / detector.name(seed)), {})
    scores = (0.0, 0.2, 0.4, 0.6, *test)  # the threshold is 0.3
    rows = [
        [n, "validation" if n < 4 else "test", Store.labels[n], score]
        for n, score in enumerate(scores)
    ]
    write_csv(run.file("patches.csv"), detection.PATCHES, rows)
    rows = [["p", subset, key, 0.5, 0.4, 0.6] for subset in mask_maps.SUBSETS for key in MEASURES]
    rows += [
        ["p", "all", "image_auc", 0.74 + seed / 50, "", ""],
        ["p", "all", "threshold", 0.8, "", ""],
    ]
    write_csv(run.file("scores.csv"), mask_maps.SCORES, rows)
    rows = [[f"feature_{n}", 0.01 * n + 0.001 * seed] for n in range(20)]
    write_csv(run.file("importances.csv"), detection.IMPORTANCES, rows)
    mask = np.zeros((60, 90), np.uint8)
    mask[20:30, 30:50] = 255
    shown = {
        "photograph": np.full((60, 90, 3), 90, np.uint8),
        "annotated": mask,
        "p": (mask / 300.0).astype(np.float32),
    }
    np.savez(
        run.file("pictures.npz"),
        **{f"{n}_{key}": value for n in range(2) for key, value in shown.items()},
        **{f"{n}_id": np.array("folder/image.jpg") for n in range(2)},
    )
    run.finish({"training": {"candidates": 1234, "exudates": 56}})


def write_lenet(folder, seed):
    run = RunFolder(str(folder / "runs" / baseline.name(seed)), {})
    for test in (
        [0.5] * 8,
        [0.1, 0.1, 0.2, 0.2, 0.25, 0.25, 0.45, 0.9],
    ):  # the last evaluation counts
        run.add_round(
            dict.fromkeys(ROUNDS, 0.0),
            {"validation": [0.1, 0.1, 0.2, 0.2, 0.4, 0.4, 0.4, 0.4], "test": test},
        )
    run.write()
    run.finish({})
    run = RunFolder(str(folder / "runs" / masks.name(seed)), {})
    kinds = (("phi", 0.2), ("p", 0.7))
    rows = [
        [kind, subset, key, value, 0.1, 0.9]
        for kind, value in kinds
        for subset in masks.SUBSETS
        for key in MEASURES
    ]
    rows += [["p", "all", key, 0.99, "", ""] for key in ("image_auc", "threshold")]
    write_csv(run.file("scores.csv"), mask_maps.SCORES, rows)
    run.finish({})


@pytest.fixture
def results(tmp_path):
    return Results(str(tmp_path), STANDARD, {"all": Store()})


def test_nothing_finished(results, tmp_path):
    write_lenet(tmp_path, 1)
    assert detector.section(results) is None


def test_section_by_hand(results, tmp_path):
    write_detector(tmp_path, 1)
    write_lenet(tmp_path, 1)
    section = detector.section(results)
    patches, everything, lesions = section.tables
    # The detector calls 0.6 (healthy), 0.4 and 0.9; of the 4 pairs it ranks 3 rightly.
    rows = [[*row[:3], *(cell.split(" ")[0] for cell in row[3:])] for row in patches.rows]
    assert rows[0] == [
        "detector",
        "seed 1",
        "validation patches",
        "0.800",
        "1.000",
        "0.500",
        "0.750",
    ]
    # LeNet's threshold is 0.3, above the highest healthy score of the validation samples: 0.45 and 0.9 alone are called.
    assert rows[1] == ["LeNet", "seed 1", "validation patches", "0.667", "0.500", "1.000", "1.000"]
    assert rows[2] == ["LeNet", "seed 1", "p > 0.5", "0.400", "0.250", "1.000", "1.000"]
    assert everything.rows[0][:4] == ["detector", "seed 1", "0.8", "0.500 [0.400, 0.600]"]
    assert everything.rows[1][:4] == ["LeNet", "seed 1", "0.99", "0.700 [0.100, 0.900]"]
    assert len(lesions.rows) == 2
    text = " ".join(section.text)
    for words in (
        "1234 candidates; 56 of them are exudates",
        "1 of 2 seeds",
        "F-measure +0.133",
        "AUC -0.250",
        "an AUC of 0.76 here",
    ):
        assert words in text
    table = read_table(results.file("detector.csv"))
    assert len(table) == 3 * 4 + 2 * (2 * len(MEASURES) + 2)
    assert list(table[0].values())[:6] == [
        "detector",
        "1",
        "patches, threshold: validation patches",
        "",
        "f_measure",
        "0.8",
    ]


def test_section_without_lenet(results, tmp_path):
    write_detector(tmp_path, 1)
    write_detector(tmp_path, 2)
    section = detector.section(results)
    assert [row[0] for table in section.tables for row in table.rows] == ["detector"] * 6
    assert "2 of 2 seeds" in section.text[1]
    assert not any("minus LeNet" in paragraph for paragraph in section.text)
    assert "AUC of 0.77 here" in section.text[-1]  # the mean of 0.76 and 0.78
    rows = read_table(results.file("detector-importances.csv"))
    assert (
        not section.figures[1].photographs and section.figures[0].photographs
    )  # the licence of a data set
    assert rows[0] == {"seed": "1", "feature": "feature_19", "importance": "0.191"}
    assert len(rows) == 40


def test_drawn_again_the_bytes_are_the_same(results, tmp_path):
    write_detector(tmp_path, 1)
    files = [
        *detector.section(results).files,
        "detector-candidates.png",
        "detector-importances.png",
    ]
    before = [Path(results.file(file)).read_bytes() for file in files]
    detector.section(results)
    assert [Path(results.file(file)).read_bytes() for file in files] == before
    assert all(cv2.imread(results.file(file)).std() > 10 for file in files[2:])


@pytest.fixture(scope="module")
def whole(small_store, tmp_path_factory):
    """The folder of finished runs on the phantoms, small and with few trees."""
    out = tmp_path_factory.mktemp("out")
    extract(
        small_store.path,
        ExtractionSettings(500),
        str(out / "runs" / detector.CANDIDATES),
        lambda *done: None,
    )
    shown = []
    folder = str(out / "runs" / detector.name(1))
    detect(
        small_store.path,
        DetectorSettings(detector.CANDIDATES, 1, 20),
        folder,
        lambda *done: shown.append(done),
    )
    training = sum(row.split == 0 for row in small_store.images)
    assert shown == [(0, 12), *((done, 12) for done in range(training, 12))]
    return out


def test_phantoms_from_end_to_end(whole, small_store):
    results = Results(str(whole), STANDARD, {"all": small_store})
    section = detector.section(results)
    f_measure, auc = (float(section.tables[0].rows[0][place].split(" ")[0]) for place in (3, 6))
    assert auc > 0.9
    assert f_measure > 0.7
    rows = read_table(results.run(detector.name(1)) + "/patches.csv")
    tested = np.flatnonzero(small_store.split > 0)
    assert [int(row["patch"]) for row in rows] == tested.tolist()
    assert [int(row["label"]) for row in rows] == small_store.labels[tested].tolist()
    # The samples are the patches with all their symmetries: as many as LeNet's.
    assert len(small_store.samples("test")) == 72


def test_the_scores_are_those_of_the_pixels(whole, small_store):
    """From scratch: probabilities at every pixel, against the annotation, at the threshold that is told."""
    from data_prep.stored_photographs import StoredPhotographs
    from experiments.detector import forest

    runs = whole / "runs"
    read = [extraction.read_found(str(runs / detector.CANDIDATES), place) for place in range(12)]
    places = {
        split: [place for place, row in enumerate(small_store.images) if row.split == split]
        for split in range(3)
    }
    trained = forest.train(
        [(read[place].features, read[place].annotated) for place in places[0]], 1, 20
    )
    photographs = StoredPhotographs(small_store)

    def together(split):
        pixels, annotated = [], []
        for place in places[split]:
            field = photographs.view(place)[1]
            pixels.append(
                extraction.probabilities(
                    read[place], forest.probability(trained, read[place].features)
                )[field]
            )
            annotated.append(photographs.annotated(place)[1][field])
        return np.concatenate(pixels), np.concatenate(annotated)

    pixels, annotated = together(2)
    rows = read_table(str(runs / detector.name(1) / "scores.csv"))
    told = {row["measure"]: float(row["value"]) for row in rows if row["photographs"] == "all"}
    called = pixels >= told["threshold"]
    assert told["pixel_precision"] == pytest.approx(
        (called & annotated).sum() / called.sum(), rel=0.01
    )
    assert told["pixel_recall"] == pytest.approx(
        (called & annotated).sum() / annotated.sum(), rel=0.01
    )
    assert told["annotated_share"] == pytest.approx(annotated.mean(), rel=1e-5)
    assert told["image_auc"] > 0.5
    pixels, annotated = together(1)
    counts = mask_scores.histogram(
        mask_scores.levels(pixels, "p"),
        np.where(annotated, mask_scores.ANNOTATED, mask_scores.HEALTHY),
    )
    assert told["threshold"] == pytest.approx(
        mask_scores.value(mask_scores.best_level(counts), "p"), rel=1e-4
    )


def test_again_it_ends_with_the_same_bytes(whole, small_store):
    folder = whole / "runs" / detector.name(1)
    before = [(folder / file).read_bytes() for file in FILES]
    for file in (*FILES, "metrics.json"):
        (folder / file).unlink()
    settings = DetectorSettings(detector.CANDIDATES, 1, 20)
    detect(small_store.path, settings, str(folder), lambda *done: None)
    assert [(folder / file).read_bytes() for file in FILES] == before

    def fail(*done):
        raise AssertionError("a finished run is not done again")

    detect(small_store.path, settings, str(folder), fail)


def test_the_detector_is_measured_on_what_lenet_is(whole, small_store):
    patches = small_store.samples("test")[:, 0]
    rows = {
        int(row["patch"]): float(row["score"])
        for row in read_table(str(whole / "runs" / detector.name(1) / "patches.csv"))
    }
    scores = np.array([rows[patch] for patch in patches])
    auc = bootstrap.measures(
        bootstrap.count(scores, small_store.labels[patches], np.zeros(72, int)),
        np.ones((1, 1), int),
    )["auc"][0]
    assert auc == pytest.approx(roc_auc_score(small_store.labels[patches], scores))
    table = detector.section(Results(str(whole), STANDARD, {"all": small_store})).tables[0]
    assert float(table.rows[0][6].split(" ")[0]) == pytest.approx(auc, abs=6e-4)
