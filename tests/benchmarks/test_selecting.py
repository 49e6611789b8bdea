"""Whole runs of `egl select`, with a stand-in for the command."""

import json
import stat

import pytest

from benchmarks import selecting
from benchmarks.sizes import SMALL

EGL = """\
#!/usr/bin/env python3
import json, os, sys
options = dict(zip(sys.argv[3::2], sys.argv[4::2]))
os.makedirs(options["--out"])
def write(name, text):
    with open(os.path.join(options["--out"], name), "w") as file:
        file.write(text)
write("rounds.csv", "iteration,f_measure\\n5,0.5\\n")
write("predictions.h5", "the same")
write("queries.csv", {queries})
write("metrics.json", json.dumps({{"seconds_choosing": 1.5, "arguments": sys.argv[1:]}}))
"""


@pytest.fixture
def measure(tmp_path):
    def run(queries):
        egl = tmp_path / "egl"
        egl.write_text(EGL.format(queries=queries))
        egl.chmod(egl.stat().st_mode | stat.S_IEXEC)
        return selecting.measure(str(egl), str(tmp_path), SMALL)

    return run


def test_two_workers_are_compared_with_one_in_seconds(measure, tmp_path):
    found = measure('"the same"')
    (compared,) = found["compared"]
    assert (compared["name"], compared["unit"]) == ("select_workers_2", "seconds a run")
    assert (compared["ours"]["label"], compared["theirs"]["label"]) == ("2 workers", "1 worker")
    assert found["seconds"] == compared["theirs"]["values"][0] > 0
    assert found["seconds_choosing"] == 1.5
    assert found["equal"][0]["difference"] == 0
    for workers in (1, 2):
        metrics = json.loads((tmp_path / f"select-{workers}-0" / "metrics.json").read_text())
        arguments = " ".join(metrics["arguments"])
        assert arguments.startswith(f"select {tmp_path}/store.h5 --strategy egl --by image")
        assert f"--workers {workers} {SMALL.select}" in arguments


def test_runs_with_other_bytes_are_told(measure):
    found = measure('options["--workers"]')
    assert found["equal"][0]["difference"] == 1
    assert found["equal"][0]["limit"] == 0


def test_a_command_that_fails_ends_the_benchmark(tmp_path):
    with pytest.raises(SystemExit, match="egl select failed"):
        selecting.measure("false", str(tmp_path), SMALL)
