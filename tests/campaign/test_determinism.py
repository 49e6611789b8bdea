"""The same command gives the same bytes wherever and however it runs.

That reproduce does so with any number of jobs is in tests/experiments/test_reproduce.py.
"""

import os
import stat
from pathlib import Path

import pytest

from tests.campaign.small import REVERSED, Command, difference, results, said

OTHER_WAY = {
    "LC_ALL": "C",
    "TZ": "Asia/Kathmandu",
    "PYTHONHASHSEED": "1",
    "OPENBLAS_NUM_THREADS": "4",
    "OMP_NUM_THREADS": "4",
    REVERSED: "1",
}
# Text files are ASCII by default, as under an old locale; a comma stands for the decimal point
# where Turkish is installed.
THIRD_WAY = {
    "LC_ALL": "tr_TR.UTF-8",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "TZ": "America/St_Johns",
    "PYTHONHASHSEED": "4242",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "2",
}


def otherwise(command: Command) -> Command:
    """Return the command with another number of processes."""
    words = list(command.words)
    if "--workers" in words:
        words[words.index("--workers") + 1] = "1"
    return Command(tuple(words), command.out)


def in_another_way(command, folder, environment, umask):
    """Run a command under an environment, from and with folders of its own; return its results."""
    places = [os.path.join(folder, name) for name in ("working", "temporary")]
    for place in places:
        os.makedirs(place)
    status = command.run(
        folder,
        environment=dict(environment, TMPDIR=places[1]),
        working=places[0],
        umask=umask,
    )
    assert status == 0, said(folder)
    assert os.listdir(places[1]) == []
    modes = {mode_of(path) for path in files(os.path.join(folder, command.out))}
    assert modes == {0o666 & ~umask}, modes
    return results(os.path.join(folder, command.out))


def files(path):
    """Return a file, or every file below a folder."""
    below = [entry for entry in Path(path).rglob("*") if entry.is_file()]
    return below or [Path(path)]


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("environment", "umask", "names"),
    [
        (
            OTHER_WAY,
            0o077,
            ("prepare", "train", "select with workers"),
        ),
        (THIRD_WAY, 0o002, ("prepare",)),
    ],
    ids=["other", "third"],
)
def test_same_bytes(small, whole, tmp_path, side_by_side, environment, umask, names):
    """Workers, folders, locale, time zone, hash seed, threads of the BLAS, order of files."""

    def check(name):
        folder = str(tmp_path / name.replace(" ", "-"))
        found = in_another_way(otherwise(small[name]), folder, environment, umask)
        return name, difference(found, whole[name].results)

    assert [(name, files) for name, files in side_by_side(check, names) if files] == []
