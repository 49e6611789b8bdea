import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from data_prep import __version__
from egl.training.caffe_log import read_log
from experiments.command_line import main

PROJECT = Path(__file__).resolve().parents[2]
TRAINER = {
    "--seed", "--batch", "--rate", "--lr-policy", "--momentum", "--weight-decay", "--scaling",
    "--factor", "--solver", "--score-net", "--weights", "--device", "--settings", "--out", "--help",
}  # fmt: skip
OPTIONS = {
    "prepare": {
        "--out", "--seed", "--train", "--validation", "--test", "--no-augmentation",
        "--exudate-rule", "--healthy-from", "--scale", "--mask-threshold", "--side",
        "--contact-sheet", "--skip-bad", "--settings", "--help",
    },
    "phantoms": {"--lesion", "--healthy", "--seed", "--help"},
    "train": TRAINER | {"--epochs", "--all-epochs"},
    "select": TRAINER | {
        "--strategy", "--patch-strategy", "--by", "--iterations", "--k", "--candidates",
        "--sampling", "--candidate-images", "--after-round", "--initial-iterations",
        "--images-per-round", "--initial-images", "--score", "--stride", "--image-patches",
        "--update", "--copies", "--lesion-share", "--initial-draw", "--stop-layer",
        "--parameters", "--route", "--steps", "--labelled", "--evaluate-every",
        "--images", "--workers",
    },
    "reproduce": {
        "--data", "--out", "--quick", "--standard", "--full", "--only", "--strategies", "--seeds",
        "--jobs", "--setups", "--one-commit", "--scale", "--mask-threshold", "--skip-bad",
        "--device", "--published", "--help",
    },
    "report": {"--markdown", "--published", "--help"},
    "compare": {"--out", "--help"},
    "export": {"--out", "--format", "--seed", "--help"},
    "plot-log": {"--out", "--help"},
    "model": {"--out", "--name", "--licence", "--field-width", "--help"},
    "index": {
        "--out", "--workers", "--scheduler", "--scale", "--patients", "--patient-folder",
        "--settings", "--help",
    },
    "rank": {
        "--model", "--out", "--workers", "--scheduler", "--device", "--strategy", "--score",
        "--stride", "--budget", "--seconds", "--first", "--seed", "--settings", "--help",
    },
    "predict": {
        "--model", "--out", "--workers", "--scheduler", "--device", "--stride", "--settings",
        "--help",
    },
    "label": {
        "--model", "--with", "--device", "--budget", "--people", "--learn-every", "--iterations",
        "--rate", "--seed", "--stride", "--host", "--port", "--settings", "--help",
    },
    "ask": {"--n", "--format", "--out", "--who", "--model", "--device", "--help"},
    "answer": {"--who", "--seconds", "--empty", "--help"},
    "learn": {
        "--model", "--out", "--with", "--device", "--iterations", "--rate", "--seed", "--settings",
        "--help",
    },
}  # fmt: skip


def said(arguments, capsys):
    """Run a command that must end with status 2 and one line on standard error; return the line."""
    assert main([str(argument) for argument in arguments]) == 2
    output = capsys.readouterr()
    lines = [line for line in output.err.splitlines() if not line.startswith("device ")]
    assert (len(lines), output.out) == (1, "")
    return lines[0]


