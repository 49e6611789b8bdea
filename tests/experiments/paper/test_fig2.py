import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.frame import section
from experiments.paper import fig2
from experiments.published import read_curves
from tests.experiments.from_one import QUICK, STANDARD

BATCHES = [5, 10, 15]
FIGURES = [
    f"fig2-{pool}{kind}.png" for pool in ("all", "lesion") for kind in ("", "-difference", "-mixed")
]


class Store:
    """A training split of three images, one with exudates."""

    image = np.array([0, 0, 1, 2])
    images = [type("Row", (), {"lesion": lesion}) for lesion in (True, False, False)]

    def samples(self, split):
        return np.stack([np.arange(4), np.zeros(4, int)], axis=1)


@pytest.fixture
def results(fake_results):
    """Two seeds: EGL is 0.1 and 0.2 above random at each batch; mixed arms are as random."""
    results = fake_results(fig2_seeds=2, stores={"all": Store(), "lesion": Store()})
    for pool in fig2.POOLS:
        for arm in fig2.ARMS:
            for seed in (1, 2):
                f = 0.4 + (0.1 * seed if arm == "egl" else 0)
                results.write(
                    fig2.name(pool, arm, seed),
                    BATCHES,
                    f_measure=f,
                    sensitivity=0.6,
                    specificity=0.7,
                )
    return results


def test_arms_of_a_seed_differ_in_nothing_but_the_strategies():
    tasks = fig2.tasks(STANDARD)
    assert len(tasks) == 80
    seed3 = [tasks[fig2.name("all", arm, 3)].settings for arm in fig2.ARMS]
    assert {(each.strategy, each.patch_strategy) for each in seed3} == {
        (a, b) for a in ("egl", "random") for b in ("egl", "random")
    }
    assert (
        len({replace(each, strategy="", patch_strategy="", keep_weights=()) for each in seed3}) == 1
    )
    assert seed3[0].trainer.seed == 3
    assert {tasks[fig2.name(pool, "egl", 1)].store for pool in fig2.POOLS} == {"all", "lesion"}
    assert len(fig2.tasks(QUICK)) == 16


def test_the_images_of_a_pool_are_those_that_its_runs_choose_from(fake_results):
    """Of four images with exudates one stays beside six healthy ones: 1 of 7 is nearest to 15%."""
    store = Store()
    store.image = np.arange(10)
    store.images = [type("Row", (), {"lesion": number < 4}) for number in range(10)]
    store.samples = lambda split: np.stack([np.arange(10), np.zeros(10, int)], axis=1)
    results = fake_results(fig2_seeds=1, pools=("all",), stores={"all": store})
    for arm in fig2.ARMS:
        results.write(fig2.name("all", arm, 1), BATCHES, f_measure=0.5)
    pools = fig2.measure(results)["pools"]
    assert pools[["with_exudates", "healthy"]].to_numpy().tolist() == [[1, 6]]


def test_verdict_and_tables(results):
    found = section(fig2, results)
    (verdict,) = found.verdicts
    # Differences 0.1 and 0.2: the t-interval of two seeds, 0.15 ± 0.635, holds 0.
    assert (verdict.claim, verdict.verdict) == ("C1", "not reproduced")
    assert verdict.measured == (
        "Mean F from batch 6 to 15, EGL minus random: 0.150 (2 seeds, pool with healthy "
        "images); F at 15 batches: 0.150. F first reaches 95% of its last value at batch 5 by EGL, "
        "at batch 5 by random choice (medians over seeds)."
    )
    assert found.tables[0].rows == [
        ["10 batches", "0.400", "0.550", "0.150"],
        ["15 batches", "0.400", "0.550", "0.150"],
    ]
    assert found.tables[1].rows[0] == ["random", "0.400", "0.000"]
    assert found.text[1] == (
        "Pool of images with exudates and healthy ones: 2 of 2 seeds, 1 images with exudates and 2 "
        "healthy ones to choose from. Every run ends with a net that tells the classes apart."
    )
    assert [figure.file for figure in found.figures] == FIGURES
    assert "mean (thick) and each of 2 seeds (thin)" in found.figures[0].caption


