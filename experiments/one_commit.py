"""All runs of a folder from one commit: what other code made is thrown away and made anew."""

import json
import os
import shutil
from typing import Iterable

from data_prep.files import write_json
from egl.errors import EglError
from egl.training.run_files import read_metrics
from experiments.processes import BadInput

COMMIT = ".commit.json"  # beside the runs: whose code worked there last


def keep_one_commit(folder: str, names: Iterable[str]) -> None:
    """Remove those runs in `folder` that another commit than the present one made or began.

    names: the runs that are wanted; others are left alone. Raises BadInput where the present commit
    is not known, or where files differ from it.
    """
    commit = os.environ.get("EGL_COMMIT") or ""
    if not commit or commit.endswith("-dirty"):
        raise BadInput(
            f"--one-commit: the code is {commit or 'of no known commit'}; run it by runtime/egl "
            "from a clone of the repository without local changes"
        )
    began_here = _last_commit(folder) == commit
    for name in names:
        run = os.path.join(folder, name)
        if os.path.exists(os.path.join(run, "metrics.json")):
            same = _commit_of(run) == commit
        else:
            same = began_here
        if not same and os.path.isdir(run):
            print(f"{run}: made by other code; it is made anew", flush=True)
            shutil.rmtree(run)
    os.makedirs(folder, exist_ok=True)
    write_json(os.path.join(folder, COMMIT), {"commit": commit})


def _commit_of(run: str) -> str:
    try:
        return str(read_metrics(run).get("commit"))
    except EglError:
        return "damaged"


def _last_commit(folder: str) -> str:
    try:
        with open(os.path.join(folder, COMMIT), encoding="utf-8") as file:
            return str(json.load(file)["commit"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
