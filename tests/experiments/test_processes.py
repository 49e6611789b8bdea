import multiprocessing
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from data_prep.errors import DataError
from egl.errors import EglError
from experiments.processes import BadInput, Failure, end_children, run_in_child


def add(a, b, progress):
    progress(1, 2)
    progress(2, 2)
    return a + b


def bad_data(progress):
    raise DataError("eye.jpg: is no image")


def bad_settings(progress):
    raise EglError("k must be at least 1")


def bug(progress):
    return {}["key"]


def dies(progress):
    os._exit(7)


def aborts_in_caffe(progress):
    from egl.nets.runtime import import_caffe

    caffe = import_caffe()
    caffe.Net(os.path.join(os.path.dirname(__file__), "no_such_layer.prototxt"), caffe.TEST)


def starts_another_and_aborts(pid_file, progress):
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(pid_file).write_text(str(process.pid))
    os.abort()


def in_a_process_of_its_own(progress):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(len, ("abc",))


def sleeps(progress):
    progress(0, 1)
    time.sleep(60)


def test_result_and_progress(tmp_path):
    seen = []
    assert (
        run_in_child(
            add, (2, 3), str(tmp_path / "run"), lambda done, total: seen.append((done, total))
        )
        == 5
    )
    assert seen == [(1, 2), (2, 2)]
    assert (tmp_path / "run" / "log.txt").exists()


@pytest.mark.parametrize(
    ("work", "message"),
    [(bad_data, "eye.jpg: is no image"), (bad_settings, "k must be at least 1")],
)
def test_bad_input_comes_back_as_one_line(tmp_path, work, message):
    with pytest.raises(BadInput) as error:
        run_in_child(work, (), str(tmp_path))
    assert str(error.value) == message


def test_a_bug_is_a_failure_with_its_traceback_in_the_log(tmp_path):
    with pytest.raises(Failure, match="KeyError: 'key'; see .*log.txt"):
        run_in_child(bug, (), str(tmp_path))
    assert "in bug" in (tmp_path / "log.txt").read_text()


def test_a_process_that_dies(tmp_path):
    with pytest.raises(Failure, match="ended by exit status 7"):
        run_in_child(dies, (), str(tmp_path))


def test_an_abort_inside_caffe_is_survived_and_explained(caffe, tmp_path):
    with pytest.raises(
        Failure, match="an abort inside Caffe.*Unknown layer type: NoSuchLayer"
    ) as error:
        run_in_child(aborts_in_caffe, (), str(tmp_path))
    assert "\n" not in str(error.value)
    assert (
        "in aborts_in_caffe" in (tmp_path / "log.txt").read_text()
    )  # the line of Python, by faulthandler


def test_an_interrupt_ends_the_child(tmp_path):
    def interrupt(done, total):
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_in_child(sleeps, (), str(tmp_path), interrupt)
    assert time.monotonic() - began < 20


def test_processes_that_the_child_started_end_with_it(tmp_path):
    """Also where the child had no time for it: Caffe aborts."""
    with pytest.raises(Failure, match="signal 6|an abort"):
        run_in_child(starts_another_and_aborts, (str(tmp_path / "pid"),), str(tmp_path))
    process = Path("/proc", (tmp_path / "pid").read_text(), "stat")
    began = time.monotonic()
    while (
        process.exists() and process.read_text().split()[2] != "Z" and time.monotonic() - began < 20
    ):
        time.sleep(0.01)
    assert not process.exists() or process.read_text().split()[2] == "Z"


def test_every_child_can_be_ended_from_another_thread(tmp_path):
    with ThreadPoolExecutor(2) as threads:
        calls = [
            threads.submit(
                run_in_child, sleeps, (), str(tmp_path / name), lambda done, total: end_children()
            )
            for name in "ab"
        ]
        for call in calls:
            with pytest.raises(Failure, match="ended by signal 15"):
                call.result(timeout=30)


def test_neither_the_child_nor_its_own_children_import_from_the_current_folder(
    tmp_path, monkeypatch
):
    for name in ("signal", "socket", "json", "numpy", "pickle"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('theirs')\n")
    monkeypatch.chdir(tmp_path)
    assert run_in_child(in_a_process_of_its_own, (), "run") == 3


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match="give another --out"):
        run_in_child(add, (1, 2), str(tmp_path / "file"))


def test_many_at_once_in_a_new_interpreter(tmp_path):
    """Threads that start their first child at the same moment."""
    script = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "import sys\n"
        "from experiments.processes import run_in_child\n"
        "from test_processes import add\n"
        "def work(n):\n"
        "    return run_in_child(add, (n, 1), sys.argv[1] + str(n))\n"
        "with ThreadPoolExecutor(4) as threads:\n"
        "    print(sorted(threads.map(work, range(4))))\n"
    )
    (tmp_path / "script.py").write_text(script)
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.pathsep.join([os.path.dirname(os.path.dirname(here)), here])
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "run")]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, env=dict(os.environ, PYTHONPATH=path)
    )
    assert done.stdout == "[1, 2, 3, 4]\n"


def test_a_folder_where_another_run_is_at_work(tmp_path):
    with ThreadPoolExecutor(1) as threads:
        at_work = threading.Event()
        work = run_in_child, sleeps, (), str(tmp_path), lambda done, total: at_work.set()
        first = threads.submit(*work)
        assert at_work.wait(60)
        with pytest.raises(DataError, match="another process has been at work here since"):
            run_in_child(add, (2, 3), str(tmp_path))
        end_children()
        with pytest.raises(Failure):
            first.result()
    assert run_in_child(add, (2, 3), str(tmp_path)) == 5


SLEEPS = (
    "import sys\n"
    "from experiments.processes import run_in_child\n"
    "from test_processes import sleeps\n"
    "run_in_child(sleeps, (), sys.argv[1], lambda done, total: print(done, flush=True))\n"
)


def test_a_child_ends_with_its_parent_and_leaves_the_folder_to_the_next(tmp_path):
    """Also where the parent was killed, and the child has nothing to tell it for a minute."""
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.pathsep.join([os.path.dirname(os.path.dirname(here)), here])
    command = [sys.executable, "-c", SLEEPS, str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=dict(os.environ, PYTHONPATH=path)
    ) as parent:
        assert parent.stdout.readline() == b"0\n"
        parent.kill()
    deadline = time.monotonic() + 10
    while True:
        try:
            assert run_in_child(add, (2, 3), str(tmp_path)) == 5
            break
        except DataError:  # the kernel has not yet ended it
            assert time.monotonic() < deadline
            time.sleep(0.02)
