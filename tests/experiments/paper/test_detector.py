from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from data_prep.files import write_csv
from egl.training.run_files import ROUNDS, read_table
from egl.training.run_folder import RunFolder
from experiments.analyses import mask_scores
from experiments.detector import detection
from experiments.detector.detection import DetectorSettings, detect
from experiments.detector.extraction import ExtractionSettings, extract
from experiments.frame import section
from experiments.paper import baseline, detector, masks
from experiments.results import Results
from tests.experiments.from_one import FULL, STANDARD

MEASURES = (
    "annotated_share",
    "pixel_ap",
    *(f"{unit}_{name}" for unit in ("pixel", "lesion") for name in ("precision", "recall", "f")),
)


def test_tasks():
    tasks = detector.tasks(STANDARD)
    seeds = {f"detector-seed{seed:02d}" for seed in range(1, 6)}
    assert set(tasks) == {"detector-candidates", *seeds}
    task = tasks["detector-seed02"]
    assert task.needs == ("detector-candidates",) == (task.settings.candidates,)
    assert (task.store, task.settings.seed, len(detector.tasks(FULL))) == ("all", 2, 6)
    assert not tasks["detector-candidates"].needs


class Store:
    """8 patches of 4 photographs and patients: in each split 2 of each class, 2 symmetries."""

    labels = np.array([0, 0, 1, 1, 0, 0, 1, 1])
    image = np.array([0, 1, 0, 1, 2, 3, 2, 3])
    images = [SimpleNamespace(patient=letter) for letter in "abcd"]

    def samples(self, split):
        first = {"validation": 0, "test": 4}[split]
        return np.array([[first + patch, symmetry] for patch in range(4) for symmetry in (0, 1)])


def write_scores(run, values, auc):
    """values: {map: value of all measures}."""
    rows = []
    for kind, value in values.items():
        for subset in mask_scores.SUBSETS:
            rows += [[kind, subset, measure, value, 0.1, 0.9] for measure in MEASURES]
    rows += [["p", "all", "image_auc", auc, "", ""], ["p", "all", "threshold", 0.99, "", ""]]
    write_csv(run.file("scores.csv"), mask_scores.COLUMNS, rows)


def write_detector(results, seed):
    """Scores from which the validation patches choose the threshold 0.3."""
    run = RunFolder(results.run(detector.name(seed)), {})
    scores = (0.0, 0.2, 0.4, 0.6, 0.1, 0.6, 0.4, 0.9)
    rows = [
        [index, "validation" if index < 4 else "test", Store.labels[index], score]
        for index, score in enumerate(scores)
    ]
    write_csv(run.file("patches.csv"), detection.PATCHES, rows)
    write_scores(run, {"p": 0.5}, 0.74 + seed / 50)
    rows = [[f"feature_{number}", 0.01 * number + 0.001 * seed] for number in range(20)]
    write_csv(run.file("importances.csv"), detection.IMPORTANCES, rows)
    mask = np.zeros((60, 90), np.uint8)
    mask[20:30, 30:50] = 255
    arrays = {}
    for number in range(2):
        arrays[f"{number}_photograph"] = np.full((60, 90, 3), 90, np.uint8)
        arrays[f"{number}_annotated"] = mask
        arrays[f"{number}_p"] = (mask / 300.0).astype(np.float32)
        arrays[f"{number}_id"] = np.array("folder/image.jpg")
    np.savez(run.file("pictures.npz"), **arrays)
    run.finish({"training": {"candidates": 1234, "exudates": 56}})


def write_lenet(results, seed):
    """Two evaluations, of which the last counts, and the masks."""
    run = RunFolder(results.run(baseline.name(seed)), {})
    validation = [0.1, 0.1, 0.2, 0.2, 0.4, 0.4, 0.4, 0.4]
    for test in ([0.5] * 8, [0.1, 0.1, 0.2, 0.2, 0.25, 0.25, 0.45, 0.9]):
        row = dict.fromkeys(ROUNDS, 0.0)
        run.add_round(row, {"validation": validation, "test": test})
    run.write()
    run.finish({})
    run = RunFolder(results.run(masks.name(seed)), {})
    write_scores(run, {"phi": 0.2, "p": 0.7}, 0.99)
    run.finish({})


@pytest.fixture
def results(fake_results):
    return fake_results(stores={"all": Store()})


def test_nothing_finished(results):
    write_lenet(results, 1)
    assert detector.measure(results) == {}


