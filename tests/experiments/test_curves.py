import numpy as np
import pytest

from experiments.curves import area, at, curves, first_at, interval, mean_text, one_class, until


def test_interval_is_students():
    mean, half = interval([1.0, 2.0, 3.0])
    assert mean == 2
    assert half == pytest.approx(
        4.302653 / np.sqrt(3)
    )  # t(0.975, 2 degrees of freedom), standard deviation 1


def test_one_seed_has_no_interval():
    mean, half = interval([[0.5, 0.6]])
    assert mean.tolist() == [0.5, 0.6]
    assert np.isnan(half).all()
    assert mean_text([0.5]) == "0.500"
    assert mean_text([1.0, 2.0, 3.0]) == "2.000 ± 2.484"


def test_area_is_the_mean_height():
    assert area([1, 2, 4], np.array([[0.0, 1.0, 1.0]])) == pytest.approx([2.5 / 3])
    # from 2 on, between 0 at 0 and 1 at 4: a straight line from 0.5 to 1
    assert area([0, 4], np.array([[0.0, 1.0]]), start=2) == pytest.approx([0.75])
    assert area([5, 10], np.array([[0.2, 0.4]]), start=1) == pytest.approx([0.3])
    assert area([5], np.array([[0.2]])) == pytest.approx([0.2])


def test_height_between_two_evaluations():
    assert at([0, 10], np.array([[0.0, 1.0], [1.0, 0.0]]), 3) == pytest.approx([0.3, 0.7])


def test_until():
    x, values = until(np.array([1, 5, 9]), np.array([[1, 2, 3]]), 5)
    assert (x.tolist(), values.tolist()) == ([1, 5], [[1, 2]])


@pytest.fixture
def three(fake_results):
    results = fake_results()
    results.write(
        "whole",
        [5, 10, 15],
        f_measure=[0.1, 0.2, 0.3],
        sensitivity=[0.5, 0.5, 1.0],
        specificity=[0.5, 0.5, 0.0],
    )
    results.write(
        "wild", [5], diverged="at iteration 7", f_measure=0.4, sensitivity=0.5, specificity=0.5
    )
    results.write("short", [5, 10], f_measure=[0.5, 0.6], sensitivity=0.7, specificity=0.6)
    return results


def test_a_diverged_run_counts_as_a_net_that_finds_nothing_and_a_short_one_stays(three):
    iterations, f = curves(three, ["whole", "wild", "short"], "f_measure")
    assert iterations.tolist() == [5, 10, 15]
    assert f.tolist() == [[0.1, 0.2, 0.3], [0.4, 0.0, 0.0], [0.5, 0.6, 0.6]]
    assert curves(three, ["whole", "wild"], "specificity")[1][1].tolist() == [0.5, 1.0, 1.0]


def test_runs_that_tell_nothing_apart(three):
    assert one_class(three, ["whole", "wild", "short"]) == 2
    assert one_class(three, ["whole", "wild", "short"], last=10) == 1
    assert one_class(three, ["whole", "wild", "short"], last=5) == 0


def test_first_at():
    x = np.array([[10, 20, 30]] * 3)
    values = np.array([[0.5, 0.9, 0.8], [0.5, 0.6, 0.7], [0.0, 0.8, 0.0]])
    assert first_at(x, values, 0.8)[[0, 2]].tolist() == [20, 20]
    assert np.isnan(first_at(x, values, 0.8)[1])
    assert first_at(x, values, 0)[2] == 20  # where nothing is learned, nothing is reached
