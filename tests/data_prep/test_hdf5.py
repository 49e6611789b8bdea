"""Damaged HDF5 files and full disks, where the library would end the process."""

import errno
import os
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from data_prep import hdf5
from data_prep.errors import DataError
from data_prep.hdf5 import new_hdf5, read_safely


def content(file):
    return file["a"][...].tolist()


def dies(file):
    os.kill(os.getpid(), signal.SIGSEGV)


def test_a_reader_that_dies_is_an_error(tmp_path):
    path = str(tmp_path / "a.h5")
    with new_hdf5(path, 10000) as file:
        file["a"] = [1, 2]
    assert read_safely(path, content) == [1, 2]
    with pytest.raises(DataError, match=r"a\.h5: .*dies of it by signal 11.*make it again"):
        read_safely(path, dies)


def test_what_the_reader_raises_is_one_line(tmp_path):
    path = str(tmp_path / "a.h5")
    with new_hdf5(path, 10000) as file:
        file["b"] = 1
    with pytest.raises(DataError, match=r"a\.h5: not a patch store") as caught:
        read_safely(path, content)
    assert "\n" not in str(caught.value)


def test_a_known_file_is_read_without_a_child(tmp_path, monkeypatch):
    path = str(tmp_path / "a.h5")
    with new_hdf5(path, 10000) as file:
        file["a"] = [1]
    read_safely(path, content)
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("a child was started"))
    read_safely(path, content)


def test_reserved_space_leaves_no_byte(tmp_path):
    sizes = []
    for room in (20000, 200000):
        path = tmp_path / f"{room}.h5"
        with new_hdf5(str(path), room) as file:
            file.create_dataset("a", data=np.arange(999), track_times=False)
        sizes.append(path.stat().st_size)
    with h5py.File(str(tmp_path / "plain.h5"), "w") as file:
        file.create_dataset("a", data=np.arange(999), track_times=False)
    plain = (tmp_path / "plain.h5").read_bytes()
    assert [(tmp_path / f"{room}.h5").read_bytes() == plain for room in (20000, 200000)] == [
        True,
        True,
    ], sizes


def test_a_full_disk_shows_before_anything_is_written(tmp_path, monkeypatch):
    def full(descriptor, start, size):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(hdf5.os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space"), new_hdf5(str(tmp_path / "a.h5"), 10):
        pytest.fail("the block must not run")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_prepare_on_a_full_disk_ends_with_2_and_leaves_nothing(phantoms, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    start = "import sys; from experiments.command_line import main; sys.exit(main())"
    script = (
        f"mount -t tmpfs -o size=200k none {disk} || exit 77; cd {disk}; "
        f"{sys.executable} -c '{start}' prepare {phantoms} --out s.h5 "
        "--train 160 --validation 32 --test 36; status=$?; ls -A; exit $status"
    )
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    result = subprocess.run(
        ["unshare", "-m", "sh", "-c", script],
        capture_output=True,
        text=True,
        env=dict(os.environ, PYTHONPATH=root),
    )
    if result.returncode in (1, 77) and "prepare" not in result.stderr:
        pytest.skip("no mount here")
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    assert "s.h5: cannot be written (No space left on device)" in result.stderr
