"""The memory of `egl index` and `egl rank` does not grow with the pool."""

import json
import subprocess
import sys

import pytest

FEW, MANY = 300, 1200
MOST = 3.0  # MB: the fields of view of the photographs that one has more take 3.6


@pytest.fixture(scope="module")
def costs(tmp_path_factory):
    pytest.importorskip("psutil")
    folder = str(tmp_path_factory.mktemp("pools"))
    code = (
        "import sys; sys.path[:] = sys.argv[3:]\n"
        "from benchmarks.command_alone import main\n"
        "main(sys.argv[1], int(sys.argv[2]))\n"
    )
    return [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", code, folder, str(n), *sys.path],
                stdout=subprocess.PIPE, check=True,
            ).stdout
        )
        for n in (FEW, MANY)
    ]  # fmt: skip


@pytest.mark.parametrize("work", ["index", "rank"])
def test_four_times_as_many_photographs_take_no_more_memory(costs, work):
    few, many = (cost[work] for cost in costs)
    assert many["pool"] > 3 * few["pool"]
    assert many["own_mb"] - few["own_mb"] < MOST
