"""Kill egl's commands at random moments and see that reruns end as if nothing had happened.

    make torture            about 20 minutes on 2 cores; ARGS="--kills 10 --seed 7" for others

kill -9 hits the parent and everything that it started, or the parent alone, or one child alone.
Then the same command is rerun to its end (one rerun in four is killed as well). Its results must
have the bytes of an undisturbed run, and nothing may be left behind: no temporary file, no earlier
snapshot, no process. Exit status 1, with the seed and the moment of each kill that failed, where
one does not.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, List, NamedTuple, Optional, Sequence

import numpy as np
from tqdm import tqdm

from tests.campaign.small import (
    SECONDS,
    Command,
    Process,
    difference,
    family,
    gone,
    kill,
    leftovers,
    material,
    more_commands,
    results,
    said,
    wait,
)

VICTIMS = ("all", "parent", "child")
_AGAIN = 0.25  # the share of reruns that are killed as well


class Undisturbed(NamedTuple):
    """What a command leaves when nothing disturbs it, and the seconds it takes."""

    results: Dict[str, object]
    seconds: float


class Kill(NamedTuple):
    """What is done to a command: parts of its time at which it and its reruns are killed."""

    name: str
    victim: str
    moments: List[float]
    number: int

    def __str__(self) -> str:
        moments = " and ".join(f"{moment:.0%}" for moment in self.moments)
        return f"kill {self.number}: {self.name}, {self.victim} killed at {moments}"


def undisturbed(command: Command, folder: str) -> Undisturbed:
    """Run a command to its end in a new folder."""
    began = time.monotonic()
    status = command.run(folder)
    if status:
        raise RuntimeError(f"{command.words}: ended with {status}: {said(folder)}")
    seconds = time.monotonic() - began
    return Undisturbed(results(os.path.join(folder, command.out)), seconds)


def plan(names: Sequence[str], kills: int, seed: int) -> List[Kill]:
    """Return the kills: commands and victims take turns, moments are drawn at random."""
    random = np.random.RandomState(seed)
    planned = []
    for number in range(kills):
        moments = [float(random.uniform(0.1, 1))]
        if random.uniform() < _AGAIN:
            moments.append(float(random.uniform(0.1, 1)))
        victim = VICTIMS[(number + number // len(names)) % len(VICTIMS)]
        planned.append(Kill(names[number % len(names)], victim, moments, number))
    return planned


def suffer(command: Command, planned: Kill, expected: Undisturbed, folder: str) -> Optional[str]:
    """Kill a command as planned and rerun it; return what is wrong then, None if nothing is."""
    for moment in planned.moments:
        process = command.start(folder)
        hit: List[Process] = []
        try:
            process.wait(moment * expected.seconds)
        except subprocess.TimeoutExpired:
            hit = _strike(process, planned.victim)
        if not gone(hit):
            return "a process lives on"
    try:
        status = command.run(folder)
    except subprocess.TimeoutExpired:
        return f"the rerun takes more than {SECONDS} s"
    if status:
        return f"the rerun ends with {status}: {said(folder)[-400:]}"
    differing = difference(expected.results, results(os.path.join(folder, command.out)))
    if differing:
        return f"other bytes in {differing}"
    left = leftovers(folder)
    return f"left behind: {', '.join(left)}" if left else None


def _strike(process: "subprocess.Popen[str]", victim: str) -> List[Process]:
    """Kill what is to be killed, and return all that must end then."""
    members = family(process.pid)
    if victim == "child" and members:
        kill(members[len(members) // 2])
        wait(process)  # it must notice, and end or go on
        return members
    process.kill()
    if victim == "all":
        for member in members:
            kill(member)
    process.wait()
    return members


def all_undisturbed(small: Dict[str, Command], folder: str, jobs: int) -> Dict[str, Undisturbed]:
    """Run small commands to their ends, `jobs` at a time."""
    places = {name: os.path.join(folder, f"whole-{n}") for n, name in enumerate(small)}
    with ThreadPoolExecutor(jobs) as threads:
        runs = threads.map(lambda name: undisturbed(small[name], places[name]), small)
        return dict(zip(small, tqdm(runs, "undisturbed", len(small), disable=None)))


def torture(
    small: Dict[str, Command],
    expected: Dict[str, Undisturbed],
    kills: int,
    seed: int,
    folder: str,
    jobs: int,
) -> List[str]:
    """Kill small commands, `jobs` at a time; return a line for each kill that failed."""
    with ThreadPoolExecutor(jobs) as threads:

        def one(planned: Kill) -> Optional[str]:
            place = os.path.join(folder, f"kill-{planned.number}")
            name = planned.name
            problem = suffer(small[name], planned, expected[name], place)
            if problem is None:
                shutil.rmtree(place)
                return None
            return f"{planned} (seed {seed}): {problem}"

        planned = plan(list(small), kills, seed)
        bar = tqdm(threads.map(one, planned), "kills", len(planned), disable=None)
        return [problem for problem in bar if problem]


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=50, help="how many (default: 50)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: 1)")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", help="only commands whose name contains this")
    options = parser.parse_args()

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="egl-torture-") as folder:
        small = more_commands(*material(folder))
        if options.only:
            small = {name: small[name] for name in small if options.only in name}
        expected = all_undisturbed(small, folder, options.jobs)
        failed = torture(small, expected, options.kills, options.seed, folder, options.jobs)
        for line in failed:
            print(line)
    minutes = (time.monotonic() - began) / 60
    good = options.kills - len(failed)
    print(
        f"{good} of {options.kills} kills ended as if undisturbed, seed {options.seed}, "
        f"{minutes:.0f} minutes"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
