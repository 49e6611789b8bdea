"""What surrounds a command: its places and streams. Each row starts the command anew."""

import os
import subprocess
import sys

from data_prep.errors import DataError
from tests.campaign.bad_input.in_child import PROJECT
from tests.campaign.bad_input.inputs import SMALL
from tests.campaign.bad_input.rows import Row

START = (
    "import sys; sys.path[:] = filter(None, sys.path); "
    "from experiments.command_line import main; sys.exit(main())"
)


def started(words, change=None, **environment):
    """Return what starts a command; its line on standard error becomes a DataError.

    environment: variables, None to be unset; change: called in the child before it starts
    """

    def do(inputs):
        variables = {**os.environ, "PYTHONPATH": str(PROJECT), **environment}
        done = subprocess.run(
            [sys.executable, "-c", START, *(inputs.filled(word) for word in words.split())],
            env={name: value for name, value in variables.items() if value is not None},
            capture_output=True,
            preexec_fn=change,
        )
        lines = done.stderr.decode("utf-8", "replace").splitlines()
        if done.returncode == 2:
            raise DataError("; ".join(lines)) if len(lines) == 1 else RuntimeError(lines)
        return done.returncode, lines

    return do


def in_a_folder_that_is_gone():
    os.mkdir("gone")
    os.chdir("gone")
    os.rmdir("../gone")


def other_modules(inputs):
    """The user's own files, called like modules of ours and of Python's."""
    for name in ("json.py", "experiments.py", "signal.py", "caffe.py"):
        inputs.write(name, "raise SystemExit(9)\n")


PREPARE = f"prepare data --out s.h5 {SMALL} --scale 0"
SAYS = ("--scale 0.0", "above 0")
ROWS = [
    Row("a HOME that is not there", started(PREPARE, HOME="/nowhere"), SAYS),
    Row("a name of bytes", started("prepare \udcff --out s.h5", LC_ALL="C"), ("rename it",)),
    Row("a drawing program that is none", started(PREPARE, MPLBACKEND="none"), SAYS),
    Row("modules of the user's", started(PREPARE), SAYS, other_modules),
    # Without pytest-cov's variables: coverage itself asks for the current folder.
    Row("a folder that is gone", started("prepare data --out s.h5", in_a_folder_that_is_gone,
        COV_CORE_SOURCE=None, COV_CORE_CONFIG=None, COV_CORE_DATAFILE=None),
        ("the current folder is gone", "cd")),
    Row("a place of the sandbox", started("prepare data --out /usr/s.h5", EGL_SHARED="/tmp:/home"),
        ("--out: /usr/s.h5", "/usr is not this machine's", "another place")),
    Row("a log of the sandbox", started("plot-log /usr/log.txt", EGL_SHARED="/tmp:/home"),
        ("/usr/log.txt", "another place")),
    Row("a solver of the sandbox", started("train s.h5 --out run --solver /usr/s.prototxt",
        EGL_SHARED="/tmp:/home"), ("solver: /usr/s.prototxt", "another place")),
]  # fmt: skip
