import csv
from collections import namedtuple
from dataclasses import replace

import numpy as np
import pytest

from egl.training.run_files import ROUNDS
from egl.training.run_folder import RunFolder
from experiments import bootstrap, frame, plots
from experiments.paper import baseline
from experiments.results import Results
from tests.experiments.from_one import QUICK

PROTOCOL = replace(QUICK, epochs=3, baseline_seeds=3)
Image = namedtuple("Image", "patient")
# Test patches 2 to 7, of three patients; patient b has the images 1 and 2.
LABELS, IMAGES = [0, 0, 0, 0, 0, 1, 1, 1], [0, 0, 1, 2, 3, 1, 3, 4]
# p(exudate) of these after each epoch: of the last but one healthy and the last exudate patch it is
# wrong; later of none
EARLY, LATE = [0.1, 0.1, 0.8, 0.9, 0.7, 0.2], [0.1, 0.1, 0.1, 0.9, 0.9, 0.9]


class Store:
    """As much of a store as the section looks at."""

    labels, image = np.array(LABELS), np.array(IMAGES)
    images = [Image(patient) for patient in "abbcd"]

    def samples(self, split):
        return np.array(
            [
                (patch, 0)
                for patch in {"train": [0] * 96, "validation": [1] * 8, "test": range(2, 8)}[split]
            ]
        )


@pytest.fixture
def results(tmp_path):
    """Seed 1: three epochs, the rule says stop after the second; 2 diverged in the third; no 3."""
    results = Results(str(tmp_path), PROTOCOL, {"all": Store()})
    write_run(results, 1, [EARLY, EARLY, LATE], rule=2)
    write_run(results, 2, [LATE, EARLY], diverged="training diverged at iteration 7")
    return results


def write_run(results, seed, predictions, rule=None, diverged=None):
    run = RunFolder(results.run(baseline.name(seed)), {})
    for place, test in enumerate(predictions):
        row = {
            **dict.fromkeys(ROUNDS, 0.5),
            "iteration": 3 * (place + 1),
            "train_loss": 0.5 / (place + 1),
            "f_measure": 2 / 3,
        }
        run.add_round(row, {"test": test, "validation": [0.5]})
    run.write()
    run.finish({"stopping_rule_epoch": rule, "diverged": diverged, "seconds": 1.0})


def read_csv(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_nothing_finished(tmp_path):
    assert frame.section(baseline, Results(str(tmp_path), PROTOCOL, {"all": Store()})) is None


def test_test_measures_at_two_moments(results):
    section = frame.section(baseline, results)
    assert [row[:3] for row in section.tables[0].rows] == [
        ["1", "stopping rule", "2"],
        ["1", "end", "3"],
        ["2", "end", "2"],
    ]
    values = {
        (row["seed"], row["moment"], row["metric"]): float(row["value"])
        for row in read_csv(results.file("baseline-test.csv"))
    }
    early = {"f_measure": 2 / 3, "sensitivity": 2 / 3, "specificity": 2 / 3, "auc": 7 / 9}
    assert {metric: values["1", "stopping rule", metric] for metric in early} == pytest.approx(
        early, rel=1e-5
    )
    assert {metric: values["2", "end", metric] for metric in early} == pytest.approx(
        early, rel=1e-5
    )
    assert [values["1", "end", metric] for metric in early] == [1, 1, 1, 1]
    assert len(values) == 3 * 4


def test_patients_are_drawn_and_not_images(results):
    # Of the test patches, b has three (images 1 and 2), c two, d one.
    section = frame.section(baseline, results)
    assert "over the 3 patients" in section.tables[0].caption
    cases = bootstrap.count(EARLY, LABELS[2:], [0, 0, 1, 0, 1, 2])
    expected = bootstrap.intervals(cases, bootstrap.draw(3, np.random.RandomState(1)))
    rows = {
        row["metric"]: row
        for row in read_csv(results.file("baseline-test.csv"))
        if row["moment"] == "stopping rule"
    }
    for metric, numbers in expected.items():
        assert [float(rows[metric][name]) for name in ("value", "low", "high")] == pytest.approx(
            numbers, rel=1e-5
        )
    assert (
        "{:.3f} ({:.3f} to {:.3f})".format(*expected["f_measure"]) == section.tables[0].rows[0][3]
    )


def test_the_text_says_what_is_missing_and_what_diverged(results):
    text = frame.section(baseline, results).text
    assert "96 samples in batches of 32, 3 epochs" in text[0]
    assert "2 of 3 seeds" in text[0]
    assert "seed 1 after epoch 2; seed 2 never" in text[1]
    assert text[2].startswith("Seed 2 diverged in epoch 3 (training diverged at iteration 7).")
    assert "F-measure 0.833, AUC 0.889" in text[3]  # of 1 and 2/3
    assert len(text) == 4


def test_one_seed_has_no_interval_over_seeds(tmp_path):
    results = Results(str(tmp_path), replace(PROTOCOL, baseline_seeds=1), {"all": Store()})
    write_run(results, 1, [EARLY, LATE])
    section = frame.section(baseline, results)
    assert len(section.text) == 2
    assert [row[1] for row in section.tables[0].rows] == ["end"]


def test_csv_of_the_curves(results):
    section = frame.section(baseline, results)
    assert section.files == ("baseline.csv", "baseline-test.csv")
    rows = read_csv(results.file("baseline.csv"))
    assert [(row["seed"], row["epoch"], row["iteration"]) for row in rows] == [
        ("1", "1", "3"), ("1", "2", "6"), ("1", "3", "9"), ("2", "1", "3"), ("2", "2", "6"),
    ]  # fmt: skip
    assert [row["train_loss"] for row in rows] == ["0.5", "0.25", "0.166667", "0.5", "0.25"]
    assert rows[0]["f_measure"] == "0.666667"


def test_the_figure_has_a_colour_for_each_seed_and_a_dot_where_the_rule_says_stop(results):
    ((file, figure),) = baseline.draw(baseline.measure(results))
    loss, accuracy, _ = figure.axes
    assert file == "baseline.png"
    lines = [line for line in loss.lines if len(line.get_xdata()) > 1]
    assert [line.get_ydata().tolist() for line in lines[::2]] == [
        [0.5, 0.25, pytest.approx(1 / 6, rel=1e-5)],
        [0.5, 0.25],
    ]
    assert [line.get_color() for line in lines] == [plots.BLUE] * 2 + [plots.ORANGE] * 2
    dots = [line for line in accuracy.lines if line.get_marker() == "o" and len(line.get_xdata())]
    assert [(dot.get_xdata()[0], dot.get_ydata()[0]) for dot in dots] == [(2, 0.5)]


def read(path):
    with open(path, "rb") as file:
        return file.read()
