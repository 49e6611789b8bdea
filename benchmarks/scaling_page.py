"""docs/scaling.md from docs/scaling.csv. Standard library only; every number is computed here."""

from textwrap import fill
from typing import Dict, List, Sequence, Tuple

from benchmarks.tables import number, table
from data_prep.files import write_text

COLUMNS = (
    "work", "stride", "by", "photographs", "seconds", "own", "others", "own_mb", "largest_mb",
    "read", "sent", "written", "pool", "load", "date", "processor", "cores",
)  # fmt: skip
COMMAND = "the command alone"
CLUSTER = "2 Dask workers"
POOLS = (10**4, 10**6, 10**8)
MACHINES = (1, 10, 100)
CORES = 2  # of a machine in the estimate, each with a worker
WIDTH = 120  # characters of a line
Row = Dict[str, str]

HOW = """\
## What the columns are

- **photographs a minute**: by the clock, with processes that are running already. With other work
  on the machine (the load above counts the processes that wanted a core) it says little.
- **core seconds**: processor time of the workers for one photograph, which other work changes less.
  The estimate uses it.
- **memory**: the most that the command, and any one worker, was seen to have, in MB (10^6 bytes).
- In the estimate, workers share the photographs evenly and read them from a storage that keeps up.
  The command itself, which lists files, looks for copies and writes the pool, is one process: where
  it is slower than all workers together, it decides, and the hours stand in brackets. Then split
  the folders over several pools.
- Nothing larger than the pools above was measured: the rest is multiplied. Where a photograph costs
  the command more in the larger of the two, hours in brackets for still larger pools are too low.

`runtime/caffe python3 -m benchmarks.scaling docs` measures anew, in about 15 minutes, on a machine
with nothing else to do. This page is made of [scaling.csv](scaling.csv)."""


def write(path: str, rows: Sequence[Row]) -> None:
    """Write the page; rows: of scaling.csv."""
    first, loads = rows[0], [float(row["load"]) for row in rows]
    busy = (
        f" **Provisional**: the machine had other work (load {min(loads):.1f} to {max(loads):.1f})."
        if max(loads) > int(first["cores"]) + 1
        else ""
    )
    parts = [
        "# Scaling",
        "Written by benchmarks/scaling.py; do not edit by hand. Photographs are phantoms of 4288 x "
        "2848 pixels, which the model takes at half that size. "
        f"{first['date']}, {first['processor']}, {first['cores']} cores.{busy}",
        "## Measured",
        measured([row for row in rows if row["by"] != COMMAND]),
        "## The command, for small and for large pools",
        "With workers that answer at once: what is left is the work of the one process that has "
        "the pool. The times are by the clock, so other work on the machine is in them.",
        command([row for row in rows if row["by"] == COMMAND]),
        "## Estimate",
        f"Hours with machines of {CORES} cores, a Dask worker for each core:",
        estimate(rows),
        "What is moved and kept:",
        moved(rows),
        HOW,
    ]
    write_text(path, "\n\n".join(map(_wrapped, parts)) + "\n")


def measured(rows: Sequence[Row]) -> str:
    """Return the table of what was measured with real work."""
    cells = [
        (
            _name(row),
            row["by"],
            number(60 * int(row["photographs"]) / float(row["seconds"])),
            number(_core_seconds(row)),
            row["own_mb"],
            row["largest_mb"],
        )
        for row in rows
    ]
    header = ("work", "by", "photographs a minute", "core seconds", "command, MB", "worker, MB")
    return table(header, cells)


def command(rows: Sequence[Row]) -> str:
    """Return the table of the command's own cost."""
    cells = [
        (
            row["work"],
            f"{int(row['photographs']):,}",
            number(60 * int(row["photographs"]) / float(row["seconds"])),
            row["own_mb"],
            number(int(row["pool"]) / 1000),
        )
        for row in rows
    ]
    header = ("work", "photographs", "a minute at most", "memory, MB", "pool, kB a photograph")
    return table(header, cells)


def estimate(rows: Sequence[Row]) -> str:
    """Return the table of hours by work, size of the pool and number of machines."""
    cells = []
    for row in _of_cluster(rows):
        for photographs in POOLS:
            hours = [_hours(rows, row, photographs, machines) for machines in MACHINES]
            shown = [f"({number(h)})" if limited else number(h) for h, limited in hours]
            cells.append((_name(row), f"{photographs:,}", *shown))
    machines = [f"{n} machine{'s' * (n > 1)}" for n in MACHINES]
    return table(("work", "photographs", *machines), cells)


def moved(rows: Sequence[Row]) -> str:
    """Return the table of bytes by size of the pool."""
    masks = next(row for row in _of_cluster(rows) if row["work"] == "predict")
    kept = [row for row in rows if row["by"] == COMMAND and row["work"] == "rank"][-1]
    memory = max(int(row["largest_mb"]) for row in _of_cluster(rows))
    own = max(int(row["own_mb"]) for row in rows)
    each = (masks["read"], masks["sent"], kept["pool"], masks["written"])
    cells = [(f"{n:,}", *(_bytes(n * float(value)) for value in each)) for n in POOLS]
    header = (
        "photographs", "read by the workers", "sent to them", "the pool", "written by predict"
    )  # fmt: skip
    sentence = (
        f"Memory: {number(CORES * memory / 1000)} GB on each machine, and {number(own / 1000)} GB "
        "for the command. The first was seen with a few photographs, of which a worker has one or "
        "two at a time; how the second depends on the pool is above."
    )
    return f"{table(header, cells)}\n\n{fill(sentence, WIDTH)}"


def _wrapped(part: str) -> str:
    """Return a paragraph with lines of at most WIDTH characters; tables and lists stay."""
    return part if part.startswith(("|", "-", "#")) or "\n" in part else fill(part, WIDTH)


def _hours(rows: Sequence[Row], row: Row, photographs: int, machines: int) -> Tuple[float, bool]:
    """Return the hours, and whether the command decides rather than the workers."""
    by_workers = photographs * _core_seconds(row) / (CORES * machines)
    work = "index" if row["work"] == "index" else "rank"  # predict keeps no row of its own
    own = [found for found in rows if found["by"] == COMMAND and found["work"] == work][-1]
    by_command = photographs * float(own["seconds"]) / int(own["photographs"])
    limited = by_command > by_workers and row["work"] != "predict"
    return (by_command if limited else by_workers) / 3600, limited


def _of_cluster(rows: Sequence[Row]) -> List[Row]:
    return [row for row in rows if row["by"] == CLUSTER]


def _core_seconds(row: Row) -> float:
    return float(row["others"]) / int(row["photographs"])


def _name(row: Row) -> str:
    return row["work"] + (f", stride {row['stride']}" if row["stride"] else "")


def _bytes(n: float) -> str:
    size = next(size for size in (1e12, 1e9, 1e6, 1e3) if n >= size or size == 1e3)
    return f"{number(n / size)} {_UNITS[size]}"


_UNITS = {1e3: "kB", 1e6: "MB", 1e9: "GB", 1e12: "TB"}
