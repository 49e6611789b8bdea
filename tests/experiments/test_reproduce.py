"""The main job end to end on phantoms, as small as it can be, with real Caffe."""
import re
from pathlib import Path

import pytest

from data_prep.prepare import PrepareSettings
from egl.algorithms import SelectionSettings
from egl.selection import RunSettings
from experiments.child import BadInput
from experiments.protocols import Protocol
from experiments.reproduce import reproduce, run_arms

TINY = Protocol(
    "tiny",
    seeds=2,
    prepare=PrepareSettings(n_train=80, n_validation=16, n_test=16),
    selection=RunSettings(
        selection=SelectionSettings(iterations=3, candidates=40, initial_iterations=1), initial_images=2, image_patches=4, stride=48
    ),
)


@pytest.fixture(scope="module")
def report(caffe, phantoms, tmp_path_factory):
    out = tmp_path_factory.mktemp("reproduce") / "out"
    path, failed = reproduce(phantoms, str(out), TINY, jobs=2)
    assert failed == []
    return Path(path)


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_report_is_whole_and_by_itself(report):
    html = report.read_text()
    assert len(re.findall('src="data:image/png;base64,', html)) == 2
    assert not re.findall('(?:src|href)="(?!data:|fig2.csv)', html)
    assert "did not finish" not in html
    assert "tiny" in html
    assert "mean over all batches" in html
    assert (report.parent / "fig2.csv").exists()
    assert (report.parent / "fig2.png").exists()


def test_the_same_command_again_runs_nothing_and_another_one_gives_the_same_csv(report, phantoms, tmp_path):
    arms = report.parent / "fig2"
    before = files(arms)
    reproduce(phantoms, str(report.parent), TINY, jobs=1)
    assert files(arms) == before
    reproduce(phantoms, str(tmp_path / "again"), TINY, jobs=1)
    for path in sorted(arms.glob("*/*.csv")) + [report.parent / "fig2.csv", report.parent / "store.h5"]:
        assert (tmp_path / "again" / path.relative_to(report.parent)).read_bytes() == path.read_bytes(), path


def test_an_arm_that_dies_leaves_the_others_their_report(report, phantoms, tmp_path, monkeypatch):
    out = tmp_path / "out"
    original = reproduce.__globals__["run_in_child"]

    def run_in_child(work, arguments, folder, progress):
        # A store that goes away under one arm fails as an abort would: that arm alone.
        return original(die if "egl-seed01" in folder else work, arguments, folder, progress)

    monkeypatch.setattr("experiments.reproduce.run_in_child", run_in_child)
    path, failed = reproduce(phantoms, str(out), TINY, jobs=2)
    assert len(failed) == 1
    assert "egl-seed01" in failed[0]
    html = Path(path).read_text()
    assert "1 of 2 seeds are in this figure" in html
    monkeypatch.undo()
    path, failed = reproduce(phantoms, str(out), TINY, jobs=2)
    assert failed == []
    assert (out / "fig2.csv").read_bytes() == (report.parent / "fig2.csv").read_bytes()


def test_arms_that_diverge_leave_the_others_their_part(caffe, small_store, tmp_path):
    fast = TINY.selection._replace(trainer=TINY.selection.trainer._replace(rate=1e6))
    failed = run_arms(small_store.path, {"wild": fast, "calm": TINY.selection._replace(strategy="random")}, str(tmp_path), jobs=1)
    assert len(failed) == 1
    assert "wild" in failed[0]
    assert "diverged" in failed[0]
    assert (tmp_path / "calm" / "metrics.json").exists()


def test_a_folder_of_a_single_run_is_refused(report, phantoms):
    with pytest.raises(BadInput, match="folder of a single run"):
        reproduce(phantoms, str(report.parent / "fig2" / "egl-seed01"), TINY, jobs=1)


def test_an_interrupt_ends_the_arms_and_starts_no_other(caffe, phantoms, tmp_path, monkeypatch):
    started = []

    def interrupted(work, arguments, folder, progress):
        started.append(folder)
        raise KeyboardInterrupt

    monkeypatch.setattr("experiments.reproduce.run_in_child", interrupted)
    with pytest.raises(KeyboardInterrupt):
        reproduce(phantoms, str(tmp_path / "out"), TINY._replace(seeds=20), jobs=1)
    assert len(started) < 40
    assert not (tmp_path / "out" / "report.html").exists()


def die(*arguments, progress):
    import os

    os.abort()


def test_a_folder_of_another_protocol_is_refused(report, phantoms):
    with pytest.raises(BadInput, match="n_train 80 where 88 is wanted"):
        reproduce(phantoms, str(report.parent), TINY._replace(prepare=TINY.prepare._replace(n_train=88)), jobs=1)
