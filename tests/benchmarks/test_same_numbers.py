"""Two commits compared: what counts as the same, on files made by hand."""

import hashlib
import json

import h5py
import numpy as np
import pytest

from benchmarks.same_numbers import commands, compare, digests, main


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def write_dataset(path, values):
    with h5py.File(str(path), "w") as file:
        file.create_dataset("rows/test", data=values)


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results"
    (folder / "run" / "snapshots").mkdir(parents=True)
    (folder / "phantoms").mkdir()
    (folder / "run" / "rounds.csv").write_text("iteration,loss\n5,0.5\n10,0.25\n")
    (folder / "run" / "snapshots" / "state.csv").write_text("not,compared\n")
    (folder / "phantoms" / "list.csv").write_text("not,compared\n")
    (folder / "run" / "log.txt").write_text("not compared")
    write_dataset(folder / "run" / "predictions.h5", np.arange(6, dtype=np.float32).reshape(2, 3))
    return folder


def test_each_column_and_dataset_has_a_digest_of_its_own(results):
    found = digests(str(results))
    assert sorted(found) == ["run/predictions.h5", "run/rounds.csv"]
    assert found["run/rounds.csv"] == {"iteration": sha256("5\n10"), "loss": sha256("0.5\n0.25")}
    assert list(found["run/predictions.h5"]) == ["rows/test"]


def test_columns_may_move_and_new_ones_may_appear(results):
    before = digests(str(results))
    (results / "run" / "rounds.csv").write_text("loss,new,iteration\n0.5,1,5\n0.25,2,10\n")
    (results / "run" / "new.csv").write_text("a\n1\n")
    assert compare(before, digests(str(results))) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("iteration,loss\n5,0.5\n10,0.26\n", "run/rounds.csv: 'loss' differs"),
        ("iteration,loss\n5,0.5\n", "run/rounds.csv: 'iteration' differs"),
        ("iteration\n5\n10\n", "run/rounds.csv: column or dataset 'loss' is missing"),
        (None, "run/rounds.csv: missing"),
    ],
    ids=["a number", "a row", "a column", "the file"],
)
def test_every_difference_is_named(results, text, line):
    before = digests(str(results))
    file = results / "run" / "rounds.csv"
    file.unlink()
    if text is not None:
        file.write_text(text)
    assert line in compare(before, digests(str(results)))


@pytest.mark.parametrize(
    "values",
    [
        np.array([[0, 1, 2], [3, 4, 6]], np.float32),
        np.arange(6, dtype=np.float32),
        np.arange(6, dtype=np.float64).reshape(2, 3),
    ],
    ids=["a value", "the shape", "the type"],
)
def test_a_dataset_differs_by_value_shape_or_type(results, values):
    before = digests(str(results))
    write_dataset(results / "run" / "predictions.h5", values)
    assert compare(before, digests(str(results))) == ["run/predictions.h5: 'rows/test' differs"]


def test_the_exit_status_tells_whether_two_records_agree(results, tmp_path, capsys):
    records = []
    for name, loss in (("before", "0.25"), ("after", "0.26")):
        (results / "run" / "rounds.csv").write_text(f"iteration,loss\n5,{loss}\n")
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(digests(str(results))))
        records.append(str(path))
    assert main(["compare", records[0], records[0]]) == 0
    assert capsys.readouterr().out == "the same in all 2 files\n"
    assert main(["compare", *records]) == 1
    assert capsys.readouterr().out == "run/rounds.csv: 'loss' differs\n"


def test_every_run_writes_into_a_folder_of_its_own():
    lines = [line.format(store="S", out=f"O/{name}") for name, line in commands().items()]
    assert len(lines) == len(set(lines)) == 23
    assert all(f"--out O/{name}" in line for name, line in zip(commands(), lines))
