"""How many lines the tests run: of the pure modules, and of all. `.ci/run` fails below the aims.

    make test ARGS="--cov --cov-report="
    runtime/caffe python3 -m tests.campaign.coverage_numbers

A module is pure if neither it nor any module of the project that it imports, at its top or in a
function, imports egl.nets.runtime, the door to Caffe. Child processes count.
"""

import ast
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, NamedTuple, Set

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("data_prep", "egl", "labelling", "experiments")
DOOR = "egl.nets.runtime"
AIMS = {"pure": 95.0, "all": 90.0}  # per cent of the lines
WORST = 15  # modules that are listed


class Lines(NamedTuple):
    """Of a module: how many lines can run, and the numbers of those that did not."""

    n: int
    missing: List[int]


def modules() -> Dict[str, Path]:
    """Return {module: its file} of the packages."""
    files = [path for package in PACKAGES for path in sorted((PROJECT / package).rglob("*.py"))]
    return {_name(path): path for path in files}


def _name(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(source: str) -> Iterator[str]:
    """Yield the names that a module imports, as they may be modules: a.b and a.b.c."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def pure(sources: Dict[str, str]) -> Set[str]:
    """Return the names of the modules, of {name: source}, from which no import leads to Caffe."""
    imports = {name: set(imported(source)) & set(sources) for name, source in sources.items()}
    impure = {DOOR}
    while True:
        found = {name for name, others in imports.items() if others & impure} - impure
        if not found:
            return set(sources) - impure
        impure |= found


def share(lines: Iterable[Lines]) -> float:
    """Return the per cent of lines that ran."""
    lines = list(lines)
    total = sum(found.n for found in lines)
    return 100 * (1 - sum(len(found.missing) for found in lines) / max(total, 1))


def measured() -> Dict[str, Lines]:
    """Return {module: Lines} from coverage's data file."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "coverage.json")
        command = [sys.executable, "-m", "coverage", "json", "-o", out]
        subprocess.run(command, check=True, cwd=PROJECT, stdout=subprocess.DEVNULL)
        with open(out, encoding="utf-8") as file:
            files = json.load(file)["files"]
    return {
        _name(PROJECT / path): Lines(found["summary"]["num_statements"], found["missing_lines"])
        for path, found in files.items()
        if PROJECT in (PROJECT / path).parents  # tests also run installed copies
    }


def main() -> int:
    """Print the shares and the modules with the most lines that did not run; 1 below an aim."""
    lines = measured()
    sources = {name: path.read_text(encoding="utf-8") for name, path in modules().items()}
    absent = set(sources) - set(lines)
    if absent:
        sys.exit(f"coverage: no data about {', '.join(sorted(absent))}")
    groups = {"pure": pure(sources), "all": set(sources)}
    worst = sorted(lines, key=lambda name: -len(lines[name].missing))[:WORST]
    for name in worst:
        kind = "pure" if name in groups["pure"] else ""
        missing = lines[name].missing
        print(f"{len(missing):4} of {lines[name].n:4} {name} {kind} {missing[:20]}")
    status = 0
    for kind, names in groups.items():
        found = share(lines[name] for name in names)
        below = found < AIMS[kind]
        status |= below
        print(
            f"coverage: {found:.1f}% of the lines of {len(names)} modules ({kind}); "
            f"{AIMS[kind]:g}% wanted{': TOO FEW' if below else ''}"
        )
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
