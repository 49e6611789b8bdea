"""Rows judged in a process of their own: where one aborts, the table goes on after it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from tests.campaign.bad_input.inputs import Inputs
from tests.campaign.bad_input.rows import Row, problem_of

PROJECT = Path(__file__).resolve().parents[3]
_PROGRAM = (
    "import sys; sys.path[:] = sys.argv[5:]; "
    "from tests.campaign.bad_input.in_child import serve; serve(*sys.argv[1:5])"
)


def problems(group: str, rows: Sequence[Row], folder: Path, store: str) -> Dict[str, Optional[str]]:
    """Return {name of a row: its problem, or None}.

    group: the module of the rows; folder: for their input; store: path of a store
    """
    found: Dict[str, Optional[str]] = {}
    environment = dict(os.environ, GLOG_minloglevel="2")
    path = [str(PROJECT), *filter(None, sys.path)]
    while len(found) < len(rows):
        started = str(len(found))
        done = subprocess.run(
            [sys.executable, "-I", "-c", _PROGRAM, group, started, str(folder), store, *path],
            capture_output=True,
            env=environment,
            encoding="utf-8",
            errors="replace",
        )
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
        found.update(dict(lines))
        if len(found) < len(rows):  # it died in the next one
            words = done.stderr[-2000:]
            found[rows[len(found)].name] = f"ends the process by {done.returncode}\n{words}"
    return found


def serve(group: str, first: str, folder: str, store: str) -> None:
    """In the child: judge the rows of a group from a number on; print [name, problem] for each."""
    from importlib import import_module

    rows: List[Row] = import_module(group).ROWS  # type: ignore[attr-defined]
    for number in range(int(first), len(rows)):
        print(
            json.dumps([rows[number].name, judged(rows[number], Path(folder), store)]), flush=True
        )


def judged(row: Row, shared: Path, store: str) -> Any:
    """Return the problem of a row, or None; shared: folder for what rows share."""
    with tempfile.TemporaryDirectory(dir=str(shared)) as folder:
        own = Path(folder) / "row"
        own.mkdir()
        return problem_of(row, Inputs(own, store, shared))
