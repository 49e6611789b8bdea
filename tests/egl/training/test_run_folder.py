import numpy as np
import pytest

from egl.errors import EglError
from egl.training.run_folder import (
    QUERIES,
    ROUNDS,
    RunFolder,
    open_whole,
    read_metrics,
    read_rounds,
)


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
    assert again.resumed
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
    with pytest.raises(EglError, match="other settings .seed 1 instead of 2"):
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


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file.txt"
    with open_whole(str(path)) as file:
        file.write("first")
        assert not path.exists()
    with pytest.raises(KeyboardInterrupt), open_whole(str(path)) as file:
        file.write("sec")
        raise KeyboardInterrupt
    assert path.read_text() == "first"
