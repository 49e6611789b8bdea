"""The short form of `make torture`, and that it can fail."""

import os
import sys

from tests.campaign.conftest import JOBS
from tests.campaign.small import Command, gone, leftovers, results
from tests.campaign.torture import VICTIMS, Kill, Undisturbed, plan, suffer, torture


def test_six_kills(small, whole, tmp_path):
    assert torture(small, whole, 6, 3, str(tmp_path), JOBS) == []


def test_every_command_meets_every_victim():
    planned = plan("abcdef", 50, 1)
    assert {(kill.name, kill.victim) for kill in planned} == {
        (name, victim) for name in "abcdef" for victim in VICTIMS
    }
    assert 5 < sum(len(kill.moments) == 2 for kill in planned) < 25
    assert planned == plan("abcdef", 50, 1) != plan("abcdef", 50, 2)


class Script(Command):
    """A command of one's own: what Python does with `words[0]`, its output folder in sys.argv."""

    def line(self, folder):
        return [sys.executable, "-c", self.words[0], os.path.join(folder, self.out)]


KEEPS_HALF = """
import os, sys, time
os.makedirs(sys.argv[1], exist_ok=True)
with open(sys.argv[1] + "/rounds.csv", "a") as file:
    file.write("a")
    file.flush()
    time.sleep(60 if os.path.getsize(file.name) == 1 else 0)
"""
LEAVES = """
import os, sys, time
os.makedirs(sys.argv[1] + "/a.writing-1", exist_ok=True)
open(sys.argv[1] + "/rounds.csv", "w").write("a")
"""
ORPHANS = """
import os, subprocess, sys, time
if not os.path.exists(sys.argv[1]):
    child = subprocess.Popen(["sleep", "5"], start_new_session=True)
    os.makedirs(sys.argv[1])
    time.sleep(60)
"""


def test_what_a_kill_must_not_do_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.campaign.torture.gone", lambda hit: gone(hit, 0.5))
    kill = Kill("a", "parent", [0.5], 0)
    found = {}
    for name, script, content in (
        ("other bytes", KEEPS_HALF, {"rounds.csv": b"a"}),
        ("left behind", LEAVES, {"rounds.csv": b"a"}),
        ("lives on", ORPHANS, {}),
    ):
        folder = str(tmp_path / name)
        found[name] = suffer(Script((script,)), kill, Undisturbed(content, 2.0), folder)
    assert found["other bytes"] == "other bytes in rounds.csv"
    assert found["left behind"] == "left behind: run/a.writing-1"
    assert found["lives on"] == "a process lives on"


def test_clocks_are_left_out_of_what_is_compared(tmp_path):
    (tmp_path / "metrics.json").write_text('{"seconds": 1.5, "seconds_choosing": 1, "rounds": 3}')
    (tmp_path / "log.txt").write_text("today")
    assert results(str(tmp_path)) == {"metrics.json": {"rounds": 3}}
    assert leftovers(str(tmp_path)) == []
