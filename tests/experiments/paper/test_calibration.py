from dataclasses import replace

import numpy as np
import pytest

from data_prep.settings import as_dict
from egl.training.run_files import ROUNDS
from egl.training.run_folder import RunFolder
from egl.training.settings import FullTrainingSettings, TrainerSettings
from experiments import frame
from experiments.analyses.candidates import (
    Finalist,
    Standing,
    best,
    ranked,
    standing,
    train_finalist,
    trainer_of,
)
from experiments.paper import calibration
from experiments.protocols import QUICK
from experiments.results import Results
from experiments.work import train_or_diverge

PROTOCOL = replace(QUICK, calibration_seeds=2, screening_epochs=2, epochs=3)
LABELS = np.array([1, 1, 1, 1, 0, 0, 0, 0])


class Store:
    """As much of a store as is looked at."""

    labels = LABELS

    def samples(self, split):
        return np.stack([np.arange(len(LABELS)), np.zeros(len(LABELS), int)], axis=1)


def predictions(hits, false_alarms):
    """Return p(exudate) with so many exudates found, and so many healthy patches called exudate."""
    return np.r_[np.arange(4) < hits, np.arange(4) < false_alarms].astype(np.float32)


def finish(results, name, trainer, epochs, rule=None, diverged=None):
    """Write a run; epochs: what is found after each, arguments of predictions()."""
    run = RunFolder(results.run(name), {"trainer": as_dict(trainer)})
    for number, found in enumerate(epochs, 1):
        row = dict.fromkeys(ROUNDS, 0.5)
        run.add_round(dict(row, iteration=number), {"validation": predictions(*found)})
    if epochs:
        run.write()
        numbers = {"epochs": len(epochs), "stopping_rule_epoch": rule}
    run.finish({"diverged": diverged, "seconds": 1.0, **(numbers if epochs else {})})


@pytest.fixture
def results(tmp_path):
    """Every candidate screened: all find 2 of 4 exudates (F 2/3), but for those changed below."""
    results = Results(str(tmp_path), PROTOCOL, {"all": Store()})
    for sgd in calibration.SGD:
        for cell in calibration.cells(sgd):
            finish(results, calibration.name(cell), trainer(cell), [(2, 0), (2, 0)])
    return results


def trainer(cell, seed=1):
    return replace(calibration.trainer(cell, TrainerSettings()), seed=seed)


def finalists(results, sgd, rank, cell, *of_seeds):
    for seed, arguments in enumerate(of_seeds, 1):
        name = calibration.final_name(sgd, rank, seed)
        finish(results, name, trainer(cell, seed), **arguments)


def test_screening_has_every_combination_once_and_caffes_lenet_first():
    tasks = calibration.tasks(PROTOCOL)
    screened = [task.settings.trainer for name, task in tasks.items() if "final" not in name]
    assert len(screened) == len(set(screened)) == 16 and len(tasks) == 16 + 2 * 2 * 2
    assert {settings.seed for settings in screened} == {1}
    assert all((settings.rate, settings.batch) == (0.01, 32) for settings in screened)
    lenet = screened[0]
    assert (lenet.factor, lenet.lr_policy, lenet.momentum) == (1 / 256, "inv", 0.9)
    finals = [task for name, task in tasks.items() if "final" in name]
    assert all(len(task.needs) == 8 for task in finals)
    assert {task.settings.training.epochs for task in finals} == {3}


def test_f_is_that_of_the_epoch_in_which_the_rule_says_stop(results):
    cell = calibration.cells("equation")[3]
    # 3 of 4 found and 1 false alarm: precision 3/4, recall 3/4
    finish(results, calibration.name(cell), trainer(cell), [(1, 0), (3, 1), (4, 0)], rule=2)
    row = calibration.measure(results)["screening"].query("sgd == 'equation'").iloc[3]
    assert (row["epoch"], row["rule"], row["f"]) == (2, True, pytest.approx(0.75))


def test_ranks_leave_out_what_diverged():
    def of(f, diverged=None):
        return Standing(diverged, True, 1, f)

    standings = {"a": of(0.8), "b": of(0.9, "diverged"), "c": of(0.9), "d": of(0.8)}
    assert ranked(standings) == ["c", "a", "d"]


