"""Snapshots on the disk: whole or not at all, never a moment without one."""

import json
import os

import pytest

from data_prep.errors import DataError
from egl.training import snapshots
from egl.training.snapshots import find_snapshot, forget_others, read_state, save_snapshot


def save(folder, iteration, content="weights", extra=None, n_bytes=1, **more):
    """Save a snapshot with one file, as Caffe would write it."""

    def write():
        with open(os.path.join(folder, "snapshots", ".writing", "model"), "w") as file:
            file.write(content)

    save_snapshot(str(folder), iteration, write, extra or {}, n_bytes, **more)


def names(folder):
    return sorted(path.name for path in (folder / "snapshots").iterdir())


def test_the_newest_takes_the_place_of_the_one_before(tmp_path):
    save(tmp_path, 10, extra={"a": 1})
    save(tmp_path, 20, extra={"a": 2})
    assert names(tmp_path) == ["iter_000020"]
    assert read_state(find_snapshot(str(tmp_path))) == {"iteration": 20, "extra": {"a": 2}}
    save(tmp_path, 30, keep_earlier=True)
    assert names(tmp_path) == ["iter_000020", "iter_000030"]


def test_saved_again_there_is_no_moment_without_a_whole_one(tmp_path, monkeypatch):
    """A run killed after its last snapshot saves it again; a kill must not lose it then."""
    save(tmp_path, 10, extra={"seconds": 1})

    class Killed(BaseException):
        pass

    def kill(path, value):
        assert read_state(find_snapshot(str(tmp_path)))["extra"] == {"seconds": 1}
        raise Killed

    monkeypatch.setattr(snapshots, "write_json", kill)
    with pytest.raises(Killed):
        save(tmp_path, 10, extra={"seconds": 2})
    assert read_state(find_snapshot(str(tmp_path)))["extra"] == {"seconds": 1}
    monkeypatch.undo()
    save(tmp_path, 10, extra={"seconds": 2})
    assert read_state(find_snapshot(str(tmp_path)))["extra"] == {"seconds": 2}
    assert names(tmp_path) == ["iter_000010"]


def test_other_weights_of_the_same_iteration_replace_it(tmp_path):
    save(tmp_path, 10, "one")
    save(tmp_path, 10, "other")
    assert (tmp_path / "snapshots" / "iter_000010" / "model").read_text() == "other"
    read_state(find_snapshot(str(tmp_path)))


def test_a_disk_without_room_is_named_before_caffe_writes(tmp_path, monkeypatch):
    save(tmp_path, 10)

    def full(folder, n_bytes):
        assert n_bytes == 99
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshots, "check_room", full)
    with pytest.raises(DataError, match=r"iter_000020: cannot be written \(No space left"):
        save(tmp_path, 20, n_bytes=99)
    assert names(tmp_path) == ["iter_000010"]


def test_what_a_kill_left_goes_when_a_run_resumes(tmp_path):
    for iteration in (10, 20, 30):
        save(tmp_path, iteration, keep_earlier=True)
    (tmp_path / "snapshots" / ".writing").mkdir()
    (tmp_path / "snapshots" / "iter_000010" / "state.json").unlink()  # half removed
    forget_others(str(tmp_path), find_snapshot(str(tmp_path), 20))
    assert names(tmp_path) == ["iter_000020"]


def test_a_changed_file_is_damage(tmp_path):
    save(tmp_path, 10)
    path = tmp_path / "snapshots" / "iter_000010"
    assert json.loads((path / "state.json").read_text())["iteration"] == 10
    (path / "model").write_text("weighty")
    with pytest.raises(Exception, match="model is not what was written"):
        read_state(str(path))
