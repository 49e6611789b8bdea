"""What `egl index` and `egl rank` themselves cost for each photograph, and the memory they take.

python3 -m benchmarks.command_alone FOLDER N     where Caffe is; prints JSON: {work: Cost as a dict,
and the pool's bytes}

The work on the photographs is left out: an executor answers at once what a worker might. What is
left happens in one process, however many workers there are: finding the files, sending chunks,
looking for copies, writing the pool.
"""

import json
import os
import sys
from typing import Any, Callable, Dict, List, Sequence, Tuple
from unittest import mock

import numpy as np

from benchmarks.watching import watched
from labelling import indexing, ranking
from labelling.index_settings import IndexSettings
from labelling.photographs import Found
from labelling.pool import Pool
from labelling.rank_settings import REDUCTIONS, RankSettings
from labelling.rankings import Ranked
from labelling.scoring import BOXES, Job, Task

IN_A_FOLDER = 1000
FIELD = bytes(4000)  # as many bytes as the field of view of a photograph of 4288 x 2848 takes


class AtOnce:
    """An executor whose work is done before it is asked for."""

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Any:
        value = work(*arguments)
        return mock.Mock(result=lambda: value)


def found(files: Sequence[Tuple[str, Any]], scale: Any) -> List[Found]:
    """Return what reading files might have found; no two are alike."""
    rows = []
    for path, patient in files:
        status = os.stat(path)
        random = np.random.RandomState(int(os.path.basename(path)[:-4]))
        rows.append(
            Found(
                path, status.st_size, status.st_mtime_ns, sha256=random.bytes(32).hex(),
                height=2848, width=4288, field_width=3400.0, patient=patient, hash=random.bytes(32),
                field_png=FIELD,
            )
        )  # fmt: skip
    return rows


def scored(job: Job, tasks: Sequence[Task]) -> List[Ranked]:
    """Return what scoring photographs might have given."""
    rows = []
    for task in tasks:
        number = task.photograph.id
        scores = {name: float(number * 7919 % 100003) for name in (*REDUCTIONS, "random")}
        boxes = [(1234, 2345, 96, 123.456789)] * BOXES
        rows.append(Ranked(number, scores, 0.5, 4000, 2.5, boxes))
    return rows


def main(folder: str, n: int) -> None:
    photographs = os.path.join(folder, f"empty-{n}")
    for number in range(n):
        parent = os.path.join(photographs, str(number // IN_A_FOLDER))
        os.makedirs(parent, exist_ok=True)
        open(os.path.join(parent, f"{number}.jpg"), "w").close()
    costs: Dict[str, Any] = {}
    model = mock.Mock(sha256="")
    path = os.path.join(folder, f"empty-{n}.sqlite")
    with Pool(path, create=True) as pool, mock.patch.object(
        indexing, "read_files", found
    ), mock.patch.object(ranking, "score", scored), mock.patch.object(
        ranking, "read_model", lambda path: model
    ):
        with watched() as cost:
            indexing.index([photographs], pool, IndexSettings(), AtOnce(), 2)
        costs["index"] = {**cost[0]._asdict(), "pool": os.path.getsize(path)}
        with watched() as cost:
            done = ranking.rank(pool, folder, RankSettings(strategy="egl"), AtOnce(), 2)
            ranking.write_ranking(pool, done.ranking, os.path.join(folder, "ranking.csv"))
        costs["rank"] = {**cost[0]._asdict(), "pool": os.path.getsize(path)}
    print(json.dumps(costs))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
