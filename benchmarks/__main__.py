"""Measure all, and write benchmarks.md, benchmarks.json and benchmarks.png:   python3 -m benchmarks

Runs on the host and needs nothing but Python 3.8: what needs Caffe goes through runtime/caffe, what needs PyTorch into
an environment of its own. Leave the machine alone meanwhile.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

from benchmarks import peers
from benchmarks.peers_environment import NoEnvironment, peers_python
from benchmarks.sizes import FULL, SMALL, write_sizes

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WITH_CAFFE = [os.path.join(PROJECT, "runtime", "caffe"), "python3"]


def main():
    parser = argparse.ArgumentParser(
        prog="python3 -m benchmarks", description=__doc__.split("\n", 1)[0]
    )
    parser.add_argument(
        "--out",
        default=os.path.join(PROJECT, "docs"),
        help="folder for the results (default: docs)",
    )
    parser.add_argument(
        "--small",
        action="store_true",
        help="tiny sizes, to see that everything runs: the numbers mean nothing",
    )
    options = parser.parse_args()
    if options.small and os.path.realpath(options.out) == os.path.join(
        os.path.realpath(PROJECT), "docs"
    ):
        parser.error("--small measures nothing worth keeping in docs: give another --out")
    began = time.time()
    try:
        python, missing = peers_python(), None
    except NoEnvironment as error:
        python, missing = None, str(error)
    sizes = SMALL if options.small else FULL
    with tempfile.TemporaryDirectory(prefix="egl-benchmarks-") as folder:
        write_sizes(folder, sizes)
        say("a phantom, and a LeNet trained on it")
        with_caffe("inputs", folder)
        say("in Caffe")
        with_caffe("in_caffe", folder)
        say("memory of the dense route")
        memory = [
            json.loads(with_caffe("dense_memory", folder, str(stride)))
            for stride in sizes.dense_strides
        ]
        write(folder, "memory.json", memory)
        say("against small-text and torch.func")
        write(
            folder,
            "peers.json",
            {"missing": missing}
            if missing
            else peers.measure(WITH_CAFFE, python, PROJECT, folder, sizes),
        )
        write(
            folder,
            "run.json",
            {"small": options.small, "began": began, "seconds": time.time() - began},
        )
        with_caffe("report", folder, os.path.abspath(options.out))
    say(
        "wrote {} after {:.0f} s".format(
            os.path.join(options.out, "benchmarks.md"), time.time() - began
        )
    )


def with_caffe(module, *arguments):
    """Run benchmarks.`module` where Caffe is; return its standard output. Exits if it fails: its words are on standard error."""
    command = [*WITH_CAFFE, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"benchmarks.{module} failed, see above")
    return done.stdout


def write(folder, name, value):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(value, file)


def say(what):
    print(f"benchmarks: {what}", file=sys.stderr)


if __name__ == "__main__":
    main()
