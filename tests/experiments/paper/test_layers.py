import csv
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data_prep.files import write_csv
from data_prep.settings import as_dict
from experiments.analyses.stops import STOPS
from experiments.claims import CONTRADICTED, REPRODUCED, UNDECIDED
from experiments.frame import section
from experiments.paper import layers, patches
from tests.experiments.from_one import QUICK, STANDARD


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_paper_s_stop_is_the_run_of_patches_and_each_comparison_waits_for_it():
    tasks, whole = layers.tasks(STANDARD), patches.tasks(STANDARD)
    assert len(tasks) == STANDARD.seeds * 6
    assert tasks["patches-egl-seed02"] == whole["patches-egl-seed02"]
    default = whole["patches-egl-seed02"].settings
    changes = {"stop_layer": "conv1", "parameters": "above", "keep_weights": ()}
    assert tasks["layers-all-seed02"].settings == replace(default, **changes)
    comparison = tasks["layers-compare-seed02"]
    assert comparison.needs == ("patches-egl-seed02",)
    assert as_dict(comparison.settings) == {
        "run": "patches-egl-seed02",
        "iterations": [5, 85, 405],
        "n": 400,
        "seed": 2,
    }


@pytest.mark.parametrize("protocol", [STANDARD, QUICK], ids=["standard", "quick"])
def test_comparisons_are_at_times_that_their_runs_keep(protocol):
    tasks = layers.tasks(protocol)
    run = tasks["patches-egl-seed01"].settings
    assert set(tasks["layers-compare-seed01"].settings.iterations) == set(run.keep_weights)
    assert max(run.keep_weights) <= run.selection.iterations + run.selection.steps


def write_comparison(results, seed, conv1):
    """Phi of four patches at two times: the same by all stops, but for conv1 at the later time."""
    rows = []
    for iteration in (5, 85):
        for patch, same in enumerate((1.0, 2.0, 3.0, 4.0)):
            odd = conv1[patch] if iteration == 85 else same
            rows.append([iteration, patch, patch % 2, same, same, same, odd, same])
    folder = results.run(layers.compared(seed))
    os.makedirs(folder)
    write_csv(os.path.join(folder, "phi.csv"), ("iteration", "patch", "label", *STOPS), rows)
    Path(folder, "metrics.json").write_text("{}")


def write_runs(results, seed, **lower):
    """A run of each stop: F is 0.5, 0.6 and 0.7, less what is given for the stop."""
    f = np.array([0.5, 0.6, 0.7])
    for stop in STOPS:
        results.write(layers.name(stop, seed), [25, 45, 65], f_measure=f - lower.get(stop, 0))


@pytest.fixture
def results(fake_results):
    chosen = replace(STANDARD.patches.selection, k=2)
    results = fake_results(seeds=3, patches=replace(STANDARD.patches, selection=chosen))
    for seed in (1, 2):
        write_runs(results, seed, all=0.1 * seed)
    results.write(layers.name("all", 3), [25, 45], diverged="diverged", f_measure=0.5)
    write_comparison(results, 1, [10.0, 30.0, 20.0, 40.0])
    write_comparison(results, 2, [7.0, 7.0, 7.0, 7.0])
    return results


def test_agreement_by_hand(results):
    found = section(layers, results)
    rows = {(row[0], row[1]): tuple(row[2:]) for row in found.tables[0].rows}
    # In seed 2 conv1 gives all patches the same phi: no rank correlation, and its two highest are
    # the first two.
    assert rows["conv1", "85"] == ("0.800 (1 seed)", "0.250", "2")
    assert rows["conv1", "5"] == ("1.000", "1.000", "2")
    assert "2 of 3 seeds" in found.text[1]
    assert "after 5 and 85 batches" in found.text[1]
    assert "would share 50% of their 2 highest" in found.text[1]
    pairs = {
        (row["batch"], row["stop"], row["other_stop"]): row
        for row in read(results.file("layers-ranks.csv"))
    }
    assert len(pairs) == 2 * 10
    row = pairs["85", "ip1", "conv1"]
    assert list(row) == layers.WRITTEN
    assert list(row.values())[3:] == ["0.8", "nan", "0.25", "3.17655", "2"]


def test_mean_f_by_hand(results):
    found = section(layers, results)
    rows = {row[0]: tuple(row[1:]) for row in found.tables[1].rows}
    assert rows["ip1"] == ("0.600", "", "", "0")
    assert rows["all"] == ("0.450", "-0.150", "-0.150 (2)", "0")
    assert "from batch 25, to batch 65" not in found.tables[1].caption
    assert "at batch 25, to batch 65" in found.tables[1].caption
    (verdict,) = found.verdicts
    assert verdict.verdict == UNDECIDED
    assert verdict.measured == (
        "Mean F of each stop minus that of ip1 in the same seed, with the 95% t-interval over "
        "2 seeds: ip2 0.000 (no difference), conv2 0.000 (no difference), "
        "conv1 0.000 (no difference), all -0.150 (too wide to tell)."
    )
    rows = {(row["stop"], row["batch"]): row for row in read(results.file("layers.csv"))}
    assert rows["all", "45"]["f_measure"] == "0.45"
    assert ("random", "45") not in rows


