"""Scoring in several processes: the bits of NetScorer, and a named error where a process dies."""

import multiprocessing
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytest

from data_prep.normalisation import Normalisation
from egl.errors import EglError, NetError
from egl.gradient_length.cores import CoreSlots
from egl.gradient_length.scorer import NetScorer
from egl.gradient_length.workers import CHUNK, Workers
from egl.nets.definition import prototxt_path

SCORE = prototxt_path("lenet_score.prototxt")
BATCH = 4
SETTINGS = {
    "prototxt": SCORE,
    "normalisation": Normalisation((100.0, 110.0, 120.5), 1 / 64),
    "batch": BATCH,
}
METHODS = ("posterior", "phi", "features", "factors")


@pytest.fixture(scope="module")
def levels():
    """Patches for more than two tasks, the last of them short."""
    return np.random.RandomState(12).randint(0, 256, (45, 3, 48, 48)).astype(np.uint8)


@pytest.fixture(scope="module")
def photographs():
    rng = np.random.RandomState(14)
    images = [rng.randint(0, 256, (60 + 10 * n, 80, 3)).astype(np.uint8) for n in range(5)]
    return list(zip(images, [None] * 4 + [np.zeros((100, 80), bool)]))


@pytest.fixture(scope="module")
def two(lenet):
    with Workers(lenet, SETTINGS, 2) as scorer:
        yield scorer


def assert_same_bits(found, expected):
    assert type(found) is type(expected)
    if isinstance(found, np.ndarray):
        found, expected = [found], [expected]
    for one, other in zip(found, expected):
        one, other = np.asarray(one), np.asarray(other)
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.tobytes() == other.tobytes()


@pytest.fixture
def processes():
    """Return a function that counts the processes that were started since."""
    before = set(multiprocessing.active_children())
    return lambda: len(set(multiprocessing.active_children()) - before)


def test_small_work_starts_no_process(processes, lenet, levels, photographs):
    with Workers(lenet, SETTINGS, 2) as scorer:
        scorer.phi(levels[: CHUNK * BATCH])
        list(scorer.maps_of(photographs[:1], 24))
        assert processes() == 0


@pytest.mark.parametrize("workers", [1, 3])
def test_same_bits_whatever_the_number_of_workers(processes, random_net, levels, workers):
    net = random_net(SCORE, seed=13)
    alone = NetScorer(weights=net, **SETTINGS)
    with Workers(net, SETTINGS, workers) as scorer:
        for patches in (levels, levels[:5], levels[:0]):
            for method in METHODS:
                found = getattr(scorer, method)(patches)
                assert_same_bits(found, getattr(alone, method)(patches))
        assert processes() == (0 if workers == 1 else workers)
    assert processes() == 0


def test_weights_are_those_of_each_call(random_net, levels):
    net = random_net(SCORE, seed=13)
    alone = NetScorer(weights=net, **SETTINGS)
    with Workers(net, SETTINGS, 2) as scorer:
        before = scorer.phi(levels)
        net.params["ip2"][0].data[...] *= 2
        after = scorer.phi(levels)
        assert_same_bits(after, alone.phi(levels))
    assert (after.phi != before.phi).all()


def test_weights_from_a_file(random_net, levels, tmp_path):
    net, path = random_net(SCORE, seed=13), str(tmp_path / "w.caffemodel")
    net.save(path)
    with Workers(path, SETTINGS, 2) as scorer:
        assert_same_bits(scorer.phi(levels), NetScorer(weights=net, **SETTINGS).phi(levels))


def test_other_routes_and_stops(lenet, levels):
    settings = dict(SETTINGS, route="param-diff", stop="ip2", parameters="above")
    expected = NetScorer(weights=lenet, **settings).phi(levels[:20])
    with Workers(lenet, settings, 2) as scorer:
        assert_same_bits(scorer.phi(levels[:20]), expected)


def test_what_the_net_says_of_itself(two):
    assert two.input_shape == (3, 48, 48) and two.classes == 2


def test_maps_come_in_the_order_of_the_photographs(two, lenet, photographs):
    alone = NetScorer(weights=lenet, **SETTINGS)
    found = list(two.maps_of(iter(photographs), 8))
    assert_same_bits(two.maps(photographs[0][0], 8), found[0])
    assert list(two.maps_of([], 8)) == []
    assert len(list(two.maps_of(photographs[:1], 8))) == 1
    assert len(found) == len(photographs)
    for maps, (photograph, field) in zip(found, photographs):
        assert_same_bits(maps, alone.maps(photograph, 8, field))


def test_photographs_are_read_as_they_are_needed(two):
    read = []

    def photographs():
        for n in range(20):
            read.append(n)
            yield np.zeros((48, 48, 3), np.uint8), None

    maps = two.maps_of(photographs(), 24)
    next(maps)
    assert len(read) <= 4


def test_calls_while_maps_are_being_read(two, lenet, levels, photographs):
    """They are scored in the calling process, with the same bits, and disturb nothing."""
    alone = NetScorer(weights=lenet, **SETTINGS)
    for maps, (photograph, field) in zip(two.maps_of(photographs, 24), photographs):
        assert_same_bits(two.phi(levels), alone.phi(levels))
        assert_same_bits(maps, alone.maps(photograph, 24, field))


