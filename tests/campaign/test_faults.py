"""Signals, a dead worker, full disks, and clocks that jump, met by whole commands."""

import itertools
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.campaign.small import (
    PROJECT,
    SECONDS,
    difference,
    family,
    gone,
    heed_ctrl_c,
    kill,
    leftovers,
    results,
    said,
    wait,
)

SIGNALS = {
    "prepare": (signal.SIGINT, signal.SIGTERM),
    "train": (signal.SIGTERM,),
    "select by patch": (signal.SIGINT, signal.SIGTERM),
    "reproduce": (signal.SIGINT,),
}


def until(condition, process):
    """Wait until something holds; fail where the process ends before."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert process.poll() is None, "the command ended before it could be disturbed"
        assert time.monotonic() < deadline
        time.sleep(0.005)


def at_work(folder, name):
    """Return a condition: a command has done some work, in a rerun too."""
    there = set(os.listdir(folder))
    if name == "prepare":
        return lambda: any(".writing-" in entry for entry in set(os.listdir(folder)) - there)
    before = logged(folder)
    return lambda: logged(folder) > before


def logged(folder):
    """Return how much Caffe has said, in bytes."""
    return sum(path.stat().st_size for path in Path(folder).rglob("log.txt"))


def assert_as_undisturbed(command, folder, expected):
    assert command.run(folder) == 0, said(folder)
    assert difference(results(os.path.join(folder, command.out)), expected.results) == ""
    assert leftovers(folder) == []


def test_ctrl_c_and_then_sigterm(small, whole, tmp_path, side_by_side):
    """Statuses 130 and 143, one line, no process left; the rerun ends as if undisturbed."""

    def check(name):
        command, folder = small[name], str(tmp_path / name.replace(" ", "-"))
        os.makedirs(folder)
        for number in SIGNALS[name]:
            condition = at_work(folder, name)
            process = command.start(folder)
            until(condition, process)
            members = family(process.pid)
            os.killpg(process.pid, number)  # as a terminal and as `timeout` do: to all of them
            assert (name, wait(process)) == (name, 128 + number)
            kind = command.words[0]
            lines = said(folder).splitlines()
            assert lines[-1] == f"egl: {kind}: interrupted; rerun the same command to resume"
            assert [line for line in lines[:-1] if "runs to do" not in line] == []
            assert gone(members), name
        assert_as_undisturbed(command, folder, whole[name])

    side_by_side(check, SIGNALS)


def test_ctrl_c_while_the_libraries_are_imported(tmp_path):
    start = "from experiments.command_line import main; import sys; sys.exit(main())"
    words = [sys.executable, "-c", start, "train", "s.h5", "--out", str(tmp_path / "run")]
    process = subprocess.Popen(
        words,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, PYTHONPATH=PROJECT),
        preexec_fn=heed_ctrl_c,
    )
    maps = Path("/proc", str(process.pid), "maps")
    until(lambda: "_multiarray_umath" in maps.read_text(), process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert errors == "egl: train: interrupted; rerun the same command to resume\n"
    assert process.returncode == 130


def test_a_scoring_process_that_is_killed(small, whole, tmp_path):
    """The command notices and ends with a line, or goes on; the rerun ends as if undisturbed."""
    name = "select with workers"
    command, folder = small[name], str(tmp_path)
    process = command.start(folder)
    workers = []

    def started():
        workers[:] = [member for member in family(process.pid) if scores(member.number)]
        return workers

    until(started, process)
    kill(workers[0])
    status = wait(process)
    assert status in (0, 2)
    lines = said(folder).splitlines()
    assert status == 0 or (len(lines) == 1 and "a scoring process died" in lines[0]), lines
    assert gone(workers)
    assert_as_undisturbed(command, folder, whole[name])


def scores(number):
    try:
        return b"spawn_main" in Path("/proc", str(number), "cmdline").read_bytes()
    except OSError:
        return False


def on_small_disk(size, script, tmp_path):
    """Run a shell script with a disk of that size mounted on tmp_path/disk, for it alone."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("only root may mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size={size} none {disk} || exit 77; "
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", mount + script],
        capture_output=True,
        text=True,
        env=dict(os.environ, PYTHONPATH=PROJECT),
        timeout=SECONDS,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no mount here")
    return done


