import csv
import json

import cv2
import numpy as np
import pytest

from egl.run_folder import ROUNDS, RunFolder
from experiments import fig2
from experiments.protocols import QUICK, STANDARD


def write_run(folder, name, heights):
    run = RunFolder(str(folder / name), {})
    for place, height in enumerate(heights):
        run.add_round({**dict.fromkeys(ROUNDS, height), "iteration": place + 1}, {"test": np.zeros(2)})
    run.write()


@pytest.fixture
def runs(tmp_path):
    write_run(tmp_path, "random-seed01", [0.0, 0.2, 0.4])
    write_run(tmp_path, "random-seed02", [0.2, 0.4, 0.6])
    write_run(tmp_path, "egl-seed01", [0.0, 0.4, 0.8])
    write_run(tmp_path, "egl-seed02", [0.2, 0.6, 0.8])
    return fig2.collect(str(tmp_path), ["random-seed01", "random-seed02", "egl-seed01", "egl-seed02"])


def test_two_arms_a_seed_alike_but_for_the_strategy():
    arms = fig2.arms(STANDARD)
    assert len(arms) == 10
    assert arms["egl-seed03"]._replace(strategy="random") == arms["random-seed03"]
    assert arms["egl-seed03"].trainer.seed == 3
    json.dumps([arm.as_dict() for arm in arms.values()])


def test_quick_is_smaller():
    assert QUICK.seeds < STANDARD.seeds


def test_interval_by_hand():
    mean, half = fig2.interval([0.2, 0.4])
    assert mean == pytest.approx(0.3)
    assert half == pytest.approx(12.7062 * 0.141421 / np.sqrt(2), rel=1e-4)  # t of 1 degree of freedom
    assert np.isnan(fig2.interval([0.2])[1])


def test_area_is_the_mean_height():
    assert fig2.area(np.array([1, 2, 3]), np.array([[0.0, 0.4, 0.8], [0.5, 0.5, 0.5]])).tolist() == pytest.approx([0.4, 0.5])


def test_the_difference_is_within_seeds(runs):
    rows = {row[0]: row[1:] for row in fig2.table(*runs, at=(2, 3, 60))}
    assert set(rows) == {"2 batches", "3 batches", "mean over all batches"}
    chance, egl, difference = rows["2 batches"]
    assert (chance[0], egl[0]) == pytest.approx((0.3, 0.5))
    assert difference == pytest.approx((0.2, 0.0))  # 0.2 in both seeds: no spread
    assert rows["3 batches"][2][0] == pytest.approx(0.3)


def test_nets_that_call_everything_one_class():
    sensitivity = {"egl": [0.0, 1.0, 0.5], "random": [0.0, 0.9, 1.0]}
    specificity = {"egl": [1.0, 0.0, 0.5], "random": [0.9, 1.0, 1.0]}
    curves = {s: {"sensitivity": np.array([sensitivity[s]]).T, "specificity": np.array([specificity[s]]).T} for s in sensitivity}
    assert fig2.collapsed(curves) == {"egl": 2, "random": 0}


def test_a_seed_with_one_arm_is_left_out(runs, tmp_path):
    curves, iterations = fig2.collect(str(tmp_path), ["random-seed01", "random-seed02", "egl-seed01"])
    assert curves["random"]["f_measure"].tolist() == [[0.0, 0.2, 0.4]]
    assert iterations.tolist() == [1, 2, 3]
    assert fig2.collect(str(tmp_path), ["random-seed02"]) == (None, None)


def test_csv(runs, tmp_path):
    fig2.write_csv(str(tmp_path / "fig2.csv"), *runs)
    with open(str(tmp_path / "fig2.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 3 * 3
    last = [row for row in rows if (row["strategy"], row["metric"], row["batch"]) == ("egl", "f_measure", "3")]
    assert (last[0]["mean"], float(last[0]["half_width"]), last[0]["seeds"]) == ("0.8", 0, "2")


def test_the_figure_has_the_paper_s_colours(runs, tmp_path):
    fig2.draw(str(tmp_path / "fig2.png"), *runs, initial_iterations=2)
    pixels = cv2.imread(str(tmp_path / "fig2.png")).reshape(-1, 3)[:, ::-1]
    for colour in ((0x1F, 0x77, 0xB4), (0x2C, 0xA0, 0x2C), (0xFF, 0x7F, 0x0E)):  # blue, green, orange
        assert (pixels == colour).all(axis=1).sum() > 100
    assert {path.name for path in tmp_path.glob("*.png")} == {"fig2.png"}
