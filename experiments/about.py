"""How results came about: machine, versions, cost; and what was less than in the paper."""

import os
import platform
from datetime import datetime, timezone
from typing import Any, Counter, List, Mapping, NamedTuple, Optional, Set, Tuple

import numpy as np

from data_prep import __version__
from data_prep.settings import flat
from egl.nets.runtime import blas_description
from experiments.protocols import FULL
from experiments.results import REMEDY, DamagedRun, Results
from experiments.setups import SETUPS


class Cost(NamedTuple):
    """experiment; runs: its finished runs; hours: of one core, of those not counted above it."""

    experiment: str
    runs: int
    hours: float


def costs(results: Results, modules: Mapping[str, Any]) -> Tuple[List[Cost], str]:
    """Return what each experiment's runs took, and the commits that made them, in words.

    A run that two experiments share counts for the first. DamagedRun where a run's metrics.json
    does not hold its seconds.
    """
    seen: Set[str] = set()
    commits: Counter[str] = Counter()
    found = []
    for name, module in modules.items():
        runs = [run for run in module.tasks(results.protocol) if results.finished(run)]
        metrics = {run: results.metrics(run) for run in runs if run not in seen}
        for run, of_run in metrics.items():
            if not isinstance(of_run["seconds"], (int, float)):
                path = os.path.join(results.run(run), "metrics.json")
                raise DamagedRun(run, f"{path}: its seconds are no number; {REMEDY}")
        hours = sum(of_run["seconds"] for of_run in metrics.values()) / 3600
        found.append(Cost(name, len(runs), hours))
        commits.update(str(of_run.get("commit") or "unknown") for of_run in metrics.values())
        seen.update(runs)
    return found, ", ".join(f"{commit} ({n} runs)" for commit, n in sorted(commits.items()))


def surroundings(results: Results, commits: str, seconds: Optional[float]) -> List[Tuple[str, str]]:
    """Return (name, value) pairs: versions, machine, time.

    commits: of the runs; seconds: the command has taken, None if it has run nothing
    """
    commit = os.environ.get("EGL_COMMIT") or "unknown"
    blas = "{library} {version} with {kernels} kernels, one thread a run"
    pairs = [
        ("version", f"{__version__}, commit {commit}"),
        ("drawn", datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("machine", f"{_processor()}, {len(os.sched_getaffinity(0))} cores for this process"),
        ("device", results.protocol.images.trainer.device),
        ("Python, numpy", f"{platform.python_version()}, {np.__version__}"),
        ("BLAS", ", ".join(blas.format(**pool) for pool in blas_description())),
    ]
    if seconds is not None:
        minutes, rest = divmod(seconds, 60)
        words = f"{minutes:.0f} min {rest:.0f} s; what was finished before was not made again"
        pairs.append(("last start of the command took", words))
    return [*pairs, ("the runs' commits", commits)]


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            models = [line for line in file if line.startswith("model name")]
    except OSError:
        models = []
    return models[0].split(":", 1)[1].strip() if models else platform.machine()


def described(protocol: Any) -> str:
    """Return the set-up of SGD of the runs, in words."""
    trainer = protocol.images.trainer
    scale = f"pixels minus the {'training' if trainer.scaling == 'mean' else 'patch'} mean"
    return (
        f"{SETUPS[protocol.setup].title}: {scale}, times 1/{1 / trainer.factor:.4g}; rate "
        f"{trainer.rate:g}, {trainer.lr_policy}; momentum {trainer.momentum:g}, weight decay "
        f"{trainer.weight_decay:g}"
    )


def scaled(protocol: Any) -> List[Tuple[str, Any, Any]]:
    """Return what differs from the paper's own protocol: (name, here, there)."""
    full = dict(flat(FULL))
    return [
        (name, value, full[name])
        for name, value in flat(protocol)
        if name != "name" and value != full[name]
    ]