def test_an_equal_lead_in_every_seed_is_a_reproduction(results):
    tables = fig2.measure(results)
    scores = tables["scores"]
    scores.loc[scores["arm"] == "egl", "mean_f"] = 0.5
    assert fig2.verdict(tables) == {"C1": "reproduced"}
    scores.loc[scores["arm"] == "egl", "mean_f"] = 0.3
    assert fig2.verdict(tables) == {"C1": "contradicted"}


def test_runs_that_end_with_a_net_of_one_class_are_named(results):
    run = fig2.name("all", "egl", 2)
    results.write(run, BATCHES, f_measure=0.5, sensitivity=[0.5, 0.5, 1], specificity=[0.5, 0.5, 0])
    assert (
        section(fig2, results)
        .text[1]
        .endswith(
            "Runs that end with a net that has diverged or calls all patches the same: random 0, "
            "EGL 1, EGL images, random patches 0, random images, EGL patches 0."
        )
    )


def test_the_csv_holds_what_the_figure_shows(results):
    section(fig2, results)
    with open(results.file("fig2.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 4 * 3 * len(BATCHES)
    row = next(
        row
        for row in rows
        if (row["arm"], row["metric"], row["batch"]) == ("egl", "f_measure", "10")
    )
    assert (float(row["mean"]), row["seeds"]) == (pytest.approx(0.55), "2")


def test_the_figure_shows_each_arm_and_the_paired_differences(results):
    figures = dict(fig2.draw(fig2.measure(results)))
    assert list(figures) == FIGURES
    f, mixed, difference = (figures[file].axes[0] for file in FIGURES[:1] + FIGURES[2:0:-1])
    lines = {line.get_label(): line for line in f.lines}
    assert lines["EGL"].get_xdata().tolist() == BATCHES
    assert lines["EGL"].get_ydata() == pytest.approx([0.55] * 3)
    assert lines["random"].get_ydata() == pytest.approx([0.4] * 3)
    assert lines["initial images alone until here"].get_xdata() == [6, 6]
    assert [line.get_ydata()[0] for line in difference.lines[:3]] == pytest.approx([0.1, 0.2, 0.15])
    assert not difference.collections  # no band of two seeds
    assert "EGL images, random patches" not in lines
    assert "EGL images, random patches" in {line.get_label() for line in mixed.lines}
    assert lines["15 batches"].get_xdata() == [15, 15]


def test_published_curves_lie_over_both_pools_and_their_distance_is_in_numbers(results, tmp_path):
    path = tmp_path / "curves.csv"
    path.write_text(
        "pool,batch,metric,strategy,value\nall,15,f_measure,egl,0.9\nall,5,f_measure,egl,0.1\n"
        "lesion,10,sensitivity,random,0.5\n"
    )
    results.published = read_curves(str(path))
    tables = fig2.measure(results)
    figures = dict(fig2.draw(tables))
    printed = [
        [line for line in axis.lines if "printed" in line.get_label()]
        for file in ("fig2-all.png", "fig2-lesion.png")
        for axis in figures[file].axes
    ]
    assert [len(lines) for lines in printed] == [1, 0, 0, 0, 1, 0]
    (line,) = printed[0]
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([5, 15], [0.1, 0.9])
    rows = {row[1]: row[2:] for row in section(fig2, results).tables[-1].rows}
    # Ours is 0.55 at 5, 10 and 15 batches; theirs 0.1, 0.5 and 0.9.
    assert rows["F-measure"] == ["EGL", "0.283", "15", "5"]


def test_a_seed_counts_only_with_all_its_arms(results):
    Path(results.run(fig2.name("all", "egl-images", 2)), "metrics.json").unlink()
    found = section(fig2, results)
    assert "1 of 2 seeds" in found.text[1]
    assert found.verdicts[0].verdict == "undecided"
    for seed in (1, 2):
        for pool in fig2.POOLS:
            Path(results.run(fig2.name(pool, "random", seed)), "metrics.json").unlink()
    assert fig2.measure(results) == {}
    assert section(fig2, results) is None


def test_without_the_pool_of_the_claim_there_is_no_verdict(results):
    for seed in (1, 2):
        Path(results.run(fig2.name("all", "egl", seed)), "metrics.json").unlink()
    found = section(fig2, results)
    assert (len(found.figures), list(found.verdicts)) == (3, [])