def test_a_disk_that_is_full_in_a_snapshot(small, whole, tmp_path):
    """A snapshot has 16 MB. The second one must find room beside the first."""
    command, disk, kept = small["train"], tmp_path / "disk", tmp_path / "kept"
    line = " ".join(shlex.quote(word) for word in command.line(str(disk)))
    script = (
        f"{line}; echo status $?; find {disk}; echo rerun >&2; "
        f"mount -o remount,size=90m {disk}; {line} && cp -r {disk} {kept}"
    )
    done = on_small_disk("30m", script, tmp_path)
    first, last = done.stderr.split("rerun\n")
    lines = [text for text in first.splitlines() if not text.startswith("device ")]
    assert "status 2\n" in done.stdout
    assert len(lines) == 1, lines
    assert "iter_000020: cannot be written (No space left on device)" in lines[0]
    assert {"iter_000010", "rounds.csv"} <= set(re.findall(r"[^/\n]+$", done.stdout, re.M))
    assert ".writing" not in done.stdout
    assert done.returncode == 0, last
    assert difference(results(str(kept / "run")), whole["train"].results) == ""


TABLES = """
import os, sys
import numpy as np
from data_prep.errors import DataError
from egl.training.run_folder import RunFolder
from egl.training.run_files import QUERIES, ROUNDS

disk = sys.argv[1]
run = RunFolder(disk + "/run", {"seed": 1})

def add(n):
    row = {**dict.fromkeys(ROUNDS, 0.123456), "iteration": n}
    run.add_round(row, {"test": np.full(3000, 0.5)})
    run.add_queries([{**dict.fromkeys(QUERIES, "x" * 20), "patch": k} for k in range(200)])

def bytes_of():
    names = ("rounds.csv", "queries.csv", "predictions.h5", "settings.json")
    return [open(disk + "/run/" + name, "rb").read() for name in names]

add(1)
run.write()
before = bytes_of()
add(2)
with open(disk + "/filler", "wb", buffering=0) as filler:
    try:
        while True:
            filler.write(b"x" * 4096)
    except OSError:
        pass
for work in (run.write, lambda: run.finish({"seconds": 1.0})):
    try:
        work()
    except DataError as error:
        assert "No space left on device" in str(error), error
        assert "\\n" not in str(error)
        print(str(error).split(":")[0])
    else:
        raise SystemExit("the disk was not full")
    assert bytes_of() == before
    assert sorted(os.listdir(disk + "/run")) == [
        "predictions.h5", "queries.csv", "rounds.csv", "settings.json"]
os.remove(disk + "/filler")
run.write()
assert bytes_of() != before
run.finish({"seconds": 1.0})
assert run.finished
"""


def test_a_disk_that_is_full_in_the_tables_of_a_run(tmp_path):
    disk = tmp_path / "disk"
    line = [sys.executable, "-c", TABLES, str(disk)]
    done = on_small_disk("400k", " ".join(map(shlex.quote, line)), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [f"{disk}/run/rounds.csv", f"{disk}/run/metrics.json"]


def test_no_duration_by_a_clock_that_jumps():
    """The date serves for the labelling pool, whose times people read; all else is monotonic."""
    found = [
        str(path.relative_to(PROJECT))
        for room in ("data_prep", "egl", "experiments")
        for path in Path(PROJECT, room).rglob("*.py")
        if re.search(r"\btime\.time\(|datetime\.now\(\) *-", path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_a_clock_that_jumps_back_and_forth(caffe, small_store, tmp_path, monkeypatch):
    from egl.selection.run import select
    from egl.selection.settings import RunSettings, SelectionSettings
    from egl.training.full_training import train
    from egl.training.settings import FullTrainingSettings, TrainerSettings

    trainer = TrainerSettings(batch=16)
    rounds = SelectionSettings(iterations=4, k=8, candidates=16, initial_iterations=2)
    settings = replace(RunSettings(), by="patch", trainer=trainer, selection=rounds)
    full = FullTrainingSettings(trainer=trainer, epochs=1)
    found = {}
    date, jumps = time.time, (10**6 * (-1) ** n for n in itertools.count())
    for name in ("steady", "jumping"):
        began = time.monotonic()
        seconds = [
            select(small_store, settings, str(tmp_path / name / "select"))["seconds"],
            train(small_store, full, str(tmp_path / name / "train"))["seconds"],
        ]
        assert all(0 <= value <= time.monotonic() - began for value in seconds), name
        found[name] = results(str(tmp_path / name))
        monkeypatch.setattr(time, "time", lambda: date() + next(jumps))
    assert difference(found["steady"], found["jumping"]) == ""
