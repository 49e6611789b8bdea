"""Do two commits compute the same numbers? Run fixed commands with both and compare the results.

    git clone . /tmp/before && git -C /tmp/before checkout COMMIT
    runtime/caffe python3 -m benchmarks.same_numbers record /tmp/before --out /tmp/before.json
    runtime/caffe python3 -m benchmarks.same_numbers record . --out /tmp/after.json
    runtime/caffe python3 -m benchmarks.same_numbers compare /tmp/before.json /tmp/after.json

A record holds a checksum for each column of each CSV and each dataset of each HDF5 file, so that
columns may move and new ones may come. `--quick` leaves out `egl reproduce`, which takes most of
the time.
"""

import argparse
import csv
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, List, Optional, Sequence

import h5py

Digests = Dict[str, Dict[str, str]]  # {path: {column or dataset: sha256}}

STRATEGIES = ("egl", "egl-diverse", "badge", "bag-egl", "vote-entropy", "output-change", "random")
PHANTOMS = "--lesion 12 --healthy 14 --seed 7"  # so many that image numbers exceed 16
STORE = "--seed 3 --train 480 --validation 80 --test 160"
SELECT = "--iterations 20 --candidates 200 --image-patches 8 --evaluate-every 2"
# Further runs: the options that they add or change.
VARIANTS = {
    "grid": "--labelled grid",
    "replace": "--by patch --after-round replace",
    "steps": "--by patch --steps 3",
    "conv2": "--stop-layer conv2",
    "whole": "--image-patches 0 --iterations 9",
    "whole-patch-mean": "--image-patches 0 --iterations 9 --scaling patch-mean",
    "stratified": "--by patch --sampling stratified --score top5",
    "mixed": "--strategy random --patch-strategy egl --images-per-round 2",
}
EXPERIMENTS = "fig2,patches,baseline,grid,layers,fig3,masks,settings,labels,strategies,detector"


def commands() -> Dict[str, str]:
    """Return {name: arguments of `egl`, with {store} and {out} in them} of all single runs."""
    runs = {
        f"{by}-{strategy}": f"select {{store}} --out {{out}} {SELECT} --by {by} "
        f"--strategy {strategy}"
        for by in ("image", "patch")
        for strategy in STRATEGIES
    }
    runs.update(
        (name, f"select {{store}} --out {{out}} {SELECT} {options}")
        for name, options in VARIANTS.items()
    )
    runs["train"] = "train {store} --out {out} --epochs 2 --all-epochs"
    return runs


def record(checkout: str, folder: str, quick: bool) -> Digests:
    """Run everything with the code in `checkout`, into `folder`, and return the digests."""

    def egl(arguments: str) -> None:
        egl_command = os.path.join(checkout, "runtime", "egl")
        subprocess.run(
            [egl_command, *arguments.split()], cwd=checkout, check=True, stdout=subprocess.DEVNULL
        )

    store = os.path.join(folder, "store.h5")
    phantoms = os.path.join(folder, "phantoms")
    egl(f"phantoms {phantoms} {PHANTOMS}")
    egl(f"prepare {phantoms} --out {store} {STORE}")
    runs = {
        name: line.format(store=store, out=os.path.join(folder, name))
        for name, line in commands().items()
    }
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        list(threads.map(egl, runs.values()))
    if not quick:
        egl(f"reproduce --quick --only {EXPERIMENTS} --out {os.path.join(folder, 'reproduce')}")
    return digests(folder)


def digests(folder: str) -> Digests:
    """Return {path below the folder: {column or dataset: sha256}} of all CSV and HDF5 files.

    Photographs and snapshots are left out.
    """
    found: Digests = {}
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in ("phantoms", "snapshots"))
        for file in sorted(files):
            path = os.path.join(parent, file)
            name = os.path.relpath(path, folder)
            if file.endswith(".csv"):
                found[name] = _columns(path)
            elif file.endswith(".h5"):
                found[name] = _datasets(path)
    return found


def _columns(path: str) -> Dict[str, str]:
    with open(path, newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file)) or [[]]
    return {
        name: _sha256("\n".join(row[index] for row in rows).encode())
        for index, name in enumerate(header)
    }


def _datasets(path: str) -> Dict[str, str]:
    found: Dict[str, str] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = _sha256(f"{item.dtype} {item.shape}".encode() + item[...].tobytes())

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return found


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def compare(before: Digests, after: Digests) -> List[str]:
    """Return a line for each file, column or dataset of `before` that `after` lacks or changes."""
    lines: List[str] = []
    for file, columns in before.items():
        if file not in after:
            lines.append(f"{file}: missing")
            continue
        for column, digest in columns.items():
            if column not in after[file]:
                lines.append(f"{file}: column or dataset {column!r} is missing")
            elif after[file][column] != digest:
                lines.append(f"{file}: {column!r} differs")
    return lines


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Record or compare; return the exit status, 1 where two records differ."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="command", required=True)
    recording = verbs.add_parser(
        "record", help="run everything with the code of a checkout and keep the checksums"
    )
    recording.add_argument("checkout")
    recording.add_argument("--out", required=True, metavar="FILE.json")
    recording.add_argument("--folder", help="keep the runs in this folder")
    recording.add_argument("--quick", action="store_true", help="without `egl reproduce`")
    comparing = verbs.add_parser("compare", help="compare two records")
    comparing.add_argument("before", metavar="BEFORE.json")
    comparing.add_argument("after", metavar="AFTER.json")
    options = parser.parse_args(arguments)
    if options.command == "record":
        with tempfile.TemporaryDirectory() as temporary:
            found = record(
                os.path.abspath(options.checkout),
                os.path.abspath(options.folder or temporary),
                options.quick,
            )
        with open(options.out, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1, sort_keys=True)
        return 0
    records = []
    for path in (options.before, options.after):
        with open(path, encoding="utf-8") as file:
            records.append(json.load(file))
    lines = compare(*records)
    print("\n".join(lines) or f"the same in all {len(records[0])} files")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
