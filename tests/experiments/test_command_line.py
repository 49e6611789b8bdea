import importlib.util
import json
import os
import subprocess
import sys
import time

import pytest

from experiments.command_line import main

COMMANDS = ("prepare", "phantoms", "train", "select", "reproduce", "report", "export")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as exit_:
        main([command, "--help"])
    assert exit_.value.code == 0
    assert len(capsys.readouterr().out) > 400


def test_no_command_and_unknown_options_are_bad_input(capsys):
    for arguments in ([], ["draw"], ["train", "--fast"]):
        with pytest.raises(SystemExit) as exit_:
            main(arguments)
        assert exit_.value.code == 2


def bad(capsys, *arguments):
    """Run a command that must end with status 2 and one line on standard error; return that line."""
    assert main([str(argument) for argument in arguments]) == 2
    output = capsys.readouterr()
    lines = [line for line in output.err.splitlines() if line.startswith("egl: ")]
    assert len(lines) == 1
    assert "Traceback" not in output.err
    return lines[0]


def test_prepare(phantoms, tmp_path, capsys):
    out = tmp_path / "store.h5"
    sheet = tmp_path / "sheet.png"
    counts = ["--train", "80", "--validation", "16", "--test", "16"]
    assert (
        main(["prepare", phantoms, "--out", str(out), *counts, "--contact-sheet", str(sheet)]) == 0
    )
    assert "80 + 80" in capsys.readouterr().out
    assert out.exists()
    assert sheet.exists()


def test_prepare_with_bad_input(phantoms, tmp_path, capsys):
    assert "no such folder" in bad(capsys, "prepare", tmp_path / "none", "--out", tmp_path / "s.h5")
    (tmp_path / "empty").mkdir()
    assert "no data set of a known layout" in bad(
        capsys, "prepare", tmp_path / "empty", "--out", tmp_path / "s.h5"
    )
    assert "scale" in bad(capsys, "prepare", phantoms, "--out", tmp_path / "s.h5", "--scale", "-1")
    assert "--exudate-rule edge" in bad(
        capsys, "prepare", phantoms, "--out", tmp_path / "s.h5", "--exudate-rule", "edge"
    )
    assert "another place" in bad(
        capsys, "prepare", phantoms, "--out", tmp_path / "no" / "folder" / "s.h5"
    )


def test_reproduce_and_report_with_bad_input(phantoms, tmp_path, capsys):
    out = ["--out", tmp_path / "out"]
    assert "--only 'fig9'" in bad(
        capsys, "reproduce", "--data", phantoms, *out, "--only", "fig2,fig9"
    )
    assert "at least 1" in bad(capsys, "reproduce", "--data", phantoms, *out, "--seeds", "0")
    assert "--strategies 'best'" in bad(
        capsys, "reproduce", "--data", phantoms, *out, "--strategies", "badge,best"
    )
    assert "momentum in [0, 1)" in bad(
        capsys, "reproduce", "--data", phantoms, *out, "--momentum", "1"
    )
    assert "none.csv: cannot be read" in bad(
        capsys, "reproduce", "--data", phantoms, *out, "--published", tmp_path / "none.csv"
    )
    assert "no such folder" in bad(capsys, "reproduce", "--data", tmp_path / "none", *out)
    assert "is no folder of egl reproduce" in bad(capsys, "report", tmp_path)
    assert "ends in .md" in bad(capsys, "report", tmp_path, "--markdown", "results.html")


def test_select_and_train(caffe, small_store, tmp_path, capsys):
    run = tmp_path / "run"
    options = [
        "--strategy",
        "random",
        "--by",
        "patch",
        "--iterations",
        "3",
        "--initial-iterations",
        "1",
        "--seed",
        "5",
    ]
    assert main(["select", small_store.path, "--out", str(run), *options]) == 0
    assert "wrote" in capsys.readouterr().out
    settings = json.loads((run / "settings.json").read_text())
    assert (settings["by"], settings["strategy"], settings["trainer"]["seed"]) == (
        "patch",
        "random",
        5,
    )
    assert settings["about"]["store"]["dataset"] == "phantoms"
    assert len((run / "rounds.csv").read_text().splitlines()) == 4
    assert "Creating training net" in (run / "log.txt").read_text()  # Caffe's own words
    assert main(["train", small_store.path, "--out", str(tmp_path / "train"), "--epochs", "1"]) == 0
    metrics = json.loads((tmp_path / "train" / "metrics.json").read_text())
    assert set(metrics) >= {"test", "validation", "iterations", "seconds"}


def test_select_with_bad_input(caffe, small_store, tmp_path, capsys):
    store, out = small_store.path, ["--out", tmp_path / "run"]
    assert "no such store" in bad(capsys, "select", tmp_path / "none.h5", *out)
    assert "conv1, conv2, ip1, ip2" in bad(capsys, "select", store, "--stop-layer", "relu1", *out)
    assert "give one of sum" in bad(
        capsys, "select", store, "--score", "best", "--out", tmp_path / "run2"
    )
    assert "other settings" in bad(capsys, "select", store, "--seed", "9", *out)
    assert "--images" in bad(
        capsys,
        "select",
        store,
        "--images",
        tmp_path,
        "--initial-images",
        "2",
        "--out",
        tmp_path / "run3",
    )


def test_a_device_that_is_not_there_is_bad_input(caffe, small_store, tmp_path, capsys):
    assert "give auto, cpu or gpu:N" in bad(
        capsys, "train", small_store.path, "--device", "gpu", "--out", tmp_path / "run"
    )
    assert "device gpu:99: " in bad(
        capsys, "select", small_store.path, "--device", "gpu:99", "--out", tmp_path / "run"
    )
    assert "device gpu:99: " in bad(
        capsys, "reproduce", "--device", "gpu:99", "--out", tmp_path / "run"
    )
    assert not (tmp_path / "run").exists()


def test_sigterm_ends_a_command_at_once_and_it_goes_on_later(caffe, small_store, tmp_path):
    arguments = ["--strategy", "random", "--by", "patch", "--iterations", "40", "--device", "cpu"]
    assert main(["select", small_store.path, "--out", str(tmp_path / "whole"), *arguments]) == 0
    command = [
        sys.executable,
        "-c",
        "import sys; from experiments.command_line import main; sys.exit(main())",
        "select",
        small_store.path,
        "--out",
        str(tmp_path / "run"),
        *arguments,
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, cwd=root())
    while not (tmp_path / "run" / "snapshots").exists() and process.poll() is None:
        time.sleep(0.01)
    process.terminate()
    _, said = process.communicate(timeout=20)
    assert process.returncode == 128 + 15
    assert "the same command goes on from here" in said.decode()
    assert not (tmp_path / "run" / "metrics.json").exists()
    assert (
        subprocess.run(
            command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=root()
        ).returncode
        == 0
    )
    assert (tmp_path / "run" / "rounds.csv").read_bytes() == (
        tmp_path / "whole" / "rounds.csv"
    ).read_bytes()


def test_training_that_diverges_is_bad_input(caffe, small_store, tmp_path, capsys):
    assert "diverged" in bad(
        capsys, "train", small_store.path, "--rate", "1e6", "--out", tmp_path / "run"
    )


def test_without_caffe_it_says_how_to_get_it(small_store, tmp_path, capsys):
    if importlib.util.find_spec("caffe"):
        pytest.skip("Caffe is here")
    for command in ("train", "select"):
        assert "run the command through runtime/caffe" in bad(
            capsys, command, small_store.path, "--out", tmp_path / command
        )


def root():
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
