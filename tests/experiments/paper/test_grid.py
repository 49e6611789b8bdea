import csv
import os
from dataclasses import replace

import pytest

from egl.training.run_folder import RunFolder
from experiments import frame
from experiments.claims import NOT_REPRODUCED, REPRODUCED, UNDECIDED
from experiments.paper import grid
from experiments.results import Results
from tests.experiments.from_one import QUICK

# Each run sees 0.25 times 2 x 1600 samples.
PROTOCOL = replace(QUICK, grid_rates=(0.003, 0.01), grid_batches=(16, 32, 64), grid_seeds=2)


class Store:
    """As much of a store as is looked at: with fewer training samples than were asked for."""

    def samples(self, split):
        return [None] * {"train": 1600}[split]


@pytest.fixture
def results(tmp_path):
    """At rate 0.01, a mean F of 0.90 at batch 16, 0.89 at 32, 0.88 at 64; elsewhere 0.81."""
    results = Results(str(tmp_path), PROTOCOL, {"all": Store()})
    middle = {(0.01, 16): 0.9, (0.01, 32): 0.89, (0.01, 64): 0.88}
    for rate in PROTOCOL.grid_rates:
        for batch in PROTOCOL.grid_batches:
            for seed, step in ((1, -0.01), (2, 0.01)):
                finish(results, rate, batch, seed, middle.get((rate, batch), 0.81) + step)
    return results


def finish(results, rate, batch, seed, f_measure, recalls=(0.5, 0.5)):
    """Write a run that ends with this F, and an AUC 0.05 above it."""
    test = {
        "f_measure": f_measure,
        "auc": f_measure + 0.05,
        "sensitivity": recalls[0],
        "specificity": recalls[1],
    }
    run = RunFolder(results.run(grid.name(rate, batch, seed)), {})
    run.finish({"diverged": None, "seconds": 1.0, "test": test})


def diverge(results, rate, batch, seed):
    """Write a run that diverged before anything was measured."""
    run = RunFolder(results.run(grid.name(rate, batch, seed)), {})
    run.finish({"diverged": "training diverged at iteration 3", "seconds": 0.0})


def take_away(results, rate, batch, *seeds):
    for seed in seeds:
        os.remove(os.path.join(results.run(grid.name(rate, batch, seed)), "metrics.json"))


def verdict(results):
    (verdict,) = frame.section(grid, results).verdicts
    assert verdict.claim == "C5"
    return verdict.verdict


def rows(section):
    return {tuple(row[:2]): row[2:] for row in section.tables[0].rows}


def test_nothing_finished(tmp_path):
    assert frame.section(grid, Results(str(tmp_path), PROTOCOL, {"all": Store()})) is None


def test_reproduced_within_two_hundredths_of_the_best(results):
    assert verdict(results) == REPRODUCED  # 0.88 is 0.02 below 0.90 but for the rounding of floats
    measured = frame.section(grid, results).verdicts[0].measured
    assert "rate 0.01, batch 64: 0.880, 0 diverged, 2 of 2 seeds" in measured
    assert "best cell (rate 0.01, batch 16): 0.900" in measured


@pytest.mark.parametrize("batch", [32, 64])
def test_not_reproduced_if_one_of_the_two_is_further_below(results, batch):
    for seed in (1, 2):
        finish(results, 0.01, batch, seed, 0.878)
    assert verdict(results) == NOT_REPRODUCED


def test_the_best_cell_may_be_anywhere(results):
    for seed in (1, 2):
        finish(results, 0.003, 64, seed, 0.92)
    assert verdict(results) == NOT_REPRODUCED
    assert (
        "best cell (rate 0.003, batch 64): 0.920"
        in frame.section(grid, results).verdicts[0].measured
    )


def test_not_reproduced_if_a_seed_of_the_two_diverges(results):
    for rate in PROTOCOL.grid_rates:
        for batch in PROTOCOL.grid_batches:
            for seed in (1, 2):
                finish(results, rate, batch, seed, 0.02)
    diverge(results, 0.01, 16, 1)
    assert verdict(results) == REPRODUCED  # another cell's seed
    diverge(results, 0.01, 64, 1)
    assert (
        verdict(results) == NOT_REPRODUCED
    )  # although its mean F, 0.01, is within 0.02 of the best


def test_undecided_where_a_cell_has_no_run(results):
    take_away(results, 0.003, 16, 1, 2)
    assert verdict(results) == UNDECIDED
    assert "1 of 6 cells have no run." in frame.section(grid, results).verdicts[0].measured


def test_undecided_where_a_claimed_cell_is_not_in_the_grid(results):
    results.protocol = replace(PROTOCOL, grid_batches=(16, 64))
    assert verdict(results) == UNDECIDED
    assert "rate 0.01, batch 32: not run" in frame.section(grid, results).verdicts[0].measured


def test_a_missing_seed_is_said(results):
    take_away(results, 0.01, 64, 2)
    section = frame.section(grid, results)
    assert rows(section)["0.01", "64"] == ["12", "1 of 2", "0", "0.870", "0.920"]
    assert "11 of 12 runs" in section.text[0]


def test_the_table_counts_divergence_as_a_net_that_calls_nothing_exudate(results):
    diverge(results, 0.01, 32, 2)
    section = frame.section(grid, results)
    assert rows(section)["0.01", "32"][:3] == ["25", "2 of 2", "1"]
    assert rows(section)["0.01", "32"][3].startswith("0.440")  # (0.88 + 0) / 2
    assert rows(section)["0.01", "32"][4].startswith("0.715")  # (0.93 + 0.5) / 2
    assert section.text[1] == "Runs that diverged: 1. Their F counts 0 and their AUC 0.5."


def test_the_text_says_what_each_run_sees(results):
    finish(results, 0.003, 16, 1, 2 / 3, recalls=(1.0, 0.0))
    text = frame.section(grid, results).text
    assert "800 samples (0.5 times the 1600 training samples)" in text[0]
    assert "50 of 16 samples, 25 of 32 samples, 12 of 64 samples" in text[0]
    assert text[1:] == ["Runs that end with a net that calls all patches the same: 1."]


def test_csv(results):
    diverge(results, 0.01, 64, 2)
    take_away(results, 0.003, 16, 1)
    assert frame.section(grid, results).files == ("grid.csv",)
    with open(results.file("grid.csv"), newline="") as file:
        rows = list(csv.reader(file))
    assert rows[:2] == [
        ["rate", "batch", "seed", "f_measure", "auc", "diverged"],
        ["0.003", "16", "2", "0.82", "0.87", "0"],
    ]
    assert rows[-1] == ["0.01", "64", "2", "0", "0.5", "1"]
    assert len(rows) == 1 + 11


def test_the_figure_shows_the_means_the_claim_and_the_gaps(results):
    take_away(results, 0.003, 16, 1, 2)
    ((_, figure),) = grid.draw(grid.measure(results))
    axis = figure.axes[0]
    means = axis.images[0].get_array()
    assert means.filled(-1).tolist() == [
        pytest.approx([-1, 0.81, 0.81]),
        pytest.approx([0.9, 0.89, 0.88]),
    ]
    texts = {text.get_position(): text for text in axis.texts}
    assert texts[0, 0].get_text() == "no run"
    assert texts[0, 1].get_text() == "0.900"
    assert texts[0, 1].get_weight() == "bold"
    assert [line.get_xdata().mean().round() for line in axis.lines] == [
        1,
        1,
        2,
        2,
    ]  # frames: 32, 64


def read(path):
    with open(path, "rb") as file:
        return file.read()
