import csv
from pathlib import Path

import numpy as np
import pytest

from experiments.paper import fig2
from experiments.protocols import QUICK, STANDARD
from experiments.published import read_curves

BATCHES = [5, 10, 15]


class Store:
    """A training split of three images, one with exudates."""

    image = np.array([0, 0, 1, 2])
    images = [type("Row", (), {"lesion": lesion}) for lesion in (True, False, False)]

    def patches_of(self, split):
        return np.arange(4)


@pytest.fixture
def results(fake_results):
    """Two seeds: EGL is 0.1 and 0.2 above random at each batch, and the mixed arms are as random."""
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
        len({each._replace(strategy="", patch_strategy="", keep_weights=()) for each in seed3}) == 1
    )
    assert seed3[0].trainer.seed == 3
    assert {tasks[fig2.name(pool, "egl", 1)].store for pool in fig2.POOLS} == {"all", "lesion"}
    assert len(fig2.tasks(QUICK)) == 16


def test_verdict_and_tables(results):
    section = fig2.section(results)
    (verdict,) = section.verdicts
    # differences 0.1 and 0.2: mean 0.15, t(0.975, 1) = 12.706 times 0.0707 / sqrt(2): the interval holds 0
    assert (verdict.claim, verdict.verdict) == ("C1", "not reproduced")
    assert "0.150 ± 0.635" in verdict.measured
    assert section.tables[0].rows[1] == [
        "15 batches",
        "0.400 ± 0.000",
        "0.550 ± 0.635",
        "0.150 ± 0.635",
    ]
    assert section.tables[1].rows[0] == ["random", "0.400 ± 0.000", "0.000 ± 0.000"]
    assert "1 images with exudates and 2 healthy ones" in section.text[1]
    assert [figure.file for figure in section.figures] == ["fig2-all.png", "fig2-lesion.png"]


def test_an_equal_lead_in_every_seed_is_a_reproduction(results):
    for seed in (1, 2):
        Path(results.run(fig2.name("all", "egl", seed)), "rounds.csv").write_text(
            Path(results.run(fig2.name("all", "egl", 1)), "rounds.csv").read_text()
        )
    assert fig2.section(results).verdicts[0].verdict == "reproduced"


def test_the_csv_holds_what_the_figure_shows(results):
    fig2.section(results)
    with open(results.file("fig2.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 4 * 3 * len(BATCHES)
    row = next(
        row
        for row in rows
        if (row["arm"], row["metric"], row["batch"]) == ("egl", "f_measure", "10")
    )
    assert (float(row["mean"]), row["seeds"]) == (pytest.approx(0.55), "2")


def test_drawn_again_it_is_the_same_and_published_curves_join(results, tmp_path):
    fig2.section(results)
    before = {
        name: Path(results.file(name)).read_bytes()
        for name in ("fig2.csv", "fig2-all.png", "fig2-lesion.png")
    }
    fig2.section(results)
    assert {name: Path(results.file(name)).read_bytes() for name in before} == before
    path = tmp_path / "curves.csv"
    path.write_text("batch,metric,strategy,value\n1,f_measure,egl,0.1\n15,f_measure,egl,0.9\n")
    results.published = read_curves(str(path))
    fig2.section(results)
    assert Path(results.file("fig2-all.png")).read_bytes() != before["fig2-all.png"]
    assert Path(results.file("fig2-lesion.png")).read_bytes() == before["fig2-lesion.png"]


def test_a_seed_counts_only_with_all_its_arms(results):
    Path(results.run(fig2.name("all", "egl-images", 2)), "metrics.json").unlink()
    section = fig2.section(results)
    assert "1 of 2 seeds" in section.text[1]
    assert section.verdicts[0].verdict == "undecided"
    for seed in (1, 2):
        for pool in fig2.POOLS:
            (Path(results.run(fig2.name(pool, "random", seed)), "metrics.json")).unlink()
    assert fig2.section(results) is None
