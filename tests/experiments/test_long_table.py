import gzip
import os
from types import SimpleNamespace

import pandas as pd
import pytest

from experiments.long_table import COLUMNS, long_table, write_long_table


@pytest.fixture
def results(fake_results):
    results = fake_results()
    results.write("mine-egl-seed01", [5, 10], f_measure=[0.25, 0.5])
    results.write("mine-egl-seed02", [5], f_measure=0.125, diverged="at iteration 7")
    return results


def asking_for(*names):
    return SimpleNamespace(tasks=lambda protocol: dict.fromkeys(names))


def test_every_evaluation_is_a_row_and_every_run_belongs_to_the_first_that_asks_for_it(results):
    first = asking_for("mine-egl-seed01", "mine-egl-seed02", "mine-egl-seed03")
    table = long_table(results, {"mine": first, "other": asking_for("mine-egl-seed01")})
    assert table.columns.tolist() == COLUMNS
    assert set(table["experiment"]) == {"mine"}
    assert set(table["arm"]) == {"egl"}
    f = table[table["metric"] == "f_measure"]
    assert f[["seed", "iteration", "value"]].to_numpy().tolist() == [
        [1, 5, 0.25],
        [1, 10, 0.5],
        [2, 5, 0.125],
    ]
    diverged = table[table["metric"] == "diverged"]
    assert diverged[["seed", "iteration", "value"]].to_numpy().tolist() == [[1, 10, 0], [2, 5, 1]]


def test_a_run_that_diverged_before_anything_was_measured(results):
    results.write("grid-seed01", [5], diverged="at iteration 2")
    os.remove(os.path.join(results.run("grid-seed01"), "rounds.csv"))
    table = long_table(results, {"grid": asking_for("grid-seed01")})
    assert table.to_numpy().tolist() == [["grid", "grid", 1, 0, "diverged", 1.0]]


def test_a_large_table_is_compressed_to_the_same_bytes(tmp_path):
    table = pd.DataFrame([["fig2", "egl", 1, 5, "auc", 1 / 3]], columns=COLUMNS)
    assert write_long_table(table, str(tmp_path)) == "results.csv"
    text = (tmp_path / "results.csv").read_text()
    assert text == "experiment,arm,seed,iteration,metric,value\nfig2,egl,1,5,auc,0.333333\n"
    large = table.loc[table.index.repeat(40000)]
    assert write_long_table(large, str(tmp_path)) == "results.csv.gz"
    first = (tmp_path / "results.csv.gz").read_bytes()
    assert len(gzip.decompress(first)) == 43 + 40000 * (len(text) - 43)
    write_long_table(large, str(tmp_path))
    assert (tmp_path / "results.csv.gz").read_bytes() == first
    assert not (tmp_path / "results.csv").exists()
