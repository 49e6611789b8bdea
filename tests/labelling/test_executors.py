import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data_prep.errors import DataError
from labelling.executors import LostWorker, executor_for, in_chunks, results_of


def square(number):
    time.sleep(0.05 if number == 0 else 0)
    return number**2


def die_once(path, number):
    """Die where the file is there, which goes with the first one to die."""
    if number == 2 and os.path.exists(path):
        os.remove(path)
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(number):
    os.kill(os.getpid(), signal.SIGKILL)


def fail(number):
    raise DataError(f"file {number}")


def test_results_come_in_order_and_chunks_are_read_as_they_are_wanted():
    read = []

    def chunks():
        for number in range(20):
            read.append(number)
            yield (number,)

    with executor_for(2) as (executor, at_once):
        results = results_of(executor, at_once, square, chunks())
        assert next(results) == 0 and len(read) == 4
        assert list(results) == [number**2 for number in range(1, 20)]


def test_the_chunks_of_a_dead_process_are_done_again(tmp_path):
    path = tmp_path / "die"
    path.touch()
    with executor_for(2) as (executor, at_once):
        chunks = ((str(path), number) for number in range(6))
        assert list(results_of(executor, at_once, die_once, chunks)) == list(range(6))
    assert not path.exists()


def test_a_chunk_that_kills_every_process_and_one_with_bad_input():
    with executor_for(1) as (executor, at_once):
        with pytest.raises(LostWorker, match="3 processes died"):
            list(results_of(executor, at_once, die, [(1,)]))
        with pytest.raises(DataError, match="file 1"):
            list(results_of(executor, at_once, fail, [(1,)]))


def test_in_chunks():
    assert list(in_chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]


def test_a_scheduler_that_is_not_there():
    pytest.importorskip("distributed")
    with pytest.raises(DataError, match="--scheduler nonsense: cannot be reached"):
        with executor_for(1, "nonsense"):
            pass


ORPHAN = """
import os, time
from labelling.executors import Processes
if __name__ == "__main__":
    processes = Processes(1)
    print(processes.submit(os.getpid).result(), flush=True)
    time.sleep(60)
"""


def test_a_process_ends_when_its_parent_is_killed(tmp_path):
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN)
    root = str(Path(__file__).resolve().parents[2])
    parent = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 20
    while is_running(child):
        assert time.monotonic() < end
        time.sleep(0.05)


def is_running(process):
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
