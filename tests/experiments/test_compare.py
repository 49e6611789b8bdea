"""Runs that never ran, compared: names, pairs, and what cannot be compared."""

import os

import numpy as np
import pandas as pd
import pytest

from data_prep.settings import as_dict
from egl.errors import EglError
from egl.selection.settings import RunSettings
from egl.training.run_files import ROUNDS
from egl.training.run_folder import RunFolder
from egl.training.settings import FullTrainingSettings
from experiments.compare import compare
from experiments.tasks import with_selection, with_trainer

STORE = {"seed": 3, "n_train": 8, "format": 2, "version": "0.2.0"}


@pytest.fixture
def run(tmp_path):
    """run(name, settings, f_measure, ...): a finished run's folder, a row each 5 iterations."""

    def make(name, settings, f_measure, store=STORE, diverged=None, iterations=None, finished=True):
        kind = "select" if isinstance(settings, RunSettings) else "train"
        settings = settings.resolved() if kind == "select" else settings
        saved = {**as_dict(settings), "about": {"store": store}, "kind": kind}
        folder = RunFolder(str(tmp_path / name), saved)
        for iteration, f in zip(iterations or range(5, 100, 5), f_measure):
            row = dict(dict.fromkeys(ROUNDS, 0.5), iteration=iteration, f_measure=float(f))
            folder.add_round(row, {"test": np.zeros(2)})
        folder.write()
        if finished:
            folder.finish({"diverged": diverged, "seconds": 1.0})
        return folder.path

    return make


def select(strategy, seed=1, **changes):
    return with_trainer(RunSettings(strategy=strategy, **changes), seed=seed)


def table(folder):
    return pd.read_csv(os.path.join(folder, "comparison.csv")).set_index("arm")


def test_two_strategies_paired_by_seed(run, tmp_path):
    runs = [run(f"random{seed}", select("random", seed), [0.2, 0.4, 0.4]) for seed in (1, 2)]
    runs += [
        run("egl1", select("egl", 1), [0.2, 0.5, 0.5]),
        run("egl2", select("egl", 2), [0.2, 0.7, 0.7]),
    ]
    out = str(tmp_path / "out")
    text = compare(runs, out)
    found = table(out)
    assert found.index.tolist() == ["random", "egl"]
    assert found.loc["egl", "seeds"] == 2
    # differences of 0.1 and 0.3: mean 0.2, t(0.975, 1) = 12.706 times 0.1414 / sqrt(2)
    assert found.loc["egl", "last_f_difference"] == pytest.approx(0.2)
    assert found.loc["egl", "last_f_difference_half_width"] == pytest.approx(1.2706, rel=1e-4)
    assert "2 seeds (1, 2), iterations 6 to 15" in text
    assert "0.200" in text
    assert "0.200 ±" not in text  # no interval of two seeds
    # Mean F counts from the first choice on: from 6, where the straight line is at 0.24, to 10 and
    # 15.
    assert found.loc["random", "mean_f"] == pytest.approx(
        (4 * (0.24 + 0.4) / 2 + 5 * 0.4) / 9, abs=1e-6
    )
    long = pd.read_csv(os.path.join(out, "results.csv"))
    assert long.columns.tolist() == ["experiment", "arm", "seed", "iteration", "metric", "value"]
    of_egl = long[(long["arm"] == "egl") & (long["seed"] == 2) & (long["metric"] == "f_measure")]
    assert of_egl["value"].tolist() == [0.2, 0.7, 0.7]
    with open(os.path.join(out, "comparison.png"), "rb") as file:
        assert file.read(4) == b"\x89PNG"


def test_arms_are_called_by_what_differs(run, tmp_path):
    out = str(tmp_path / "out")
    runs = [
        run("a", select("egl"), [0.5]),
        run("b", with_selection(select("egl"), k=16), [0.5]),
        run("c", select("badge"), [0.5]),
        run("d", with_trainer(FullTrainingSettings(), seed=1), [0.5]),
    ]
    compare(runs[:2], out)
    assert table(out).index.tolist() == ["k=32", "k=16"]
    compare([runs[0], runs[2], runs[3]], out)
    assert table(out).index.tolist() == ["egl", "badge", "train"]
    compare(runs[:3], out)
    assert table(out).index.tolist() == [
        "k=32, strategy=egl",
        "k=16, strategy=egl",
        "k=32, strategy=badge",
    ]


def test_images_and_patches_by_different_strategies(run, tmp_path):
    out = str(tmp_path / "out")
    runs = [
        run("a", select("egl", patch_strategy="egl"), [0.5]),
        run("b", select("egl", patch_strategy="random"), [0.5]),
    ]
    compare(runs, out)
    assert table(out).index.tolist() == ["egl", "egl images, random patches"]


def test_what_is_only_kept_or_watched_makes_no_arm(run, tmp_path):
    runs = [
        run("a", select("egl", 1, keep_weights=(5,)), [0.5]),
        run("b", select("egl", 2, evaluate_every=5), [0.7]),
    ]
    compare(runs, str(tmp_path / "out"))
    assert table(str(tmp_path / "out")).loc["egl", "last_f"] == pytest.approx(0.6)


def test_one_seed_has_no_interval(run, tmp_path):
    text = compare(
        [run("a", select("egl"), [0.5]), run("b", select("random"), [0.25])], str(tmp_path / "out")
    )
    assert "1 seed (1)" in text
    assert text.count("±") == 1  # its explanation
    assert "0.250" in text


def test_evaluations_at_other_iterations_are_met_on_a_straight_line(run, tmp_path):
    out = str(tmp_path / "out")
    runs = [
        run("a", select("egl"), [0.0, 1.0], iterations=[10, 30]),
        run("b", select("random"), [0.5, 0.5], iterations=[5, 20]),
    ]
    text = compare(runs, out)
    assert "iterations 10 to 20" in text
    assert table(out).loc["egl", "last_f"] == pytest.approx(0.5)
    assert table(out).loc["egl", "mean_f"] == pytest.approx(0.25)


def test_a_diverged_run_finds_nothing_from_there_on(run, tmp_path):
    runs = [
        run("a", select("egl", 1), [0.5, 0.6, 0.7]),
        run("b", select("egl", 2), [0.5], diverged="at iteration 6"),
    ]
    compare(runs, str(tmp_path / "out"))
    assert table(str(tmp_path / "out")).loc["egl", "last_f"] == pytest.approx(0.35)


def test_runs_that_cannot_be_compared_are_named(run, tmp_path):
    out, egl = str(tmp_path / "out"), run("a", select("egl"), [0.5, 0.5])
    other = run("b", select("random", 2), [0.5])
    for runs, message in (
        ([], "no runs"),
        ([egl, other], r"no seed is in every arm \(egl: 1; random: 2\)"),
        ([egl, egl], "has the settings and the seed of"),
        ([egl, str(tmp_path)], "is no run folder"),
        ([egl, run("c", select("random"), [0.5], finished=False)], "c: is not finished"),
        (
            [egl, run("d", select("random"), [0.5], store={**STORE, "seed": 4})],
            "d: its store has seed 4, that of .*a 3",
        ),
        ([egl, run("e", select("random"), [0.5], iterations=[40])], "no iterations in common"),
    ):
        with pytest.raises(EglError, match=message):
            compare(runs, out)
    assert not os.path.exists(out)