def test_runs_that_diverge_are_counted_and_random_choice_is_shown(results):
    for stop in (*layers.OTHERS[:-1], "ip1"):
        results.write(layers.name(stop, 3), [25, 45, 65], f_measure=0.6)
    for seed in (1, 2, 3):
        results.write(patches.name("random", seed), [25, 45, 65], f_measure=0.4)
    found = section(layers, results)
    rows = {row[0]: row[1:] for row in found.tables[1].rows}
    assert [rows[arm][-1] for arm in ("ip1", "all", "random")] == ["0", "1", "0"]
    assert rows["all"][2] == "-0.150 (2)"
    measured = found.verdicts[0].measured
    assert measured.endswith(". Runs that diverged, and count with F 0 from there on: all 1.")
    assert rows["random"][1] == "-0.200 ± 0.000"
    rows = {(row["stop"], row["batch"]): row for row in read(results.file("layers.csv"))}
    # F is 0 once diverged.
    height = float(rows["all", "65"]["f_measure"])
    assert height == pytest.approx((0.6 + 0.5 + 0) / 3, rel=1e-5)


@pytest.mark.parametrize(
    "lower, wanted",
    [
        ([{}, {}], REPRODUCED),
        ([{"conv1": 0.021}, {"conv1": 0.02}], CONTRADICTED),  # narrow, and without 0
        ([{"conv1": 0.2}, {"conv1": -0.2}], UNDECIDED),  # wide, with 0
        ([{"conv1": 0.2, "all": 0.1}, {"conv1": -0.2, "all": 0.101}], CONTRADICTED),
        ([{"conv1": 0.01}], UNDECIDED),  # one seed
    ],
)
def test_verdict_by_its_rule(fake_results, lower, wanted):
    results = fake_results(seeds=2)
    for seed, of_seed in enumerate(lower, 1):
        write_runs(results, seed, **of_seed)
    assert layers.verdict(layers.measure(results)) == {"C4": wanted}


def test_parts_that_are_not_run_yet(fake_results):
    results = fake_results(seeds=2)
    assert layers.measure(results) == {}
    results.write(layers.name("ip1", 1), [25, 45], f_measure=0.6)
    assert section(layers, results) is None
    results.write(layers.name("ip2", 1), [25, 45], f_measure=0.6)
    found = section(layers, results)
    assert "1 of 2 seeds" in found.text[1]
    assert found.text[1].endswith("No run is finished yet of: conv2, conv1, all.")
    assert found.verdicts[0].verdict == UNDECIDED
    assert "ip2 0.000 (one seed, no interval)." in found.verdicts[0].measured


def test_a_comparison_alone_has_no_verdict(fake_results):
    results = fake_results(seeds=1)
    write_comparison(results, 1, [1.0, 2.0, 3.0, 4.0])
    found = section(layers, results)
    assert (list(found.verdicts), found.files) == ([], ("layers-ranks.csv",))


def test_the_figures_show_agreement_and_curves(results):
    for seed in (1, 2):
        results.write(patches.name("random", seed), [25, 45, 65], f_measure=0.4)
    figures = dict(layers.draw(layers.measure(results)))
    correlation, overlap, matrix = figures["layers-ranks.png"].axes[:3]
    # conv1 is third of the others: a mean of 0.8 of one seed at the later time, 1 at the earlier.
    seeds = [line for line in correlation.lines if line.get_marker() == "."]
    heights = [np.asarray(line.get_ydata()).tolist() for line in seeds]
    assert heights == [[1, 1]] * 6 + [[pytest.approx(0.8)], [1, 1]]
    assert [tick.get_text() for tick in correlation.get_xticklabels()] == layers.OTHERS
    chance = [line for line in overlap.lines if line.get_label() == "by chance"]
    assert list(chance[0].get_ydata()) == [0.5, 0.5]  # two of four patches
    row, column = list(STOPS).index("ip1"), list(STOPS).index("conv1")
    numbers = matrix.images[0].get_array()
    assert (numbers[row, column], numbers[row, row]) == (pytest.approx(0.8), 1)
    last = figures["layers.png"].axes[3]
    assert last.get_title() == "all"
    lines = {line.get_label(): list(line.get_ydata()) for line in last.lines}
    assert lines["ip1, as in the paper"] == pytest.approx([0.5, 0.6, 0.7])
    assert lines["the layer above the panel"] == pytest.approx([0.35, 0.45, 0.55])
    assert lines["random choice"] == pytest.approx([0.4] * 3)
    assert len(last.lines) == 3 * (1 + 2)  # means and, of two seeds, each
