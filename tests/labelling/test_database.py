import os
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest

from data_prep.errors import DataError
from labelling import database
from labelling.database import Database
from labelling.pool import Pool


def test_there_must_be_a_pool_to_open(tmp_path):
    with pytest.raises(DataError, match="no such pool; make one with: egl index"):
        Database(str(tmp_path / "none"))
    with pytest.raises(DataError, match="no such pool"):
        Database(str(tmp_path))


def test_files_that_are_no_pools_are_refused(tmp_path):
    text = tmp_path / "text"
    text.write_text("ring\n" * 1000)
    other = str(tmp_path / "other.sqlite")
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    for path in (str(text), other):
        before = open(path, "rb").read()
        for create in (False, True):
            with pytest.raises(DataError, match=f"^{path}: .* pool of photographs"):
                Database(path, create)
        assert open(path, "rb").read() == before


def test_another_version_is_refused(tmp_path):
    path = str(tmp_path / "pool")
    Database(path, create=True).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DataError, match="of version 99, but this program reads version 1"):
        Database(path)


def test_a_damaged_pool_is_named(pool):
    pool.close()
    with open(pool.path, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 20000)
    with pytest.raises(DataError, match=f"{pool.path}: not a pool of photographs, or a damaged"):
        list(Pool(pool.path).photographs.usable())


def test_a_transaction_is_kept_whole_or_not_at_all(pool):
    with pytest.raises(KeyError), pool.together():
        pool.note("first", 1)
        with pool.together():
            pool.note("second", 2)
        raise KeyError
    assert pool.fact("first") is None and pool.fact("second") is None
    with pool.together():
        pool.note("first", 1)
    assert pool.fact("first") == 1


def test_a_writer_waits_for_another_and_says_so_in_the_end(pool, monkeypatch):
    monkeypatch.setattr(database, "WAIT", 0.1)
    other = Database(pool.path)
    with pool.together():
        pool.note("a", 1)
        with pytest.raises(DataError, match="another process has been writing to it"):
            with other.writing():
                pass
    with other.writing():
        pass


def test_each_thread_has_a_connection_of_its_own(pool):
    threads = [
        threading.Thread(target=pool.answers.add, args=(1, f"p{number}", "healthy"))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pool.answers.history(1)) == 8


KILLED = """
import os, signal, sys
from labelling.pool import Pool
pool = Pool(sys.argv[1])
for number in range(5):
    pool.answers.add_stroke(1, "p", "brush", {"number": number})
with pool.together():
    pool.answers.add_stroke(1, "p", "brush", {"number": 5})
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_the_open_transaction_alone(pool):
    pool.close()
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, pool.path], env={**os.environ, "PYTHONPATH": root}
    )
    assert done.returncode == -signal.SIGKILL
    strokes = Pool(pool.path).answers.strokes(1, "p")
    assert [stroke.body["number"] for stroke in strokes] == [0, 1, 2, 3, 4]
