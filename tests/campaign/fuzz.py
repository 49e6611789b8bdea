"""`make fuzz`: files of every kind, damaged at random, into every reader.

    runtime/caffe python3 -m tests.campaign.fuzz [--seconds 600] [--seed 1] [--only PART]...

Each case is a number: the same seed and number make the same file. Cases run in child processes.
A fault is a process that dies, a case that takes more than a minute, an error that is none of the
project's, and a message of more than one line or without the file's name. Faulty files are kept in
--out; once mended, a small one goes to tests/campaign/found/ under the same name, and is read by
every run of the tests from there.
"""

import argparse
import contextlib
import faulthandler
import json
import os
import re
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from data_prep.errors import DataError
from egl.errors import EglError
from egl.nets.runtime import CaffeMissing, import_caffe
from experiments.processes import BadInput
from tests.campaign.fuzz_target import Target
from tests.campaign.fuzz_targets import TARGETS

OURS = (DataError, EglError, BadInput)
SLICE = 4.0  # seconds for which a child works on one reader
PATIENCE = 60.0  # seconds that a case may take
MEMORY = 12 * 2**30  # bytes of addresses; the libraries alone take three


class Fault(NamedTuple):
    """A case that went wrong. data: the file; how: what happened."""

    target: str
    case: int
    data: bytes
    how: str


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Fuzz, print what was found, and return 1 if anything was."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], metavar="PART", help="of a name")
    parser.add_argument("--out", default="results/fuzz")
    options = parser.parse_args(arguments)
    out = os.path.abspath(options.out)
    names = [
        name for name in TARGETS if not options.only or any(part in name for part in options.only)
    ]
    faults, counts = fuzz(names, options.seconds, options.seed)
    for number, fault in enumerate(faults):
        os.makedirs(out, exist_ok=True)
        path = os.path.join(out, file_name(fault.target, f"{options.seed}-{fault.case}"))
        with open(path, "wb") as file:
            file.write(fault.data)
        print(f"{number + 1}. {path}: {fault.how}")
    print(f"{sum(counts.values())} cases, {len(faults)} faults; seed {options.seed}")
    print(", ".join(f"{name} {n}" for name, n in counts.items()))
    return 1 if faults else 0


def file_name(target: str, case: str) -> str:
    """Return the name of a case's file: TARGET--CASE.SUFFIX, a slash as a plus sign."""
    return f"{target.replace('/', '+')}--{case}"


def target_of(name: str) -> Target:
    """Return the reader that a file of that name is for."""
    return TARGETS[name.split("--")[0].replace("+", "/")]


def fuzz(names: Sequence[str], seconds: float, seed: int) -> Tuple[List[Fault], Dict[str, int]]:
    """Return the faults, one of each kind, and how many cases each reader had."""
    with contextlib.suppress(CaffeMissing):
        import_caffe()
    end = time.monotonic() + seconds
    faults: Dict[Tuple[str, str], Fault] = {}
    counts: Dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder, working_in(folder):
        seeds = {name: seeds_of(TARGETS[name]) for name in names}
        seeds = {name: found for name, found in seeds.items() if found}
        cases = dict.fromkeys(seeds, 0)
        while time.monotonic() < end:
            for number, name in enumerate(seeds):
                until = min(end, time.monotonic() + min(SLICE, seconds / len(seeds)))
                if time.monotonic() >= end:
                    break
                for fault in _slice(TARGETS[name], seeds[name], [seed, number], cases, until):
                    faults.setdefault((name, _kind(fault.how)), fault)
        counts.update(cases)
    return list(faults.values()), counts


def _kind(how: str) -> str:
    """Return what faults of one kind have in common: the last line of ours, and the exception."""
    lines = how.splitlines()
    ours = [line for line in lines if re.match(r'  File ".*/(data_prep|egl|experiments)/', line)]
    return f"{ours[-1:]} {lines[-1].split(':')[0]}"


@contextlib.contextmanager
def working_in(folder: str) -> Iterator[None]:
    """Work in a folder while the context lasts."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def seeds_of(target: Target) -> Sequence[bytes]:
    """Return good files for a reader; none where it needs Caffe and there is none."""
    try:
        return target.seeds()
    except CaffeMissing:
        return []


def make_case(target: Target, seeds: Sequence[bytes], numbers: Sequence[int]) -> bytes:
    """Return the file of a case."""
    random = np.random.RandomState(list(numbers))
    return target.damaged(random, seeds[random.randint(len(seeds))])


def _slice(
    target: Target, seeds: Sequence[bytes], seed: Sequence[int], cases: Dict[str, int], until: float
) -> Iterator[Fault]:
    """Let a child work on cases until the time is over; yield the faults."""
    first = cases[target.name]
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.close(ours)
        _work(target, seeds, seed, first, until, theirs)
    os.close(theirs)
    last, hung, buffer = first, False, b""
    while True:
        ready, _, _ = select.select([ours], [], [], PATIENCE)
        if not ready:
            hung = True
            os.kill(child, signal.SIGKILL)
            break
        block = os.read(ours, 65536)
        if not block:
            break
        *lines, buffer = (buffer + block).split(b"\n")
        for line in lines:
            message = json.loads(line)
            last = message["case"]
            if "how" in message:
                data = make_case(target, seeds, [*seed, last])
                yield Fault(target.name, last, data, message["how"])
    os.close(ours)
    _, status = os.waitpid(child, 0)
    cases[target.name] = last + 1
    if hung or status:
        how = f"hangs for {PATIENCE:.0f} s" if hung else f"its process ended with {status}"
        yield Fault(target.name, last, make_case(target, seeds, [*seed, last]), how)


def _work(
    target: Target, seeds: Sequence[bytes], seed: Sequence[int], case: int, until: float, out: int
) -> None:
    """In the child: read case after case, and tell of each before it is read."""
    status = 1
    try:
        be_quiet()
        while time.monotonic() < until:
            os.write(out, json.dumps({"case": case}).encode() + b"\n")
            how = problem(target, make_case(target, seeds, [*seed, case]))
            if how:
                os.write(out, json.dumps({"case": case, "how": how}).encode() + b"\n")
            case += 1
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def be_quiet() -> None:
    """In a child: no core files, limited memory, and nothing on the terminal."""
    faulthandler.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def problem(target: Target, data: bytes) -> str:
    """Read a file by a reader; return what is wrong with the outcome, "" for nothing."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        path = os.path.join(os.path.abspath(folder), os.path.basename(target.name))
        with open(path, "wb") as file:
            file.write(data)
        try:
            target.read(path)
        except OURS as error:
            text = str(error)
            stem = os.path.basename(path).split(".")[0]
            if len(text.splitlines()) != 1:
                return f"message of several lines: {text}"
            # The folder of a run, or the file that lies beside it.
            if not any(name in text for name in (stem, folder[2:], os.path.join("run", ""))):
                return f"message without the file's name: {text}"
        except Exception:
            return traceback.format_exc()
    return ""


if __name__ == "__main__":
    sys.exit(main())