def test_the_version(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert (exit_.value.code, capsys.readouterr().out) == (0, __version__ + "\n")


def test_help_lists_the_commands(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--help"])
    assert exit_.value.code == 0
    listed = re.findall(r"^    ([\w-]+)", capsys.readouterr().out, re.MULTILINE)
    assert listed == list(OPTIONS)


@pytest.mark.parametrize("command", OPTIONS)
def test_a_command_s_help_lists_its_options(command, capsys):
    with pytest.raises(SystemExit) as exit_:
        main([command, "--help"])
    assert exit_.value.code == 0
    listed = re.findall(r"^  (?:-h, )?(--[a-z-]+)", capsys.readouterr().out, re.MULTILINE)
    assert set(listed) == OPTIONS[command]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "egl: give a command: prepare, phantoms, train, select"),
        ("--fast", "egl: unrecognized arguments: --fast"),
        ("selct", "egl: command 'selct' is not known; did you mean select?"),
        ("draw", "egl: command 'draw' is not known; give one of prepare,"),
        ("select", "egl: select: the following arguments are required: STORE.h5, --out"),
        ("select s.h5 --stratgy egl --out run", "egl: select: option '--stratgy' is not known; di"),
        ("select s.h5 --strategy eggl --out run", "'eggl' is not known; did you mean egl?"),
        ("select s.h5 --patch-strategy margn --out run", "'margn' is not known; did you mean mar"),
        ("select s.h5 --strategy no.such:Thing --out run", "'no.such:Thing' cannot be imported"),
        ("select s.h5 --by imge --out run", "egl: select: --by 'imge' is not known; did you mean"),
        ("select s.h5 --k many --out run", "egl: select: --k: 'many' is not a whole number"),
        ("select s.h5 --k 0 --out run", "egl: select: --k 0: give a number at least 1"),
        ("select s.h5 --rate nan --out run", "egl: select: --rate nan: give a finite number"),
        ("select s.h5 --batch 0 --out run", "egl: select: --batch 0: give a number at least 1"),
        ("select s.h5 --stride 0 --out run", "egl: select: --stride 0: give a number at least 1"),
        ("select s.h5 --workers 0 --out run", "egl: select: --workers: 0: give a number at least"),
        ("select s.h5 --initial-iterations 0 --out run", "--initial-iterations 0: give a number"),
        ("select s.h5 --labelled grid --by patch --out run", "egl: select: --labelled grid: is "),
        ("select s.h5 --score best --out run", "give one of sum, mean, topN"),
        ("select s.h5 --settings none.json --out run", "egl: select: none.json: cannot be read"),
        ("train s.h5 --epochs 0 --out run", "egl: train: --epochs 0: give a number at least 1"),
        ("train s.h5 --momentum 1 --out run", "egl: train: --momentum 1.0: give a number at least"),
        ("train s.h5 --out", "egl: train: --out: expected one argument"),
        ("train s.h5 t.h5 --out run", "egl: train: 't.h5' is one argument too many"),
        ("prepare . --train 0 --out s.h5", "egl: prepare: --train 0: give a number at least 1"),
        ("prepare . --scale -1 --out s.h5", "egl: prepare: --scale -1.0: give a number above 0"),
        ("prepare . --exudate-rule edge --out s.h5", "--exudate-rule edge: give centre, any"),
        ("phantoms out --lesion -1", "egl: phantoms: --lesion: -1: give a number at least 0"),
        ("export s.h5 --format hdf --out x", "egl: export: --format: 'hdf' is not known; did you"),
        ("reproduce --only fig2,fig9", "egl: reproduce: --only 'fig9' is not known; did you mean"),
        ("reproduce --only no.such", "egl: reproduce: experiment 'no.such': cannot be imported"),
        ("reproduce --strategies badge,bade", "'bade' is not known; did you mean badge?"),
        ("reproduce --seeds 0", "egl: reproduce: --seeds: 0: give a number at least 1"),
        ("reproduce --jobs 0", "egl: reproduce: --jobs: 0: give a number at least 1"),
        ("reproduce --quick --full", "egl: reproduce: --full: not allowed with argument --quick"),
        ("report . --markdown out.html", "egl: report: --markdown out.html: give a name that ends"),
        ("compare --out out", "egl: compare: the following arguments are required: RUN"),
        ("compare . --out out", "egl: compare: .: "),
        ("report .", "is no folder of egl reproduce"),
    ],
)
def test_wrong_words_are_one_line_before_any_work(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    line = said(words.split(), capsys)
    assert message in line
    assert line.startswith("egl: ")
    assert list(tmp_path.iterdir()) == []


def test_prepare(phantoms, tmp_path, capsys):
    out, sheet = tmp_path / "store.h5", tmp_path / "sheet.png"
    counts = ["--train", "80", "--validation", "16", "--test", "16"]
    files = ["--out", str(out), "--contact-sheet", str(sheet)]
    assert main(["prepare", phantoms, *files, *counts]) == 0
    assert "80 + 80" in capsys.readouterr().out
    assert out.exists()
    assert sheet.exists()


def test_prepare_takes_its_settings_from_a_file(phantoms, tmp_path, capsys):
    file = tmp_path / "settings.json"
    file.write_text('{"n_train": 80, "n_validation": 16, "n_test": 16}')
    words = ["prepare", phantoms, "--out", str(tmp_path / "s.h5"), "--settings", str(file)]
    assert main([*words, "--train", "72"]) == 0
    assert "72 + 72" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "out", "message"),
    [
        ("none", "s.h5", "no such folder"),
        ("empty", "s.h5", "no data set of a known layout"),
        ("phantoms", "no/folder/s.h5", "another place"),
    ],
)
def test_prepare_with_bad_folders(source, out, message, phantoms, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    source = phantoms if source == "phantoms" else tmp_path / source
    assert message in said(["prepare", source, "--out", tmp_path / out], capsys)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--setups", "equatoin"], "--setups 'equatoin' is not known; did you mean equation?"),
        (["--scale", "0"], "--scale 0.0: give a number above 0"),
        (["--published", "none.csv"], "none.csv: cannot be read"),
        (["--data", "none"], "no such folder"),
    ],
)
def test_reproduce_with_bad_input(caffe, words, message, tmp_path, capsys):
    assert message in said(["reproduce", "--out", tmp_path / "out", *words], capsys)
    assert not (tmp_path / "out" / "phantoms").exists()


