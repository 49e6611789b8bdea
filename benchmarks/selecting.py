"""Whole runs of `egl select`, with one worker and with two. Standard library only.

The runs are those of Fig. 2's EGL arm: Algorithm 2, images and patches chosen by phi. A run is
timed from the shell, so start-up, reading photographs, SGD and evaluation count.
"""

import json
import os
import subprocess
import sys
from typing import Any, Callable, Dict, List

from benchmarks.comparing import alternate, comparison
from benchmarks.sizes import Sizes
from data_prep.files import sha256_of

FILES = ("rounds.csv", "queries.csv", "predictions.h5")
LABELS = {1: "1 worker", 2: "2 workers"}


def measure(egl: str, folder: str, sizes: Sizes) -> Dict[str, Any]:
    """Return a dict for JSON: compared, equal; seconds, seconds_choosing of a run with one worker.

    egl: path of the command; folder: where benchmarks.pool has put store.h5
    """
    runs: Dict[int, List[str]] = {workers: [] for workers in LABELS}

    def run(workers: int) -> Callable[[], int]:
        def work() -> int:
            out = os.path.join(folder, f"select-{workers}-{len(runs[workers])}")
            select(egl, os.path.join(folder, "store.h5"), out, sizes.select, workers)
            runs[workers].append(out)
            return 1

        return work

    sides = {label: run(workers) for workers, label in LABELS.items()}
    # Without a warm-up: a run is a process of its own, and benchmarks.pool has just read every
    # photograph.
    rates = alternate(sides, sizes.select_repeats, warm_up=False)
    seconds = {label: [1 / rate for rate in values] for label, values in rates.items()}
    every = runs[1] + runs[2]
    different = [name for name in FILES if len({digest(out, name) for out in every}) > 1]
    with open(os.path.join(runs[1][0], "metrics.json"), encoding="utf-8") as file:
        metrics = json.load(file)
    return {
        "compared": [
            comparison("select_workers_2", "seconds a run", seconds, LABELS[2], LABELS[1])
        ],
        "equal": [
            {
                "what": f"egl select: {', '.join(FILES)}, 2 workers against 1 (files that differ)",
                "difference": len(different),
                "limit": 0,
            }
        ],
        "seconds": seconds[LABELS[1]][0],
        "seconds_choosing": metrics["seconds_choosing"],
    }


def select(egl: str, store: str, out: str, options: str, workers: int) -> None:
    """Run `egl select`; exits where it fails, its message is on standard error."""
    command = [egl, "select", store, "--strategy", "egl", "--by", "image", "--out", out]
    command += ["--device", "cpu", "--workers", str(workers), *options.split()]
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
        sys.exit("egl select failed, see above")


def digest(out: str, name: str) -> str:
    """Return the SHA-256 of a run's file."""
    return sha256_of(os.path.join(out, name))
