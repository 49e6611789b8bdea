import errno
import fcntl
import os
import signal
import subprocess
import sys

import pytest

from data_prep.errors import DataError
from data_prep.locks import locked, try_lock

HOLD = """
import sys, time
from data_prep.locks import locked
with locked(sys.argv[1]):
    print("in", flush=True)
    time.sleep(60)
"""


def holder(folder):
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, env=environment
    )
    assert process.stdout.readline() == b"in\n"
    return process


def test_a_second_process_is_told_and_a_dead_one_does_not_block(tmp_path):
    process = holder(tmp_path)
    try:
        with pytest.raises(
            DataError, match="another process has been at work here since 20"
        ), locked(str(tmp_path)):
            pass
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    with locked(str(tmp_path)):
        pass


def test_a_lock_is_given_back_after_an_error(tmp_path):
    with pytest.raises(KeyError), locked(str(tmp_path)):
        raise KeyError
    with locked(str(tmp_path)):
        pass


def test_a_file_system_without_locks_keeps_nobody_out(tmp_path, monkeypatch):
    def no_locks(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with locked(str(tmp_path)) as descriptor, locked(str(tmp_path)):
        assert try_lock(descriptor) is None
