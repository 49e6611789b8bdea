"""The small commands, and what each leaves when nothing disturbs it."""

import fcntl
import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, NamedTuple

import pytest

from tests.campaign.small import Command, commands, material, results
from tests.campaign.torture import Undisturbed, all_undisturbed

JOBS = len(os.sched_getaffinity(0))


class Shared(NamedTuple):
    """What the tests of all processes of pytest share."""

    small: Dict[str, Command]
    whole: Dict[str, Undisturbed]


@pytest.fixture(scope="session")
def shared(caffe, tmp_path_factory):
    """The small commands and what they leave, made by the first process that wants them."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / "campaign"
    with open(base / "campaign.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        small = commands(*material(str(folder)))
        times = folder / "seconds.json"
        if not times.exists():
            whole = all_undisturbed(small, str(folder), JOBS)
            times.write_text(json.dumps({name: whole[name].seconds for name in whole}))
            return Shared(small, whole)
        whole = {}
        for number, (name, seconds) in enumerate(json.loads(times.read_text()).items()):
            out = folder / f"whole-{number}" / small[name].out
            whole[name] = Undisturbed(results(str(out)), seconds)
        return Shared(small, whole)


@pytest.fixture(scope="session")
def small(shared):
    """The small commands by name."""
    return shared.small


@pytest.fixture(scope="session")
def whole(shared):
    """{name of a small command: its results and its seconds}."""
    return shared.whole


@pytest.fixture
def side_by_side():
    """side_by_side(function, items): the function's results, as many at a time as there are cores.

    The first error is raised.
    """

    def run(function, items):
        with ThreadPoolExecutor(JOBS) as threads:
            return list(threads.map(function, items))

    return run
