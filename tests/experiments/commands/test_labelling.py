"""The commands for photographs without labels, one after another, as a person would type them."""

import csv
import os

import cv2
import pytest

from experiments.command_line import main


def said(*words):
    return main([str(word) for word in words])


def test_from_photographs_to_a_better_model(caffe, photographs, finished_run, tmp_path, capsys):
    model, pool = tmp_path / "model", tmp_path / "pool.sqlite"
    assert said("model", finished_run, "--out", model, "--licence", "CC0") == 0
    assert "license: CC0" in (model / "readme.md").read_text()
    assert said("index", photographs, "--out", pool) == 0
    assert "6 of 6 files can be used" in capsys.readouterr().out
    first = tmp_path / "first"
    assert said("rank", pool, "--model", model, "--out", first, "--first", 2) == 0
    assert "6 photographs ranked; the first 2 are drawn" in capsys.readouterr().out
    with open(first / "ranking.csv", newline="") as file:
        order = [int(row["photograph"]) for row in csv.DictReader(file)]
    asked = tmp_path / "asked"
    assert said("ask", pool, "--n", 2, "--out", asked, "--who", "ann") == 0
    names = sorted(os.listdir(asked / "masks"))
    assert sorted(int(name[:6]) for name in names) == sorted(order[:2])
    for name in names:
        mask = cv2.imread(str(asked / "masks" / name), 0)
        mask[mask.shape[0] // 2 :, mask.shape[1] // 2 :][:30, :30] = 255
        cv2.imwrite(str(asked / "masks" / name), mask)
    assert said("answer", pool, asked / "masks", "--who", "ann", "--seconds", 30) == 0
    assert "2 answers added, 0 known already" in capsys.readouterr().out
    masks = tmp_path / "masks"
    one = os.path.join(photographs, "0.jpg")
    assert said("predict", one, "--model", model, "--out", masks, "--stride", 24) == 0
    assert sorted(os.listdir(masks)) == [
        "000001-0-mask.png", "000001-0-overlay.jpg", "000001-0-p.tif", "predictions.csv"
    ]  # fmt: skip
    capsys.readouterr()
    # Two patients with exudates are too few to learn from.
    new = tmp_path / "new"
    assert said("learn", pool, "--model", model, "--out", new, "--device", "cpu") == 2
    assert "2 patients with exudates were answered, and three" in capsys.readouterr().err
    assert sorted(os.listdir(tmp_path)) == [
        "asked", "first", "masks", "model", "pool.sqlite"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("index", "none", "--out", "p"), "index: {tmp}/none: no such folder"),
        (("rank", "none", "--model", "m", "--out", "d"), "rank: none: no such pool"),
        (("predict", "none.jpg", "--model", "m", "--out", "d"), "predict: m: neither a model"),
        (("answer", "none", "a.png"), "answer: none: no such pool"),
        (("learn", "none", "--model", "m", "--out", "d"), "learn: m: neither a model folder"),
        (("model", "none", "--out", "m"), "model: none/settings.json: cannot be read"),
        (("rank", "none", "--model", "m", "--out", "d", "--score", "best"), "--score 'best' is"),
        (("ask", "none", "--out", "d", "--format", "xml"), "--format"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert said(*words) == 2
    error = capsys.readouterr().err
    lines = [line for line in error.splitlines() if not line.startswith("device ")]
    assert len(lines) == 1 and message.format(tmp=tmp_path) in lines[0]
    assert [name for name in os.listdir(tmp_path) if name != "d" or os.listdir("d")] in ([], ["p"])
