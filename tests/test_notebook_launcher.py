"""runtime/notebook, with a stand-in for runtime/caffe that prints what it would run."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RUNTIME = Path(__file__).resolve().parent.parent / "runtime"


@pytest.fixture
def launch(tmp_path):
    """launch(program, arguments, **environment): in a copy of the project; the lines it prints."""
    runtime = tmp_path / "project" / "runtime"
    runtime.mkdir(parents=True)
    for name in ("notebook", "container"):
        shutil.copy(str(RUNTIME / name), str(runtime))
    (runtime / "caffe").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (runtime / "caffe").chmod(0o755)
    (tmp_path / "project" / "docs" / "tutorials").mkdir(parents=True)

    def run(program, *arguments, **environment):
        done = subprocess.run(
            [str(runtime / program), *arguments],
            env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert done.returncode == 0
        return done.stdout.splitlines()

    return run


def test_only_this_machine_reaches_the_notebooks(launch, tmp_path):
    said = launch("notebook", "--port=8899")
    assert said[:2] == ["jupyter", "notebook"] and said[-1] == "--port=8899"
    assert "--ip=127.0.0.1" in said
    assert f"--notebook-dir={tmp_path}/project/docs/tutorials" in said
    assert not [word for word in said if "token" in word.lower()]  # Jupyter makes a new one


def test_in_a_container_they_can_be_published(launch):
    assert "--ip=0.0.0.0" in launch("container", "notebook")
