import csv
import json
import os
from dataclasses import replace

import pytest

from egl.strategies import STRATEGIES
from experiments import frame
from experiments.paper import fig2, patches, strategies
from tests.experiments.from_one import STANDARD


def test_tasks_are_those_of_fig2_and_patches():
    protocol = replace(
        STANDARD, strategies=tuple(name for name in STRATEGIES if name not in ("egl", "random"))
    )
    tasks, there = strategies.tasks(protocol), dict(fig2.tasks(protocol), **patches.tasks(protocol))
    own = {name for name in tasks if name.startswith("strategies-")}
    assert len(own) == 3 * 5
    assert all(tasks[name] == there[name] for name in tasks if name not in own)
    assert len(tasks) == 5 * (len(STRATEGIES) + len(STRATEGIES) - 4 + 3)
    settings = tasks["strategies-egl-400-stratified-seed02"].settings
    assert (settings.selection.candidates, settings.selection.sampling, settings.trainer.seed) == (
        400,
        "stratified",
        2,
    )
    assert {task.settings.strategy for task in tasks.values()} == set(STRATEGIES)


@pytest.fixture
def results(fake_results):
    results = fake_results(seeds=2, fig2_seeds=3)
    for seed in (1, 2):
        for name, f in (("random", 0.5), ("egl", 0.4), ("entropy", 0.7)):
            results.write(
                fig2.name("all", name, seed), [6, 60], f_measure=f, sensitivity=0.5, specificity=0.4
            )
        results.write(
            patches.name("least-confidence", seed),
            [5, 85],
            f_measure=[0.8, 0.84 + 0.01 * seed],
            n_labelled=[100, 300],
        )
        results.write(
            patches.name("random", seed),
            [5, 45, 85],
            f_measure=[0.7, 0.8, 0.9],
            n_labelled=[100, 200, 340 + 20 * seed],
        )
    return results


def test_section(results):
    section = frame.section(strategies, results)
    rows = {row[0]: row for row in section.tables[0].rows}
    assert [row[0] for row in section.tables[0].rows] == ["entropy", "random", "EGL"]
    assert rows["entropy"][1:5] == ["0.700", "0.200", "0.300", "0 of 2"]
    # Patches as least confidence chooses them: F ends at 0.85 and 0.86, its mean is 0.825 and 0.83;
    # random choice's is 0.8.
    assert rows["entropy"][6:] == ["0.027", "300 (2 of 2 seeds)", "-70"]
    assert rows["random"][6:] == ["", "370 (2 of 2 seeds)", ""]
    assert rows["EGL"][3] == ""
    assert rows["EGL"][6:] == ["", "", ""]
    with open(results.file("strategies.csv"), newline="") as file:
        written = {row["strategy"]: row for row in csv.DictReader(file)}
    assert written["egl"]["minus_random"] == "-0.1"
    assert [written["entropy"][column] for column in ("labels", "labels_minus_random")] == [
        "300",
        "-70",
    ]
    assert [
        written["egl"][column]
        for column in ("labels", "labels_minus_random", "patches_minus_random")
    ] == ["", "", ""]


def test_the_figure_has_a_row_for_each_strategy(results):
    ((_, figure),) = strategies.draw(strategies.measure(results))
    names = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert names == ["entropy", "random", "EGL"]
    leads = [
        {
            line.get_ydata()[0]: line.get_xdata()[0]
            for line in axis.lines
            if line.get_marker() == "o"
        }
        for axis in figure.axes
    ]
    assert leads[0] == pytest.approx({0: 0.2, 1: 0.0, 2: -0.1})
    assert leads[1] == pytest.approx({0: 0.0275, 1: 0.0})  # EGL has no run of Algorithm 1


def test_a_query_takes_what_it_took_in_the_fastest_seed(results):
    assert frame.section(strategies, results).tables[0].rows[0][5] == ""
    for seed, seconds in ((1, 110.0), (2, 80.0)):
        path = os.path.join(results.run(fig2.name("all", "entropy", seed)), "metrics.json")
        with open(path) as file:
            metrics = dict(json.load(file), rounds=46, seconds_choosing=seconds)
        with open(path, "w") as file:
            json.dump(metrics, file)
    assert (
        frame.section(strategies, results).tables[0].rows[0][5] == "2.0"
    )  # 40 of the 46 rounds chose something


def test_labels_that_are_not_enough(results):
    results.write(
        patches.name("least-confidence", 1), [5, 85], f_measure=[0.8, 0.84], n_labelled=[100, 300]
    )
    assert frame.section(strategies, results).tables[0].rows[0][7:] == ["300 (1 of 2 seeds)", "-80"]
    results.write(
        patches.name("least-confidence", 2), [5, 85], f_measure=[0.8, 0.84], n_labelled=[100, 300]
    )
    assert frame.section(strategies, results).tables[0].rows[0][7:] == [
        "not reached (0 of 2 seeds)",
        "",
    ]


def test_sampling_of_the_pool(results):
    for seed in (1, 2):
        for variant in strategies.SAMPLED:
            f = 0.6 if variant == "100 uniform" else 0.7
            results.write(strategies.sampled(STANDARD, variant, seed), [5, 85], f_measure=f)
    rows = {row[0]: row for row in frame.section(strategies, results).tables[1].rows}
    assert rows["100 uniform"][1:4] == ["0.600", "-0.100", "0.600"]
    assert rows["400 uniform"][2] == ""


def test_nothing_but_egl_and_random(fake_results):
    results = fake_results(seeds=2)
    for seed in (1, 2):
        for name in ("random", "egl"):
            results.write(
                fig2.name("all", name, seed),
                [6, 60],
                f_measure=0.5,
                sensitivity=0.5,
                specificity=0.4,
            )
    assert frame.section(strategies, results) is None
