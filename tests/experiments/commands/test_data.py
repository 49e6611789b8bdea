"""What egl prepare refuses before it works, and how egl phantoms ends where it cannot write."""

import pytest

from experiments.command_line import main


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        ("s.h5", "is --out as well"),
        ("no/sheet.png", "there is no folder"),
        ("", "--contact-sheet: an empty name"),
    ],
)
def test_a_contact_sheet_that_cannot_be_written(
    phantoms, tmp_path, monkeypatch, capsys, sheet, message
):
    monkeypatch.chdir(tmp_path)
    assert main(["prepare", phantoms, "--out", "s.h5", "--contact-sheet", sheet]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("out", ["", ".", "s.txt"])
def test_an_output_that_is_no_store(phantoms, tmp_path, monkeypatch, capsys, out):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.txt").write_text("mine")
    assert main(["prepare", phantoms, "--out", out]) == 2
    said = capsys.readouterr().err
    assert "--out" in said and said.count("\n") == 1
    assert (tmp_path / "s.txt").read_text() == "mine"


def test_phantoms_without_a_name(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["phantoms", ""]) == 2
    assert "an empty name" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
