"""The runner with work that needs no Caffe, in real processes."""

import json
import os
import threading
import time
from typing import NamedTuple

import pytest

from egl.errors import Diverged, EglError
from egl.training.run_files import read_metrics
from egl.training.run_folder import RunFolder
from experiments import runner
from experiments.processes import BadInput, Failure
from experiments.runner import run_tasks, unfinished
from experiments.tasks import Task


class Doing(NamedTuple):
    what: str


def do(store, settings, out, progress):
    run = RunFolder(out, settings._asdict())
    progress(1, 2)
    if settings.what == "abort":
        os.abort()
    if settings.what == "diverge":
        raise Diverged("training diverged at iteration 1")
    if settings.what == "bad":
        raise EglError("k must be at least 1")
    if settings.what.startswith("read "):
        assert read_metrics(os.path.join(os.path.dirname(out), settings.what[5:]))["seconds"] == 1
    run.finish({"seconds": 1, "pid": os.getpid()})


class Store:
    path = "none.h5"


def run(folder, jobs=2, **tasks):
    return run_tasks(tasks, {"all": Store()}, str(folder), jobs, speed=1000)


def task(what, *needs):
    return Task(do, "all", Doing(what), needs)


def test_one_that_fails_leaves_the_others_and_stops_those_that_need_it(tmp_path):
    fine = {"good": task("fine"), "after": task("read good", "good")}
    failed = run(tmp_path, **fine, dead=task("abort"), wild=task("diverge"), lost=task("", "dead"))
    assert [line.split(":")[0] for line in failed] == ["run dead", "run lost", "run wild"]
    assert "signal" in failed[0] or "abort" in failed[0]
    assert "needs dead" in failed[1]
    assert "diverged" in failed[2]
    assert sorted(
        name for name in os.listdir(tmp_path) if (tmp_path / name / "metrics.json").exists()
    ) == ["after", "good"]


def test_what_is_finished_is_not_run_again(tmp_path):
    assert run(tmp_path, a=task("fine")) == []
    first = json.loads((tmp_path / "a" / "metrics.json").read_text())
    assert list(unfinished({"a": task("fine"), "b": task("fine")}, str(tmp_path))) == ["b"]
    assert run(tmp_path, a=task("fine"), b=task("fine")) == []
    assert json.loads((tmp_path / "a" / "metrics.json").read_text()) == first


def test_bad_input_ends_everything(tmp_path):
    with pytest.raises(BadInput, match="k must be"):
        run(tmp_path, jobs=1, a=task("bad"), **{f"b{n}": task("fine") for n in range(9)})
    assert not (tmp_path / "b8").exists()


def borrow(store, settings, out, workers, progress):
    with workers.extra() as idle:
        RunFolder(out, settings._asdict()).finish({"idle": idle})


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_run_that_is_left_alone_may_borrow_the_idle_cores(tmp_path, jobs):
    assert run(tmp_path, jobs, a=Task(borrow, "all", Doing("fine"))) == []
    assert read_metrics(str(tmp_path / "a"))["idle"] == jobs - 1


def test_an_interrupt_ends_a_run_that_waited_for_a_core(tmp_path, monkeypatch):
    """It starts after the others were told to end, and must not go on to its own end."""
    waits, interrupted, ended = threading.Event(), threading.Event(), []
    told = threading.Event()

    def end_children():
        if waits.is_set() and told.is_set():
            ended.append(True)
        told.set()

    def run_in_child(work, arguments, folder, progress, device):
        if folder.endswith("first"):
            raise KeyboardInterrupt
        assert told.wait(20)  # it had a core only now
        waits.set()
        for _ in range(400):
            if ended:
                raise Failure("ended")
            time.sleep(0.05)
        interrupted.set()  # the run came to its own end

    monkeypatch.setattr(runner, "run_in_child", run_in_child)
    monkeypatch.setattr(runner, "end_children", end_children)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, first=Task(do, "all", Doing("x")), second=Task(do, "all", Doing("y")))
    assert not interrupted.is_set()
