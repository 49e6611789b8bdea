"""Files on which `make fuzz` found a fault, each read again; and that fuzzing finds faults."""

import os
import signal
from pathlib import Path

import pytest

from data_prep.errors import DataError
from tests.campaign import fuzz

FOUND = sorted((Path(__file__).parent / "found").iterdir())


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_was_found_is_mended(path, request, tmp_path, monkeypatch):
    target = fuzz.target_of(path.name)
    if target.needs_caffe:
        request.getfixturevalue("caffe")
    monkeypatch.chdir(tmp_path)
    assert outcome(target, path.read_bytes()) == ""


def outcome(target, data):
    """Read a file in a child process, as fuzzing does; return what is wrong."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            fuzz.be_quiet()
            os.write(theirs, fuzz.problem(target, data).encode()[:60000])
        finally:
            os._exit(0)
    os.close(theirs)
    with open(ours, "rb") as file:
        found = file.read().decode()
    _, status = os.waitpid(child, 0)
    return found or (f"its process ended with {status}" if status else "")


def read_or(fault):
    def read(path):
        content = Path(path).read_bytes()
        if content[:1] == b"x":
            fault(path)
        raise DataError(f"{path}: no x")

    return read


def die(path):
    os.kill(os.getpid(), signal.SIGSEGV)


def raise_ours_without_the_name(path):
    raise DataError("something is wrong")


def raise_another(path):
    raise KeyError("x")


@pytest.mark.parametrize(
    ("fault", "how"),
    [(die, "ended with 11"), (raise_another, "KeyError"),
     (raise_ours_without_the_name, "without the file's name")],
)  # fmt: skip
def test_faults_are_found(fault, how, monkeypatch):
    def damaged(random, data):
        return b"x" if random.randint(3) == 0 else data

    target = fuzz.Target("broken.txt", lambda: [b"good"], damaged, read_or(fault))
    monkeypatch.setitem(fuzz.TARGETS, target.name, target)
    (found, *_), counts = fuzz.fuzz([target.name], 0.5, 1)
    assert (found.target, found.data) == ("broken.txt", b"x")
    assert how in found.how
    assert counts["broken.txt"] > 0


@pytest.mark.parametrize("name", list(fuzz.TARGETS))
def test_a_few_cases_of_every_kind(name, request, tmp_path, monkeypatch):
    target = fuzz.TARGETS[name]
    if target.needs_caffe:
        request.getfixturevalue("caffe")
    monkeypatch.chdir(tmp_path)
    seeds = fuzz.seeds_of(target)
    for seed in seeds:  # good files are read
        assert fuzz.problem(target, seed) == ""
    for case in range(3):
        assert outcome(target, fuzz.make_case(target, seeds, [7, case])) == ""


def test_a_case_is_made_again_by_its_numbers():
    target = fuzz.TARGETS["photograph.png"]
    seeds = fuzz.seeds_of(target)
    made = [fuzz.make_case(target, seeds, [1, number]) for number in (5, 5, 6)]
    assert made[0] == made[1] != made[2]
    assert fuzz.target_of(fuzz.file_name("resumed/rounds.csv", "1-5")).name == "resumed/rounds.csv"
