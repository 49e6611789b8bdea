"""Paths that would mean something else inside runtime/caffe than outside."""

import argparse
import os

import pytest

from experiments.commands.paths import shared_path


@pytest.mark.parametrize(
    ("path", "top"),
    [
        ("/usr/share/eyes", "/usr"),
        ("/etc/settings.json", "/etc"),
        ("/dev/store.h5", "/dev"),
        ("/store.h5", "/store.h5"),
        ("/home/../etc/x", "/etc"),
        ("/homework/x", "/homework"),
        ("/", "/"),
    ],
)
def test_what_is_not_shared_is_refused(monkeypatch, path, top):
    monkeypatch.setenv("EGL_SHARED", "/dev/shm:/home:/tmp")
    with pytest.raises(argparse.ArgumentTypeError, match=f"{path}: while Caffe runs, {top} is not"):
        shared_path(path)


def test_a_link_counts_as_where_it_leads(monkeypatch, tmp_path):
    monkeypatch.setenv("EGL_SHARED", os.path.realpath(str(tmp_path)))
    (tmp_path / "link").symlink_to("/usr")
    with pytest.raises(argparse.ArgumentTypeError, match=r"link/x: while Caffe runs, /usr is not"):
        shared_path(str(tmp_path / "link" / "x"))
    monkeypatch.chdir(tmp_path)
    assert shared_path("s.h5") == "s.h5"


@pytest.mark.parametrize("path", ["", "/dev/stdin", "/dev/fd/63", "/dev/shm/s.h5", "/home"])
def test_what_is_shared(monkeypatch, path):
    monkeypatch.setenv("EGL_SHARED", "/dev/shm:/home")
    assert shared_path(path) == path


def test_without_a_sandbox_every_path_is_the_machine_s(monkeypatch):
    monkeypatch.delenv("EGL_SHARED", raising=False)
    assert shared_path("/usr/share/eyes") == "/usr/share/eyes"
