from dataclasses import replace

import numpy as np
import pytest

from egl.selection.settings import RunSettings
from experiments.frame import section
from experiments.paper import fig2, readings
from experiments.protocols import STANDARD
from experiments.setups import EQUATION, SETUPS

BATCHES = [6, 12, 60]


def lead_of(cell, seed):
    """Rare lesions help by 0.2, whatever else was chosen; every seed is 0.01 better than before."""
    if cell == readings.OLD:
        return -0.3
    pool = [choice.name for choice in readings.OPEN_CHOICES].index("pool")
    return 0.01 * seed + (0.1 if readings.levels(cell)[pool] == 0 else -0.1)


@pytest.fixture
def results(fake_results):
    results = fake_results(readings_seeds=3)
    for cell in (*readings.CELLS, readings.OLD):
        for seed in (1, 2, 3):
            for arm in readings.ARMS:
                f = 0.5 + (lead_of(cell, seed) if arm == "egl" else 0)
                results.write(readings.name(cell, arm, seed), BATCHES, f_measure=f, auc=0.7)
    return results


def test_the_cells():
    base = STANDARD.images
    literal = readings.settings(readings.LITERAL, base)
    default = RunSettings()
    assert replace(
        literal, evaluate_every=1, image_patches=32,
        selection=replace(literal.selection, candidates=400),
    ) == default  # fmt: skip
    old = readings.settings(readings.OLD, base)
    assert (old.selection.update, old.initial_draw, old.lesion_share) == ("chosen-only", "half", 1)
    cells = [readings.settings(cell, base) for cell in readings.CELLS]
    assert len({repr(cell) for cell in cells}) == 16
    for momentum in (0.0, default.trainer.momentum):
        assert sum(cell.trainer.momentum == momentum for cell in cells) == 8
    equation = {repr(SETUPS[EQUATION].trainer["momentum"]) for _ in cells}
    assert equation == {"0.0"}


def test_arms_of_a_cell_differ_in_the_strategies_alone():
    tasks = readings.tasks(replace(STANDARD, readings_seeds=1))
    assert len(tasks) == 17 * 3
    arms = [tasks[readings.name("05", arm, 11)].settings for arm in readings.ARMS]
    assert [(arm.strategy, arm.patch_strategy) for arm in arms] == [
        fig2.ARMS[arm] for arm in readings.ARMS
    ]
    assert len({repr(replace(arm, strategy="", patch_strategy="")) for arm in arms}) == 1


def test_the_choice_that_decides_is_found(results):
    tables = readings.measure(results)
    main = tables["effects"][tables["effects"]["response"] == "lead"].set_index("contrast")
    assert main["effect"]["pool"] == pytest.approx(-0.2)
    assert main["effect"].drop("pool").tolist() == pytest.approx([0] * 7, abs=1e-12)
    assert main["at_literal"]["pool"] == pytest.approx(0.12)
    assert main.index[main["depends"]].tolist() == ["pool"]
    assert main.index[main["decides"]].tolist() == ["pool"]
    assert tables["rare"] == {"rare": pytest.approx(0.12), "common": pytest.approx(-0.08)}
    assert tables["cells"]["cell"].iloc[-1] == readings.OLD
    assert not tables["effects"][tables["effects"]["response"] == "lead_images"]["depends"].any()


def test_a_change_that_keeps_the_sign_does_not_decide(fake_results):
    results = fake_results(readings_seeds=2)
    for cell in (*readings.CELLS, readings.OLD):
        for seed in (1, 2):
            for arm in readings.ARMS:
                f = 0.5 + (0.2 + lead_of(cell, 0) if arm == "egl" else 0)
                results.write(readings.name(cell, arm, seed), BATCHES, f_measure=f)
    effects = readings.measure(results)["effects"].set_index(["response", "contrast"])
    assert effects["depends"]["lead", "pool"] and not effects["decides"]["lead", "pool"]


def test_section(results):
    found = section(readings, results)
    assert [figure.file for figure in found.figures] == ["readings.png", "readings-effects.png"]
    text = " ".join(found.text)
    assert "The lead depends on: pool. The answer is decided by: pool." in text
    assert "above 0 (95% t-interval) in 8 of 16 cells, below 0 in 8" in text
    assert found.tables[0].rows[3][4] == "-0.080"
    assert [len(table.rows) for table in found.tables] == [8, 7, 17]
    assert found.tables[2].rows[-1][0] == readings.OLD


def test_a_part_of_the_cells_gives_no_effects(fake_results):
    results = fake_results(readings_seeds=1)
    for arm in readings.ARMS:
        results.write(readings.name("01", arm, 1), BATCHES, f_measure=0.5)
    found = section(readings, results)
    assert [figure.file for figure in found.figures] == ["readings.png"]
    assert len(found.tables) == 1
    assert np.isfinite(readings.measure(results)["rare"]["rare"])


def test_no_runs_no_section(fake_results):
    assert section(readings, fake_results()) is None
