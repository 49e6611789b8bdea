"""The page as `egl label` serves it: started, spoken to, and ended."""

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError

import pytest

from labelling.answers import MASK
from tests.labelling.test_mixing import block

ROOT = str(Path(__file__).resolve().parents[3])
START = "import sys; from experiments.command_line import main; sys.exit(main(sys.argv[1:]))"


@contextmanager
def serving(pool, model, *options):
    """Yield (process, address)."""
    words = ["label", pool.path, "--model", model, "--stride", "24", *options]
    process = subprocess.Popen(
        [sys.executable, "-c", START, *words],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        assert line.startswith("label at "), process.stderr.read()
        yield process, line.split()[-1]
    finally:
        process.kill()
        process.communicate()


def ask(address, path, **values):
    """Return the JSON of a request; values: what is posted, if anything."""
    body = json.dumps(values).encode() if values else None
    request = urllib.request.Request(address + path, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.loads(reply.read())


def test_it_serves_learns_meanwhile_and_ends(caffe, real_pool, tiny_model):
    for number in (1, 2):
        real_pool.answers.add(number, "ann", MASK, 30, block(real_pool, number))
    with serving(real_pool, tiny_model, "--learn-every", "3", "--iterations", "5") as (
        process,
        address,
    ):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", address)
        with pytest.raises(HTTPError, match="403"):
            urllib.request.urlopen(re.sub(r"/[\w-]{32}/", "/none/", address))
        state = ask(address, "api/next", who="ann")
        assert state["id"] == 3
        y, x = (int(values.mean()) for values in block(real_pool, 3).nonzero())
        stroke = ask(
            address, "api/photographs/3/strokes", who="ann", drawing=0, last=0, tool="brush",
            body={"radius": 30, "points": [[x, y]]},
        )  # fmt: skip
        values = {"who": "ann", "drawing": 0, "last": stroke["id"], "kind": "mask", "seconds": 9}
        assert ask(address, "api/photographs/3/answer", **values) == {"agreement": []}
        assert ask(address, "api/next", who="ann")["id"] in (4, 5, 6)  # without waiting
        assert ask(address, "api/photographs/4/layers")["levels"]
        end = time.monotonic() + 300
        while True:
            status = ask(address, "api/status")
            assert not status["learner"]["message"], status
            if status["model"]["id"] == 2:
                break
            assert time.monotonic() < end, status
            time.sleep(0.2)
        assert status["model"]["answers"] == 3 and status["answered"] == 3
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
        assert process.returncode == 0 and "ended; start it again to go on" in out


def test_a_port_in_use_is_said_so(caffe, real_pool, tiny_model):
    with serving(real_pool, tiny_model, "--learn-every", "0") as (_, address):
        port = address.split(":")[2].split("/")[0]
        words = ["label", real_pool.path, "--model", tiny_model, "--port", port]
        done = subprocess.run(
            [sys.executable, "-c", START, *words], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1].startswith(
            f"egl: label: --host 127.0.0.1 --port {port}"
        )
