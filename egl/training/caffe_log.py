"""What Caffe's solver says while it trains, read back from its log.

The log is glog's: a line begins with its level, month and day, time, thread, and source file. The
solver writes, every `display` iterations and at every test,

    I1125 07:51:04.263413     4 solver.cpp:239] Iteration 20 (9.1 iter/s, 2.2s/20 iters), loss = 0.6
    I1125 07:51:04.263500     4 solver.cpp:258]     Train net output #0: loss = 0.6 (* 1 = 0.6 loss)
    I1125 07:51:04.263600     4 sgd_solver.cpp:112] Iteration 20, lr = 0.01
    I1125 07:51:05.263600     4 solver.cpp:347] Iteration 20, Testing net (#0)
    I1125 07:51:05.263700     4 solver.cpp:414]     Test net output #0: accuracy = 0.9
"""

import datetime
import os
import re
from typing import Dict, Iterable, List, NamedTuple, Optional, Tuple

from egl.errors import EglError

_NUMBER = r"(-?(?:nan|inf|[\d.]+(?:e[-+]?\d+)?))"
_LINE = re.compile(r"[IWEF](\d\d)(\d\d) (\d\d):(\d\d):(\d\d\.\d+) +\d+ \S+\] (.*)")
_ITERATION = re.compile(r"Iteration (\d+)")
_LOSS = re.compile(rf"Iteration \d+.*, loss = {_NUMBER}")
_RATE = re.compile(rf"Iteration \d+, lr = {_NUMBER}")
_OUTPUT = re.compile(rf" *(Train|Test) net output #\d+: (\S+) = {_NUMBER}")
_LEAP_YEAR = 2000  # glog writes no year
SMOOTHED, RATE = "smoothed loss", "rate"


class Row(NamedTuple):
    """One number that the solver has said.

    phase: "train" or "test"; iteration: SGD steps before it; seconds: since the log's first line
    name: the net's output (loss, accuracy), or SMOOTHED, the loss averaged over the solver's
        average_loss iterations, or RATE
    value: the number; an output of several numbers gives its last one
    """

    phase: str
    iteration: int
    seconds: float
    name: str
    value: float


def read_log(path: str) -> List[Row]:
    """Return what the solver said in the log `path`, or in the log.txt of the run folder `path`.

    The rows are in order of iteration. Where training was resumed, what was said last counts.
    Raises EglError where the file cannot be read or holds no such line.
    """
    if os.path.isdir(path):
        path = os.path.join(path, "log.txt")
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            rows = parse_log(file)
    except OSError as error:
        raise EglError(f"{path}: cannot be read ({error.strerror}); give a log of Caffe") from error
    if not rows:
        raise EglError(
            f"{path}: has no line like 'Iteration 20, loss = 0.6'; give what `caffe train` writes "
            "to standard error, or a run's log.txt, with `display` in the solver"
        )
    return rows


def parse_log(lines: Iterable[str]) -> List[Row]:
    """Return what the solver said in these lines; see read_log."""
    found: Dict[Tuple[str, int, str], Row] = {}
    iteration, years = 0, 0
    start: Optional[datetime.datetime] = None
    before: Optional[datetime.datetime] = None
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            continue
        month, day, hour, minute = map(int, match.groups()[:4])
        second, text = float(match.group(5)), match.group(6)
        try:
            now = datetime.datetime(_LEAP_YEAR, month, day, hour, minute)
        except ValueError:  # no such day: not glog's
            continue
        now += datetime.timedelta(seconds=second, days=366 * years)
        if before and now < before - datetime.timedelta(days=180):  # a new year
            years += 1
            now += datetime.timedelta(days=366)
        before = now
        start = start or now
        said = _ITERATION.match(text)
        if said:
            iteration = int(said.group(1))
        for phase, name, value in _numbers(text):
            seconds = (now - start).total_seconds()
            found[phase, iteration, name] = Row(phase, iteration, seconds, name, value)
    return sorted(found.values(), key=lambda row: (row.iteration, row.phase == "test"))


def _numbers(text: str) -> Iterable[Tuple[str, str, float]]:
    """Yield (phase, name, value) of the number in a line, if it has one."""
    loss, rate, output = _LOSS.match(text), _RATE.match(text), _OUTPUT.match(text)
    if loss:
        yield "train", SMOOTHED, float(loss.group(1))
    elif rate:
        yield "train", RATE, float(rate.group(1))
    elif output:
        yield output.group(1).lower(), output.group(2), float(output.group(3))