def test_a_tie_goes_to_the_first():
    assert best([0.90, 0.904, 0.9049], tie=0.005) == 0
    assert best([0.90, 0.906, 0.9049], tie=0.005) == 1


def test_winner_is_the_best_that_stands(results):
    momentum, equation = calibration.cells("momentum"), calibration.cells("equation")
    good, perfect = {"epochs": [(3, 0)] * 3}, {"epochs": [(4, 0)] * 3}
    finalists(results, "momentum", 1, momentum[5], perfect, {**perfect, "diverged": "it did"})
    finalists(results, "momentum", 2, momentum[2], good, good)
    finalists(results, "equation", 1, equation[0], good, good)
    finalists(results, "equation", 2, equation[4], good, {**good, "diverged": "it did"})
    tables = calibration.measure(results)
    assert tables["finalists"]["stands"].tolist() == [True, True, False, False]
    winner = tables["winner"]  # a tie of two: 1/256 is nearer to Caffe's LeNet than 1/128
    assert (winner["scale"], winner["policy"], winner["sgd"]) == ("1/256", "inv", "equation")
    assert tables["winners"]["momentum"]["scale"] == "1/128"
    text = frame.words(calibration, tables, PROTOCOL)
    assert "the default of this package: 1/256, inv, neither momentum nor decay" in text


@pytest.mark.parametrize("missing", ["screening", "final"])
def test_no_winner_while_a_run_is_missing(results, tmp_path, missing):
    good = {"epochs": [(3, 0)] * 3}
    for sgd in calibration.SGD:
        for rank in (1, 2):
            finalists(results, sgd, rank, calibration.cells(sgd)[rank], good, good)
    assert calibration.measure(results)["winner"] is not None
    screening = calibration.name(calibration.cells("momentum")[0])
    final = calibration.final_name("equation", 2, 2)
    run = {"screening": screening, "final": final}[missing]
    (tmp_path / "runs" / run / "metrics.json").unlink()
    tables = calibration.measure(results)
    assert tables["winner"] is None
    assert "not decided by these runs" in frame.words(calibration, tables, PROTOCOL)


def test_section_shows_runs_that_diverged_at_once(results):
    for cell in calibration.cells("momentum")[4:6]:
        finish(results, calibration.name(cell), trainer(cell), [], diverged="at iteration 3")
    section = frame.section(calibration, results)
    assert [figure.file for figure in section.figures] == ["calibration.png"]
    rows = section.tables[0].rows
    assert sum(row[-1] == "yes" for row in rows) == 2 and len(rows) == 16


def test_finalists_are_trained_as_the_candidates_they_are(caffe, small_store, tmp_path):
    """Two candidates screened with Caffe; a third rank has no candidate."""
    results = Results(str(tmp_path), PROTOCOL, {"all": small_store})
    (tmp_path / "runs").mkdir()
    cells, base = calibration.cells("momentum")[:2], TrainerSettings()
    names = tuple(map(calibration.name, cells))
    for name, cell in zip(names, cells):
        settings = replace(trainer(cell), rate=0.05)  # so that an epoch teaches something
        training = FullTrainingSettings(settings, epochs=1, stop_early=False)
        train_or_diverge(small_store.path, training, results.run(name), no_progress)
    standings = {name: standing(results.run(name), small_store) for name in names}
    assert standings[names[0]].epoch == 1 and not standings[names[0]].diverged
    training = FullTrainingSettings(replace(base, seed=2), epochs=1, stop_early=False)
    for rank, name in enumerate(ranked(standings), 1):
        out = str(tmp_path / "runs" / f"final-{rank}")
        train_finalist(small_store.path, Finalist(names, rank, training), out, no_progress)
        assert trainer_of(out) == replace(trainer_of(results.run(name)), seed=2)
    out = str(tmp_path / "runs" / "final-3")
    found = train_finalist(small_store.path, Finalist(names, 3, training), out, no_progress)
    assert found["diverged"] == "no candidate is left"


def no_progress(done, total):
    pass