def test_section_by_hand(results):
    write_detector(results, 1)
    write_lenet(results, 1)
    found = section(detector, results)
    patches, everything, lesions = found.tables
    rows = [(*row[:3], *(cell.split(" ")[0] for cell in row[3:])) for row in patches.rows]
    assert rows == [
        # It calls 0.6 (healthy), 0.4 and 0.9; of the 4 pairs it ranks 3 rightly.
        ("detector", "seed 1", "validation patches", "0.800", "1.000", "0.500", "0.750"),
        # The threshold is 0.3, above the validation samples' highest healthy score: 0.45 and 0.9
        # alone are called.
        ("LeNet", "seed 1", "validation patches", "0.667", "0.500", "1.000", "1.000"),
        ("LeNet", "seed 1", "p > 0.5", "0.400", "0.250", "1.000", "1.000"),
    ]
    assert everything.rows[0][:4] == ["detector", "seed 1", "0.99", "0.500 [0.100, 0.900]"]
    assert everything.rows[1][:4] == ["LeNet", "seed 1", "0.99", "0.700 [0.100, 0.900]"]
    assert len(lesions.rows) == 2
    text = " ".join(found.text)
    for words in (
        "1234 candidates; 56 of them are exudates: at least 50% of",
        "at most 400 others",
        "1 of 5 seeds",
        "(means over 1 and 1 seeds",
        "F-measure +0.133 (",
        "AUC -0.250 (",
        "an AUC of 0.76 here",
    ):
        assert words in text
    rows = [list(row.values()) for row in read_table(results.file("detector.csv"))]
    assert len(rows) == 3 * 4 + 2 * (2 * len(MEASURES) + 2)
    level = "patches, threshold: validation patches"
    assert rows[0][:6] == ["detector", "1", level, "", "f_measure", "0.8"]
    assert rows[-1] == ["LeNet", "1", "pixels and lesions", "all", "threshold", "0.99", "", ""]
    shown = {figure.file: figure.photographs for figure in found.figures}
    # Photographs may not be redistributed.
    assert shown == {"detector-candidates.png": True, "detector-importances.png": False}


def test_section_without_lenet(results):
    write_detector(results, 1)
    write_detector(results, 2)
    found = section(detector, results)
    assert [row[0] for table in found.tables for row in table.rows] == ["detector"] * 6
    assert "2 of 5 seeds" in found.text[1]
    assert not any("minus LeNet" in paragraph for paragraph in found.text)
    assert "an AUC of 0.77 here" in found.text[-1]  # the mean of 0.76 and 0.78
    rows = read_table(results.file("detector-importances.csv"))
    assert rows[0] == {"seed": "1", "feature": "feature_19", "importance": "0.191"}
    assert rows[1] == {"seed": "2", "feature": "feature_19", "importance": "0.192"}
    assert len(rows) == 40


def test_the_figures_show_candidates_and_importances(results):
    write_detector(results, 1)
    write_detector(results, 2)
    figures = dict(detector.draw(detector.measure(results)))
    left, right, *_ = figures["detector-candidates.png"].axes
    assert left.get_title() == "image.jpg: annotated exudates outlined"
    assert len(left.collections) == len(right.collections) == 2  # a line and its border
    p = right.images[1].get_array()
    assert p.max() == pytest.approx(0.85)
    assert p.mask[0, 0]  # below 0.02 the photograph is seen
    (axis,) = figures["detector-importances.png"].axes
    names = [tick.get_text() for tick in axis.get_yticklabels()]
    assert names == [f"feature {number}" for number in range(19, 4, -1)]
    bars = [bar.get_width() for bar in axis.patches]
    assert bars[0] == pytest.approx(0.1915)  # the mean of two seeds
    assert list(axis.lines[0].get_xdata()) == [0.191, 0.192]


def test_phantoms_from_end_to_end(small_store, tmp_path):
    results = Results(str(tmp_path), STANDARD, {"all": small_store})
    candidates, run = results.run(detector.CANDIDATES), results.run(detector.name(1))
    extract(small_store.path, ExtractionSettings(500), candidates, lambda *done: None)
    settings = DetectorSettings(detector.CANDIDATES, 1, 20)
    detect(small_store.path, settings, run, lambda *done: None)
    (row,) = section(detector, results).tables[0].rows
    f_measure, auc = (float(row[column].split(" ")[0]) for column in (3, 6))
    assert f_measure > 0.7
    # Measured on the samples that LeNet is tested on: the patches with all their symmetries.
    patches = small_store.samples("test")[:, 0]
    assert len(patches) == 24
    score = {row["patch"]: float(row["score"]) for row in read_table(run + "/patches.csv")}
    scores = [score[str(patch)] for patch in patches]
    assert auc == pytest.approx(roc_auc_score(small_store.labels[patches], scores), abs=6e-4)
    assert auc > 0.9
