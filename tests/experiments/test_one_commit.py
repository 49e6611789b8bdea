import json

import pytest

from experiments.one_commit import keep_one_commit
from experiments.processes import BadInput


@pytest.fixture
def folder(tmp_path):
    """Runs finished by two commits, one that was begun, one damaged, and one of somebody else."""
    for name, content in {
        "mine": {"commit": "abc"},
        "old": {"commit": "def"},
        "unknown": {"commit": None},
        "other": {"commit": "def"},
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "metrics.json").write_text(json.dumps(content))
    (tmp_path / "begun").mkdir()
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "metrics.json").write_text("{")
    return tmp_path


WANTED = ("mine", "old", "unknown", "begun", "cut", "never")


def left(folder):
    return {path.name for path in folder.iterdir() if path.is_dir()}


def test_what_other_code_made_goes(folder, monkeypatch, capsys):
    monkeypatch.setenv("EGL_COMMIT", "abc")
    keep_one_commit(str(folder), WANTED)
    assert left(folder) == {"mine", "other"}
    assert capsys.readouterr().out.count("made anew") == 4


def test_what_this_commit_began_is_gone_on_with(folder, monkeypatch):
    monkeypatch.setenv("EGL_COMMIT", "abc")
    keep_one_commit(str(folder), WANTED)
    (folder / "begun").mkdir()
    keep_one_commit(str(folder), WANTED)
    assert "begun" in left(folder)
    monkeypatch.setenv("EGL_COMMIT", "fed")
    keep_one_commit(str(folder), WANTED)
    assert left(folder) == {"other"}


@pytest.mark.parametrize("commit", ["", "abc-dirty"])
def test_a_commit_that_is_not_clean(folder, monkeypatch, commit):
    monkeypatch.setenv("EGL_COMMIT", commit)
    with pytest.raises(BadInput, match="--one-commit: the code is"):
        keep_one_commit(str(folder), WANTED)
    assert len(left(folder)) == 6
