"""Measure everything, and write benchmarks.md, .json and .png:   python3 -m benchmarks

Runs on the host with Python 3.8 or later. Programs that need Caffe go through runtime/caffe, those
that need PyTorch run in an environment of their own. Leave the machine alone meanwhile.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any

from benchmarks import peers, selecting
from benchmarks.peers_environment import NoEnvironment, peers_python
from benchmarks.sizes import FULL, SMALL, Sizes, write_sizes
from data_prep.files import write_text

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WITH_CAFFE = [os.path.join(PROJECT, "runtime", "caffe"), "python3"]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python3 -m benchmarks", description=(__doc__ or "").split("\n", 1)[0]
    )
    docs = os.path.join(PROJECT, "docs")
    parser.add_argument("--out", default=docs, help="folder for the results (default: docs)")
    parser.add_argument(
        "--small",
        action="store_true",
        help="tiny sizes, to see that everything runs; the numbers mean nothing",
    )
    options = parser.parse_args()
    if options.small and os.path.realpath(options.out) == os.path.realpath(docs):
        parser.error("--small measures nothing worth keeping in docs: give another --out")
    began, start = time.time(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="egl-benchmarks-") as folder:
        measure(folder, SMALL if options.small else FULL)
        run = {"small": options.small, "began": began, "seconds": time.monotonic() - start}
        write(folder, "run", run)
        with_caffe("report", folder, os.path.abspath(options.out))
    path = os.path.join(options.out, "benchmarks.md")
    say(f"wrote {path} after {time.monotonic() - start:.0f} s")


def measure(folder: str, sizes: Sizes) -> None:
    """Measure everything, and leave the results in `folder` as JSON files for benchmarks.report."""
    write_sizes(folder, sizes)
    # First, so that a missing network is known before the long measurements.
    peers_result = {}
    try:
        python = peers_python()
    except NoEnvironment as error:
        peers_result = {"missing": str(error)}
    say("drawing a phantom, and training LeNet on it")
    with_caffe("inputs", folder)
    say("in Caffe")
    with_caffe("in_caffe", folder)
    say("memory of the dense route")
    memory = [
        json.loads(with_caffe("dense_memory", folder, str(stride)))
        for stride in sizes.dense_strides
    ]
    write(folder, "memory", memory)
    say("whole runs of egl select")
    with_caffe("pool", folder)
    egl = os.path.join(PROJECT, "runtime", "egl")
    write(folder, "selecting", selecting.measure(egl, folder, sizes))
    say("ranking a pool")
    with_caffe("ranking", folder)
    say("against small-text and torch.func")
    if not peers_result:
        peers_result = peers.measure(WITH_CAFFE, python, PROJECT, folder, sizes)
    write(folder, "peers", peers_result)


def with_caffe(module: str, *arguments: str) -> str:
    """Run benchmarks.`module` where Caffe is, and return its standard output.

    Exits if it fails; its message is then on standard error.
    """
    command = [*WITH_CAFFE, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"benchmarks.{module} failed, see above")
    return done.stdout


def write(folder: str, name: str, value: Any) -> None:
    write_text(os.path.join(folder, f"{name}.json"), json.dumps(value))


def say(message: str) -> None:
    print(f"benchmarks: {message}", file=sys.stderr)


if __name__ == "__main__":
    main()
