"""compose.yaml as far as it can be tested without Docker: the cluster's commands run for real."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data_prep.errors import DataError

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def compose():
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))


def test_every_service_is_shut_in(compose):
    for name, service in compose["services"].items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges"], name
        alone = service.get("network_mode") == "none"
        assert alone != (service.get("networks") == ["cluster"]), name
        assert service["image"] in ("egl-caffe:cpu", "egl-caffe:cuda")
        assert "ports" not in service
    assert compose["networks"] == {"cluster": {"internal": True}}


def test_the_commands_are_those_of_egl(compose, monkeypatch):
    from experiments.command_line import parser

    monkeypatch.delenv("EGL_SHARED", raising=False)  # the image's folders are not runtime/caffe's
    for name in ("quick", "data", "pool"):
        assert parser().parse_args(compose["services"][name]["command"]).command


def test_the_scheduler_s_and_the_worker_s_commands_make_a_cluster(compose, tmp_path):
    """As compose starts them, but on a port of this machine, and in a folder of the test."""
    pytest.importorskip("distributed")
    if shutil.which("dask-scheduler") is None:
        pytest.skip("no dask-scheduler: python3-distributed is not installed as a package")
    from labelling.executors import executor_for, results_of

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = {"8786": str(port), "tcp://scheduler:8786": f"tcp://127.0.0.1:{port}", "/tmp": "."}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(PROJECT), *sys.path])}
    with contextlib.ExitStack() as stack:

        def start(name, environment):
            service = compose["services"][name]
            wrapper, *program = service["entrypoint"]
            assert (PROJECT / os.path.relpath(wrapper, "/opt/egl")).is_file()
            command = [*program, *(words.get(word, word) for word in service["command"])]
            log = stack.enter_context(open(tmp_path / name, "a"))
            process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.terminate)

        start("scheduler", environment)
        start("worker", environment)
        with executor_for(scheduler=f"tcp://127.0.0.1:{port}") as (executor, at_once):
            assert at_once == 1
            assert list(results_of(executor, at_once, abs, [(-1,), (-2,)])) == [1, 2]
        # A worker that was started elsewhere, where the package is not.
        start("worker", {name: environment[name] for name in environment if name != "PYTHONPATH"})
        with pytest.raises(DataError, match="a worker cannot import this package"):
            for _ in range(200):  # until it is there
                with executor_for(scheduler=f"tcp://127.0.0.1:{port}"):
                    time.sleep(0.1)
