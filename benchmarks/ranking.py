"""Compare ways to rank a pool of photographs: one process, two, two Dask workers; and with what
the dense route alone takes for photographs that are in memory.

python3 -m benchmarks.ranking FOLDER     where Caffe is, after benchmarks.pool; writes
FOLDER/ranking.json
"""

import json
import os
import sys
import time
from functools import partial
from typing import Any, Callable, Dict

from benchmarks.comparing import alternate, comparison
from benchmarks.material import Material
from benchmarks.pool_work import ALONE, AT_ONCE, DASK, TWO, PoolWork, executors
from data_prep.files import write_text

STRIDE = 24
DENSE = "dense route, photographs in memory"


def main(folder: str) -> None:
    material = Material(folder)
    work = PoolWork(material, material.sizes.ranked)
    views = work.views()
    scores = []
    with executors(folder) as running:

        def ranking(name: str) -> int:
            done = work.rank(running[name], AT_ONCE[name], STRIDE)
            scores.append(work.scores())
            return done

        sides: Dict[str, Callable[[], float]] = {name: partial(ranking, name) for name in running}
        sides[DENSE] = partial(work.dense, views, STRIDE)
        rates = alternate(sides, material.sizes.rank_repeats)
    different = sum(found != scores[0] for found in scores)
    result = {
        "compared": [
            comparison(name, "photographs/s", rates, ours, theirs)
            for name, ours, theirs in (
                ("rank_workers_2", TWO, ALONE),
                ("rank_dask_2_vs_processes_2", DASK, TWO),
                ("rank_vs_dense", ALONE, DENSE),
            )
        ],
        "equal": [
            {
                "what": "rankings by 1 process, 2 and 2 Dask workers (that differ)",
                "difference": different,
                "limit": 0,
            }
        ],
        "seconds": seconds(work, views),
    }
    write_text(os.path.join(folder, "ranking.json"), json.dumps(result))


def seconds(work: PoolWork, views: Any) -> Dict[str, float]:
    """Return the seconds a photograph that reading and the dense route take, one after another."""
    found = {}
    for part, do in (("reading", work.views), ("maps", lambda: work.dense(views, STRIDE))):
        began = time.perf_counter()
        do()
        found[part] = (time.perf_counter() - began) / work.n
    return found


if __name__ == "__main__":
    main(sys.argv[1])
