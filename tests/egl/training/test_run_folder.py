import json

import h5py
import numpy as np
import pytest

from data_prep.normalisation import Normalisation
from egl.errors import EglError
from egl.training.run_files import QUERIES, ROUNDS, read_metrics, read_normalisation, read_rounds
from egl.training.run_folder import RunFolder


def row(iteration):
    return {**dict.fromkeys(ROUNDS, 0.123456789), "iteration": iteration}


def query(patch):
    return {**dict.fromkeys(QUERIES, ""), "patch": patch, "score": float("nan")}


def fill(run, rounds):
    for iteration in rounds:
        run.add_round(
            row(iteration), {"validation": np.full(2, 0.5), "test": np.full(3, iteration / 8.0)}
        )
        run.add_queries([query(iteration), query(-iteration)])


def test_rows_are_cut_back_to_a_snapshot_and_end_the_same(tmp_path):
    whole = RunFolder(str(tmp_path / "whole"), {"seed": 1})
    fill(whole, range(1, 6))
    whole.write()
    broken = RunFolder(str(tmp_path / "broken"), {"seed": 1})
    fill(broken, range(1, 4))
    position = broken.position()
    fill(broken, [99])  # written, then lost: the snapshot came before
    broken.write()
    again = RunFolder(str(tmp_path / "broken"), {"seed": 1})
    again.go_back_to(position)
    fill(again, range(4, 6))
    again.write()
    for name in ("rounds.csv", "queries.csv", "predictions.h5"):
        assert (tmp_path / "whole" / name).read_bytes() == (
            tmp_path / "broken" / name
        ).read_bytes(), name


def test_numbers_have_six_digits(tmp_path):
    run = RunFolder(str(tmp_path / "run"), {})
    fill(run, [7])
    run.write()
    assert (tmp_path / "run" / "rounds.csv").read_text().splitlines()[1].startswith("7,0.123457,")
    assert read_rounds(str(tmp_path / "run"))["iteration"].tolist() == [7]


def test_another_run_s_folder_is_refused(tmp_path):
    RunFolder(str(tmp_path / "run"), {"seed": 1, "rate": 0.1})
    with pytest.raises(EglError, match="other settings .seed 1 there, 2 given"):
        RunFolder(str(tmp_path / "run"), {"seed": 2, "rate": 0.1})


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(EglError, match="no run folder"):
        RunFolder(str(tmp_path), {})
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_finished_is_when_metrics_are_there(tmp_path):
    run = RunFolder(str(tmp_path / "run"), {})
    assert not run.finished
    run.finish({"test": {"n": 3}})
    assert RunFolder(str(tmp_path / "run"), {}).finished
    assert read_metrics(run.path)["test"] == {"n": 3}


def test_missing_and_empty_rounds(tmp_path):
    with pytest.raises(EglError, match="rounds.csv: cannot be read"):
        read_rounds(str(tmp_path))
    (tmp_path / "rounds.csv").write_text(",".join(ROUNDS) + "\n")
    with pytest.raises(EglError, match="has no rows"):
        read_rounds(str(tmp_path))


def test_settings_that_differ_are_named_one_by_one(tmp_path):
    before = {"trainer": {"rate": 0.1, "seed": 1}, "k": 32}
    RunFolder(str(tmp_path / "run"), before)
    with pytest.raises(EglError) as caught:
        RunFolder(str(tmp_path / "run"), {"trainer": {"rate": 0.2, "seed": 1}, "k": 16})
    assert "(k 32 there, 16 given; trainer.rate 0.1 there, 0.2 given)" in str(caught.value)


@pytest.mark.parametrize("name", ["rounds.csv", "queries.csv"])
def test_a_file_shorter_than_its_snapshot_is_an_error(tmp_path, name):
    run = RunFolder(str(tmp_path / "run"), {})
    fill(run, range(1, 4))
    run.write()
    path = tmp_path / "run" / name
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    with pytest.raises(EglError, match=f"{name}: has 1 rows where the snapshot says"):
        RunFolder(str(tmp_path / "run"), {}).go_back_to(run.position())


@pytest.mark.parametrize("name", ["rounds.csv", "queries.csv", "predictions.h5"])
def test_a_file_that_was_changed_since_its_snapshot_is_an_error(tmp_path, name):
    run = RunFolder(str(tmp_path / "run"), {})
    fill(run, range(1, 4))
    run.write()
    position = json.loads(json.dumps(run.position()))
    RunFolder(str(tmp_path / "run"), {}).go_back_to(position)
    path = tmp_path / "run" / name
    if name.endswith(".csv"):
        *lines, last = path.read_text().splitlines(keepends=True)
        path.write_text("".join([*lines[:-1], last, last]))
    else:
        with h5py.File(str(path), "r+") as file:
            file["test"][0, 0] += 1
    with pytest.raises(EglError, match=f"{name}.* is not what the snapshot says"):
        RunFolder(str(tmp_path / "run"), {}).go_back_to(position)


@pytest.mark.parametrize("content", ["[]", "{", ""])
def test_damaged_json_is_named(tmp_path, content):
    (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(EglError, match="metrics.json: cannot be read"):
        read_metrics(str(tmp_path))


def test_the_normalisation_of_a_run(tmp_path):
    value = Normalisation((1.0, 2.0, 3.0), 0.5)
    RunFolder(str(tmp_path / "run"), {"normalisation": value.as_dict()})
    assert read_normalisation(str(tmp_path / "run")) == value
    RunFolder(str(tmp_path / "old"), {})
    with pytest.raises(EglError, match="how pixels were normalised"):
        read_normalisation(str(tmp_path / "old"))


@pytest.mark.parametrize("name", ["rounds.csv", "queries.csv"])
def test_rows_that_are_not_those_of_the_snapshot_are_an_error(tmp_path, name):
    run = RunFolder(str(tmp_path / "run"), {})
    fill(run, range(1, 4))
    run.write()
    path = tmp_path / "run" / name
    path.write_text(path.read_text().replace("3,", "4,"))
    with pytest.raises(EglError, match="is not what the snapshot says"):
        RunFolder(str(tmp_path / "run"), {}).go_back_to(run.position())


def test_a_snapshot_of_before_there_were_checksums(tmp_path):
    run = RunFolder(str(tmp_path / "run"), {})
    fill(run, range(1, 4))
    run.write()
    RunFolder(str(tmp_path / "run"), {}).go_back_to({"rounds": 2, "queries": 3})