def test_select_and_train(caffe, small_store, tmp_path, capsys):
    run = tmp_path / "run"
    words = ["--strategy", "random", "--by", "patch", "--iterations", "3", "--seed", "5"]
    words += ["--initial-iterations", "1"]
    assert main(["select", small_store.path, "--out", str(run), *words]) == 0
    assert "wrote" in capsys.readouterr().out
    settings = json.loads((run / "settings.json").read_text())
    assert (settings["by"], settings["strategy"]) == ("patch", "random")
    assert settings["trainer"]["seed"] == 5
    assert settings["about"]["store"]["dataset"] == "phantoms"
    assert len((run / "rounds.csv").read_text().splitlines()) == 4
    assert "Creating training net" in (run / "log.txt").read_text()  # Caffe's own words
    assert {row.name for row in read_log(str(run))} == {"smoothed loss", "loss", "rate"}
    assert main(["train", small_store.path, "--out", str(tmp_path / "train"), "--epochs", "1"]) == 0
    metrics = json.loads((tmp_path / "train" / "metrics.json").read_text())
    assert set(metrics) >= {"test", "validation", "iterations", "seconds"}


def test_a_run_s_own_settings_give_the_same_run(caffe, small_store, tmp_path, capsys):
    words = ["--by", "patch", "--iterations", "3", "--initial-iterations", "1", "--k", "16"]
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["select", small_store.path, "--out", str(first), *words]) == 0
    file = str(first / "settings.json")
    again = ["select", small_store.path, "--out", str(second), "--settings", file]
    assert main(again) == 0
    for name in ("settings.json", "rounds.csv", "queries.csv"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    capsys.readouterr()
    assert "selection.k 16 there, 8 given" in said([*again, "--k", "8"], capsys)
    line = said(["train", small_store.path, "--out", "x", "--settings", file], capsys)
    assert f"{file}: holds the settings of 'select', not of egl train" in line


def test_runs_of_two_strategies_are_compared(caffe, small_store, tmp_path, capsys):
    runs = [str(tmp_path / strategy) for strategy in ("egl", "random")]
    for run in runs:
        words = ["--strategy", os.path.basename(run), "--iterations", "3"]
        words += ["--by", "patch", "--initial-iterations", "1", "--device", "cpu"]
        assert main(["select", small_store.path, "--out", run, *words]) == 0
    out = tmp_path / "out"
    assert main(["compare", *runs, "--out", str(out)]) == 0
    table = capsys.readouterr().out
    assert "random" in table
    assert {"comparison.csv", "comparison.png"} <= {path.name for path in out.iterdir()}


def test_two_workers_score_like_one(caffe, small_store, tmp_path):
    words = ["select", small_store.path, "--iterations", "3", "--initial-iterations", "1"]
    for workers in ("1", "2"):
        out = str(tmp_path / workers)
        assert main([*words, "--out", out, "--workers", workers, "--device", "cpu"]) == 0
    for name in ("settings.json", "rounds.csv", "queries.csv", "predictions.h5"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_a_strategy_of_the_user_s_own_in_the_current_folder(caffe, small_store, tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('theirs')\n")
    (tmp_path / "gini.py").write_text(
        "from egl.strategies.base import ByScore\n\n\n"
        "class Gini(ByScore):\n"
        "    def scores(self, patches):\n"
        "        return 1 - (self.model.posterior(patches) ** 2).sum(axis=1)\n"
    )
    words = ["select", small_store.path, "--by", "patch", "--out", "run", "--device", "cpu"]
    words += ["--iterations", "2", "--initial-iterations", "1", "--strategy", "gini:Gini"]
    done = subprocess.run(
        [str(PROJECT / "runtime" / "egl"), *words], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    with open(tmp_path / "run" / "queries.csv", newline="") as file:
        scores = [float(row["score"]) for row in csv.DictReader(file) if row["iteration"] == "2"]
    assert len(scores) == 32
    assert all(0 <= score <= 0.5 for score in scores)  # Gini's impurity of two classes


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--stop-layer", "relu1"], "conv1, conv2, ip1, ip2"),
        (["--k", "5000"], "5000"),
        (["--solver", "none.prototxt"], "none.prototxt"),
        (["--rate", "1e6"], "diverged"),
    ],
)
def test_what_does_not_fit_the_net_or_the_store(
    caffe, small_store, words, message, tmp_path, capsys
):
    options = ["--out", tmp_path / "run", "--initial-images", "2", *words]
    assert message in said(["select", small_store.path, *options], capsys)


def test_select_with_bad_files(caffe, small_store, tmp_path, capsys):
    run = ["--out", tmp_path / "run"]
    assert "no such store" in said(["select", tmp_path / "none.h5", *run], capsys)
    moved = ["--images", tmp_path, "--initial-images", "2", *run]
    assert "--images" in said(["select", small_store.path, *moved], capsys)
    random = ["--strategy", "random", "--by", "patch", "--iterations", "1", *run]
    assert main(list(map(str, ["select", small_store.path, *random]))) == 0
    capsys.readouterr()
    other = ["--seed", "9", *random]
    assert "other settings" in said(["select", small_store.path, *other], capsys)


@pytest.mark.parametrize(
    ("device", "message"), [("gpu", "give auto, cpu or gpu:N"), ("gpu:99", "device gpu:99: ")]
)
def test_a_device_that_is_not_there(caffe, device, message, tmp_path, capsys):
    for command in (["train", "s.h5"], ["select", "s.h5"], ["reproduce"]):
        words = [*command, "--device", device, "--out", tmp_path / "run"]
        assert message in said(words, capsys)
    assert list(tmp_path.iterdir()) == []


def test_without_caffe_a_command_says_so_before_any_work(
    small_store, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, "caffe", None)
    line = said(["reproduce", "--out", tmp_path / "out"], capsys)
    assert line.startswith("egl: reproduce: pycaffe is not installed")
    assert list(tmp_path.iterdir()) == []
