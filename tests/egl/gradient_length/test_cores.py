"""Cores shared by processes: each is held once, idle ones are lent, and a death gives them back."""

import subprocess
import sys
import threading

import pytest

from egl.errors import EglError
from egl.gradient_length.cores import CoreSlots

HOLDS_UNTIL_TOLD = (
    "import sys; sys.path[:] = sys.argv[2:]\n"
    "from egl.gradient_length.cores import CoreSlots\n"
    "with CoreSlots(sys.argv[1], 3).hold():\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


@pytest.fixture
def slots(tmp_path):
    return CoreSlots(str(tmp_path / "cores"), 3)


@pytest.fixture
def holder(slots):
    """Another process that holds one core."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS_UNTIL_TOLD, slots.folder, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_what_nobody_holds_is_extra_and_comes_back(slots):
    with slots.extra() as first:
        with slots.extra() as second:
            assert (first, second) == (3, 0)
    with slots.hold(), slots.extra() as extra:
        assert extra == 2
    with slots.extra() as extra:
        assert extra == 3


def test_no_more_are_claimed_than_are_of_use(slots):
    with slots.extra(1) as first, slots.extra(0) as none, slots.extra(5) as rest:
        assert (first, none, rest) == (1, 0, 2)


def test_an_error_gives_cores_back(slots):
    with pytest.raises(KeyError):
        with slots.hold(), slots.extra():
            raise KeyError
    with slots.extra() as extra:
        assert extra == 3


def test_another_process_holds_its_core_until_it_dies(slots, holder):
    with slots.extra() as extra:
        assert extra == 2
    holder.kill()
    holder.wait()
    with slots.extra() as extra:
        assert extra == 3


def test_hold_waits_for_a_core_that_is_lent(slots):
    held = threading.Event()

    def hold():
        with slots.hold():
            held.set()

    with slots.extra():
        thread = threading.Thread(target=hold)
        thread.start()
        assert not held.wait(0.3)
    assert held.wait(10)
    thread.join()


def test_a_child_process_of_the_holder_does_not_keep_the_core(slots):
    with slots.hold():
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with slots.extra() as extra:
            assert extra == 3
    finally:
        child.communicate(b"\n")


def test_no_core_at_all_is_an_error(tmp_path):
    with pytest.raises(EglError, match="at least 1, not 0"):
        CoreSlots(str(tmp_path), 0)


@pytest.mark.parametrize(
    ("folder", "n"), [("x", 2.5), ("x", "2"), ("x", True), (None, 2), ("x", 0)]
)
def test_other_numbers_and_folders_are_named(folder, n):
    with pytest.raises(EglError, match="cores must be|CoreSlots must be a path"):
        CoreSlots(folder, n)


def test_a_whole_number_of_another_type(tmp_path):
    slots = CoreSlots(tmp_path, 2.0)
    with slots.hold(), slots.extra() as extra:
        assert (slots.n, slots.folder, extra) == (2, str(tmp_path), 1)