def test_maps_that_are_not_all_read(two, lenet, levels, photographs):
    alone = NetScorer(weights=lenet, **SETTINGS)
    maps = two.maps_of(photographs, 24)
    next(maps)
    maps.close()
    assert_same_bits(two.phi(levels), alone.phi(levels))


def test_as_many_processes_as_cores_are_free(processes, lenet, levels, tmp_path):
    slots = CoreSlots(str(tmp_path), 3)
    expected = NetScorer(weights=lenet, **SETTINGS).phi(levels)
    with Workers(lenet, SETTINGS, slots) as scorer, slots.hold():
        with slots.extra():  # every other core is busy
            assert_same_bits(scorer.phi(levels), expected)
            assert processes() == 0
        with slots.extra(1):
            assert_same_bits(scorer.phi(levels), expected)
            assert processes() == 2
        assert_same_bits(scorer.phi(levels), expected)
        assert processes() == 3
        with slots.extra() as extra:  # given back
            assert extra == 2


def test_a_dead_process_is_an_error_and_not_a_hang(two, lenet, levels, photographs):
    def then_death():
        yield from photographs[:3]
        for process in multiprocessing.active_children():
            process.kill()
            process.join()
        yield from photographs

    with pytest.raises(EglError, match="scoring process died"):
        list(two.maps_of(then_death(), 24))
    assert_same_bits(two.phi(levels), NetScorer(weights=lenet, **SETTINGS).phi(levels))


def test_errors_of_a_process_come_through(two, lenet, levels):
    with pytest.raises(NetError, match="N x 3 x 48 x 48"):
        two.phi(levels[:, :2])
    with pytest.raises(NetError, match="stride 0"):
        list(two.maps_of([(np.zeros((48, 48, 3), np.uint8), None)] * 3, 0))
    assert_same_bits(two.phi(levels), NetScorer(weights=lenet, **SETTINGS).phi(levels))


def test_weights_are_written_once_for_each_change_and_to_no_disk(
    random_net, levels, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    net = random_net(SCORE, seed=13)
    with Workers(net, SETTINGS, 2) as scorer:
        versions = []
        for factor in (1, 1, 2, 1):
            net.params["ip2"][1].data[...] *= factor
            scorer.phi(levels)
            versions.append(scorer._versions)
            assert not list(tmp_path.iterdir())  # a kill would leave it
    assert versions == [1, 1, 2, 2]


ORPHANS = """
import sys, threading, numpy as np
from data_prep.normalisation import Normalisation
from egl.gradient_length.scoring_process import ScoringProcess
from egl.nets.definition import prototxt_path
if __name__ == "__main__":
    process = ScoringProcess(dict(prototxt=prototxt_path("lenet_score.prototxt"), batch=4,
                                  normalisation=Normalisation((0.0, 0.0, 0.0), 1 / 64)), None)
    print(process._process.pid, flush=True)
    photograph = np.zeros((3000, 4000, 3), np.uint8)
    process.ask((0, sys.argv[1]), "maps", (photograph, 4, None))
"""


def test_a_process_ends_with_its_parent_in_the_middle_of_its_work(lenet, tmp_path):
    lenet.save(str(tmp_path / "w.caffemodel"))
    (tmp_path / "script.py").write_text(ORPHANS)
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "w.caffemodel")]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as parent:
        child = int(parent.stdout.readline())
        status = pathlib.Path("/proc", str(child), "stat")
        while computed(status) < 4:  # seconds: it has imported Caffe, and is at work
            time.sleep(0.05)
        parent.kill()
    deadline = time.monotonic() + 30
    while status.exists() and status.read_text().split()[2] != "Z" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not status.exists() or status.read_text().split()[2] == "Z"


def computed(status):
    """Return the seconds of processor time that a process has used, from its /proc/PID/stat."""
    user, system = map(int, status.read_text().rsplit(")", 1)[1].split()[11:13])
    return (user + system) / os.sysconf("SC_CLK_TCK")


def test_bad_arguments(lenet, tmp_path):
    with pytest.raises(EglError, match="workers must be at least 1"):
        Workers(lenet, SETTINGS, 0)
    with pytest.raises(NetError, match="no.caffemodel"):
        Workers(str(tmp_path / "no.caffemodel"), SETTINGS, 2)
    with pytest.raises(EglError, match="give auto, cpu or gpu:N"):
        Workers(lenet, SETTINGS, 2, device="gpu")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "settings lack 'prototxt'"),
        ({"prototxt": SCORE}, "settings lack 'normalisation'"),
        (dict(SETTINGS, bach=4), "'bach' is not known; did you mean batch"),
        (dict(SETTINGS, weights="w"), "'weights' is not known"),
        (None, "must be a dict of NetScorer's, not None"),
    ],
)
def test_settings_that_are_not_those_of_a_scorer(caffe, settings, message):
    with pytest.raises(NetError, match=message):
        Workers("w.caffemodel", settings, 2)
