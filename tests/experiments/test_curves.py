import numpy as np
import pandas as pd
import pytest

from experiments import curves
from experiments.curves import interval, mean_text

ROUNDS = pd.DataFrame({"iteration": [0, 2, 4], "f_measure": [0.0, 1.0, 1.0]})


def table(**values):
    """Curves of arm -> seeds x iterations, at iterations 5, 10, ..."""
    return pd.DataFrame(
        [
            {"arm": arm, "seed": seed, "iteration": 5 * (number + 1), "f_measure": value}
            for arm, of_arm in values.items()
            for seed, of_seed in enumerate(of_arm, 1)
            for number, value in enumerate(of_seed)
        ]
    )


def test_interval_is_students():
    mean, half = interval([1.0, 2.0, 3.0])
    assert mean == 2
    # t(0.975, 2 degrees of freedom), standard deviation 1
    assert half == pytest.approx(4.302653 / np.sqrt(3))


def test_one_seed_has_no_interval():
    mean, half = interval([[0.5, 0.6]])
    assert mean.tolist() == [0.5, 0.6]
    assert np.isnan(half).all()
    assert mean_text([0.5]) == "0.500"
    assert mean_text([1.0, 2.0, 3.0]) == "2.000 ± 2.484"
    assert mean_text([1.0, 2.0, 3.0], 0) == "2 ± 2"
    assert mean_text([-0.0004]) == "0.000"


def test_the_mean_height_is_the_area_over_the_width():
    assert curves.mean_height(ROUNDS, "f_measure") == pytest.approx((1 + 2) / 4)
    # from 1 on, where the straight line is at 0.5
    assert curves.mean_height(ROUNDS, "f_measure", 1) == pytest.approx((0.75 + 2) / 3)
    assert curves.mean_height(ROUNDS, "f_measure", -5) == pytest.approx(0.75)
    assert curves.mean_height(ROUNDS, "f_measure", 4) == pytest.approx(1)
    assert curves.mean_height(ROUNDS[:1], "f_measure") == 0


def test_height_between_two_evaluations():
    assert curves.height_at(ROUNDS, "f_measure", 0.5) == pytest.approx(0.25)
    assert curves.height_at(ROUNDS, "f_measure", 9) == 1


def test_where_a_height_is_first_reached():
    run = pd.DataFrame({"iteration": [3, 1, 2], "n": [30, 10, 20], "f": [0.8, 0.0, 0.9]})
    assert curves.first_at_height(run, "n", "f", 0.8) == 20
    assert np.isnan(curves.first_at_height(run, "n", "f", 0.95))
    assert curves.first_at_height(run, "n", "f", 0) == 20  # a height of 0 reaches nothing


def test_the_last_round_is_that_of_the_last_iteration():
    shuffled = ROUNDS.assign(f_measure=[0.1, 0.2, 0.3]).iloc[[2, 0, 1]]
    assert curves.last(shuffled, "f_measure") == 0.3


@pytest.mark.parametrize(
    ("sensitivity", "specificity", "broken"),
    [(0, 1, True), (1, 0, True), (0.5, 0.5, False), (1, 1, False)],
)
def test_a_net_of_one_class(sensitivity, specificity, broken):
    run = {
        "iteration": [1, 2],
        "sensitivity": [0.5, sensitivity],
        "specificity": [0.4, specificity],
    }
    assert curves.is_one_class(pd.DataFrame(run)) is broken


def test_scores_and_heights_have_a_row_for_each_run():
    rounds = table(egl=[[0.2, 0.4]], random=[[0.1, 0.1]])
    rounds = rounds.assign(n_labelled=7, sensitivity=0.0, specificity=1.0)
    assert curves.scores(rounds).to_numpy().tolist() == [
        ["egl", 1, pytest.approx(0.3), 0.4, 7, True],
        ["random", 1, pytest.approx(0.1), 0.1, 7, True],
    ]
    heights = curves.heights(rounds, [6, 10])
    assert heights["batch"].tolist() == [6, 6, 10, 10]
    assert heights["f"].tolist() == pytest.approx([0.24, 0.1, 0.4, 0.1])


def test_means_over_seeds_whatever_the_order_of_rows():
    rounds = table(egl=[[0.2, 0.4], [0.4, 0.6]]).iloc[[3, 0, 2, 1]]
    found = curves.means(rounds, ["arm"], ["f_measure"])
    assert found.columns.tolist() == ["arm", "metric", "iteration", "mean", "low", "high", "seeds"]
    assert found["iteration"].tolist() == [5, 10]
    assert found["mean"].tolist() == pytest.approx([0.3, 0.5])
    assert found["low"].tolist() == pytest.approx([0.2, 0.4])  # two seeds: their range
    assert found["high"].tolist() == pytest.approx([0.4, 0.6])
    assert found["seeds"].tolist() == [2, 2]


def test_intervals_are_over_the_seeds_that_are_known():
    known = pd.DataFrame(
        {"arm": ["b", "b", "b", "a"], "f": [1.0, 2.0, 3.0, 4.0], "n": [1.0, np.nan, 3.0, np.nan]}
    )
    found = curves.intervals(known, ["arm"], ["f", "n"]).set_index("arm")
    assert found.index.tolist() == ["b", "a"]  # as they appear
    assert found["seeds"].tolist() == [3, 1]
    assert found.loc["b", "f_half_width"] == pytest.approx(2.484, abs=1e-3)
    assert found.loc["b", "n"] == 2
    assert np.isnan(found.loc["a", ["f_half_width", "n", "n_half_width"]].tolist()).all()


def test_arms_beside_each_other_by_seed():
    pairs = curves.paired(table(egl=[[0.2], [0.4]], random=[[0.1], [0.2]]).iloc[::-1], "f_measure")
    assert (pairs["egl"] - pairs["random"]).tolist() == pytest.approx([0.1, 0.2])
    assert curves.where(table(egl=[[0.2], [0.4]]), arm="egl", seed=2)["f_measure"].tolist() == [0.4]


def test_intervals_that_hold_together():
    """The standard error is 1 / sqrt(2); t(0.975, 4) = 2.7764."""
    values = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    single = interval(values, 1)[1]
    assert single == pytest.approx(2.7764 * np.sqrt(0.5), rel=1e-4)
    assert interval(values, 8)[1] / single > 1.7
    assert np.isnan(interval(values[:1], 8)[1])
