"""Measure what a pool of photographs costs, and write docs/scaling.csv and docs/scaling.md.

python3 -m benchmarks.scaling [--small] OUT     where Caffe is; OUT: a folder, such as docs
python3 -m benchmarks.scaling --page OUT        writes scaling.md again from scaling.csv

The photographs are phantoms of 4288 x 2848 pixels, as a fundus camera gives them; the model takes
them at half that size.
"""

import argparse
import csv
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from functools import partial
from typing import Any, Dict, Iterator

from benchmarks import inputs, pool, scaling_page
from benchmarks.material import Material
from benchmarks.pool_work import AT_ONCE, PoolWork, executors
from benchmarks.sizes import FULL, SMALL, Sizes, write_sizes
from benchmarks.watching import watched
from data_prep.files import write_csv
from labelling.pool import Pool
from labelling.predicting import tasks_of_pool


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("out")
    parser.add_argument("--small", action="store_true", help="the numbers mean nothing")
    parser.add_argument("--page", action="store_true", help="from scaling.csv alone")
    options = parser.parse_args()
    table = os.path.join(options.out, "scaling.csv")
    if not options.page:
        with tempfile.TemporaryDirectory(prefix="egl-scaling-") as folder:
            rows = list(measured(folder, options.small))
        write_csv(table, scaling_page.COLUMNS, [list(row.values()) for row in rows])
    with open(table, encoding="utf-8", newline="") as file:
        scaling_page.write(os.path.join(options.out, "scaling.md"), list(csv.DictReader(file)))


def measured(folder: str, small: bool) -> Iterator[Dict[str, Any]]:
    """Yield the rows of scaling.csv."""
    sizes = SMALL if small else FULL
    n, pools = 8, (50, 500) if small else (1000, 10000)
    surroundings = _prepared(folder, sizes, n)
    for number in pools:
        command = [sys.executable, "-m", "benchmarks.command_alone", folder, str(number)]
        costs = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        for work, cost in costs.items():
            yield _row(surroundings, work, "", scaling_page.COMMAND, number, cost)
    work = PoolWork(Material(folder), n, scale=None)
    kinds = {
        ("index", ""): work.index,
        ("rank", 24): partial(work.rank, stride=24),
        ("rank", 8): partial(work.rank, stride=8),
        ("predict", 8): partial(work.predict, stride=8),
    }
    sizes_of = _bytes(work)
    with executors(folder) as running:
        for (kind, stride), do in kinds.items():
            for name, executor in running.items():
                work.warm_up(executor, AT_ONCE[name], stride or 24)
                with watched() as cost:
                    do(executor, AT_ONCE[name])
                found = {**cost[0]._asdict(), **sizes_of}
                if kind == "predict":
                    found["written"] = _bytes_below(work.masks) / n
                yield _row(surroundings, kind, stride, name, n, found)
                print(f"  {kind} {stride} {name}: {cost[0].seconds:.1f} s", file=sys.stderr)


def _prepared(folder: str, sizes: Sizes, n: int) -> Dict[str, Any]:
    """Draw the photographs, train the model; return what the page says of the machine."""
    write_sizes(folder, sizes)
    inputs.main(folder)  # the model, on a phantom of the size that it takes
    height, width = sizes.image
    write_sizes(folder, sizes._replace(image=(2 * height, 2 * width), drawn=(1, n // 4 - 1)))
    pool.draw_photographs(folder)
    with open(os.path.join(folder, "surroundings.json"), encoding="utf-8") as file:
        return dict(json.load(file))


def _bytes(work: PoolWork) -> Dict[str, float]:
    """Return the bytes a photograph: of its file, and of what is sent to a worker."""
    with Pool(work.pool) as pool:
        tasks = list(tasks_of_pool(pool))
    sent = sum(len(pickle.dumps(task)) for task in tasks)
    return {"read": _bytes_below(work.photographs) / work.n, "sent": sent / work.n}


def _bytes_below(folder: str) -> int:
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))


def _row(
    surroundings: Dict[str, Any], work: str, stride: Any, by: str, n: int, cost: Dict[str, Any]
) -> Dict[str, Any]:
    values: Dict[str, Any] = {
        "work": work,
        "stride": stride,
        "by": by,
        "photographs": n,
        **{name: f"{cost[name]:.4g}" for name in ("seconds", "own", "others")},
        "own_mb": f"{cost['own_mb']:.0f}",
        "largest_mb": f"{cost['largest_mb']:.0f}",
        **{name: f"{cost.get(name, 0):.0f}" for name in ("read", "sent", "written")},
        "pool": f"{cost.get('pool', 0) / n:.0f}",
        "load": f"{os.getloadavg()[0]:.1f}",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "processor": surroundings["processor"],
        "cores": surroundings["cores"],
    }
    assert tuple(values) == scaling_page.COLUMNS
    return values


if __name__ == "__main__":
    main()
