import pandas as pd
import pytest

from egl.errors import EglError


@pytest.fixture
def three(fake_results):
    results = fake_results()
    results.write("whole", [5, 10, 15], f_measure=[0.1, 0.2, 0.3], specificity=[0.5, 0.5, 0.0])
    results.write("wild", [5], diverged="at iteration 7", f_measure=0.4, specificity=0.5)
    results.write("short", [5, 10], f_measure=[0.5, 0.6], n_labelled=[10, 20])
    return results


def test_curves_are_as_long_as_the_arms_longest_run(three):
    runs = {"a": {1: "whole", 2: "wild"}, "b": {1: "short"}}
    curves = three.curves(runs, ["f_measure", "specificity"])
    assert list(curves.columns) == ["arm", "seed", "iteration", "f_measure", "specificity"]
    by_run = curves.groupby(["arm", "seed"])["f_measure"].apply(list)
    assert by_run["a", 1] == [0.1, 0.2, 0.3]
    assert by_run["a", 2] == [0.4, 0.0, 0.0]  # diverged: calls nothing exudate
    assert by_run["b", 1] == [0.5, 0.6]
    of_wild = curves[(curves["arm"] == "a") & (curves["seed"] == 2)]
    assert of_wild["specificity"].tolist() == [0.5, 1.0, 1.0]


def test_a_short_run_that_did_not_diverge_stays_where_it_was(three):
    curves = three.curves({"a": {1: "whole", 2: "short"}}, ["f_measure", "n_labelled"])
    short = curves[curves["seed"] == 2]
    assert short["f_measure"].tolist() == [0.5, 0.6, 0.6]
    assert short["n_labelled"].tolist() == [10, 20, 20]


def test_no_runs_make_an_empty_table(three):
    assert three.curves({"a": {}}, ["auc"]).columns.tolist() == ["arm", "seed", "iteration", "auc"]
    assert three.curves({}, ["auc"]).empty


def test_arms_are_paired_by_seed(three):
    three.write("other-1", [5])
    runs = three.paired([1, 2], {"a": lambda seed: "whole", "b": "other-{}".format})
    assert runs == {"a": {1: "whole"}, "b": {1: "other-1"}}


def test_numbers_have_types_and_names_are_text(three):
    rounds = three.rounds("short")
    assert rounds["n_labelled"].dtype == int
    assert rounds["f_measure"].dtype == float
    with open(three.run("short") + "/eyes.csv", "w") as file:
        file.write("image,phi\n007,0.1\nNA,2\n")
    table = three.table("short", "eyes.csv", text=["image"])
    expected = pd.DataFrame({"image": ["007", "NA"], "phi": [0.1, 2.0]})
    pd.testing.assert_frame_equal(table, expected)


def test_a_missing_table_is_named(three):
    with pytest.raises(EglError, match=r"none\.csv: cannot be read .* remove the run"):
        three.table("whole", "none.csv")


def test_predictions_are_those_of_every_evaluation(three):
    predictions = three.predictions("short")
    assert {split: p.shape for split, p in predictions.items()} == {"test": (2, 2)}
    with pytest.raises(EglError, match=r"predictions\.h5: cannot be read .* rerun"):
        three.predictions("none")
