"""The main job end to end on phantoms, as small as it can be, with real Caffe."""

import re
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from data_prep.errors import DataError
from data_prep.prepare import PrepareSettings, prepare
from egl.selection.run import RunSettings
from egl.selection.settings import SelectionSettings
from egl.training.run_files import read_settings
from experiments import protocols
from experiments.paper import NAMES
from experiments.processes import BadInput
from experiments.reproduce import _store, report, reproduce
from experiments.request import Request
from experiments.setups import EQUATION
from experiments.tasks import with_selection

IMAGES = RunSettings(
    selection=SelectionSettings(iterations=4, candidates=40, initial_iterations=2),
    initial_images=2,
    lesion_share=1,
    image_patches=4,
    stride=48,
)
# The readings take 51 runs.
ALL = tuple(name for name in NAMES if name != "readings")
TINY = replace(
    protocols.QUICK,
    name="tiny",
    experiments=ALL,
    pools=("all", "lesion"),
    prepare=PrepareSettings(n_train=80, n_validation=16, n_test=16),
    images=IMAGES,
    kept=(2, 4),
    patches=replace(with_selection(IMAGES, steps=2), by="patch"),
    epochs=1,
    grid_rates=(0.01,),
    grid_batches=(16,),
    map_images=2,
    map_stride=24,
)


@pytest.fixture(scope="module")
def tiny():
    """The protocol `tiny`, there for this module alone."""
    protocols.PROTOCOLS["tiny"] = TINY
    yield Request
    del protocols.PROTOCOLS["tiny"]


@pytest.fixture(scope="module")
def whole(caffe, tiny, phantoms, tmp_path_factory):
    """Every experiment, with one seed: a folder."""
    out = tmp_path_factory.mktemp("reproduce") / "out"
    path, failed = reproduce(Request(phantoms, "tiny", seeds=1), str(out), jobs=2)
    assert failed == []
    assert path == str(out / "report.html")
    return out


def files(folder, *patterns):
    return {
        path.relative_to(folder): path.read_bytes()
        for pattern in patterns
        for path in sorted(folder.rglob(pattern))
    }


def test_the_report_is_whole_and_by_itself(whole):
    html = (whole / "report.html").read_text()
    for name in ALL:
        assert f'<h2 id="{name}">' in html
    assert len(re.findall('src="data:image/[a-z+]*;base64,', html)) > len(ALL)
    assert not re.findall('src="(?!data:)', html)
    inside = re.findall('href="data:text/csv;base64,[^"]+" download="([^"]+)"', html)
    assert {"fig2.csv", "masks-curves.csv"} < set(inside)
    links = [link for link in re.findall('href="([^"#]+)"', html) if link[:5] != "data:"]
    assert {"fig2-all.svg", "fig2-all.png"} < set(links)
    assert [link for link in links if not (whole / link).exists()] == []
    anchors = re.findall('href="#([^"]+)"', html)
    assert {"C1", "fig2", "claims", "top", "scope"} < set(anchors)
    assert [anchor for anchor in anchors if f'id="{anchor}"' not in html] == []
    assert "A demonstration, on photographs that this package drew itself" in html
    assert "reproduced" not in set(pd.read_csv(whole / "claims.csv")["verdict"])
    for claim in range(1, 8):
        assert f"<td>C{claim}</td>" in html
    assert ">not run<" not in html
    assert "did not finish" not in html
    assert "images.image_patches" in html  # what was scaled


@pytest.fixture
def with_stores(whole, tmp_path):
    """A folder that has the stores already."""
    for path in (*whole.glob("store*.h5"), *whole.glob("store*.png")):
        shutil.copy(path, tmp_path)
    return tmp_path


def test_the_same_command_again_runs_nothing(whole, phantoms, capsys, monkeypatch):
    from experiments import reproduce as module

    drawn = []
    monkeypatch.setattr(module, "write_report", lambda *given, **more: drawn.append(1))
    before = files(whole, "runs/*/*.*", "*.csv", "*.png")
    reproduce(Request(phantoms, "tiny", seeds=1), str(whole), jobs=1)
    assert "runs are finished" in capsys.readouterr().out
    assert files(whole, "runs/*/*.*", "*.csv", "*.png") == before
    assert drawn


def test_drawn_again_without_training_and_as_markdown(whole, tmp_path):
    before = files(whole, "*.csv", "*.png")
    for path in [*whole.glob("*.csv"), *whole.glob("fig*.png")]:
        path.unlink()
    report(str(whole), markdown=str(tmp_path / "results.md"))
    assert files(whole, "*.csv", "*.png") == before
    text = (tmp_path / "results.md").read_text()
    there = {path.name for path in (tmp_path / "results").iterdir()}
    assert {"claims.csv", "fig2.csv", "fig2-all.png", "masks.csv"} < there
    assert not there & {
        "masks-overlays.png",
        "fig3-maps-egl.png",
        "store.png",
    }  # these show photographs
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert {"results/results.csv", "results/fig2.csv", "results/fig2-all.png"} < set(links)
    assert [link for link in links if not (tmp_path / link).exists()] == []
    assert "\n\n\n\n" not in text
    claims = [line for line in text.splitlines() if line.startswith("| C")]
    assert [line.count("|") for line in claims] == [6] * 7


def test_results_csv_has_every_evaluation_of_every_run(whole):
    table = pd.read_csv(whole / "results.csv")
    assert table.columns.tolist() == ["experiment", "arm", "seed", "iteration", "metric", "value"]
    assert not table.duplicated(table.columns[:-1].tolist()).any()
    rounds = pd.read_csv(whole / "runs" / "patches-egl-seed11" / "rounds.csv")
    of_run = table[(table["experiment"] == "patches") & (table["arm"] == "egl")]
    wide = of_run.pivot(index="iteration", columns="metric", values="value")
    assert wide.index.tolist() == rounds["iteration"].tolist()
    assert wide["f_measure"].tolist() == pytest.approx(rounds["f_measure"].tolist(), abs=1e-6)
    assert of_run[of_run["metric"] == "diverged"]["value"].tolist() == [0]
    assert set(table["experiment"]) == {"fig2", "lead", "patches", "baseline", "grid", "layers"}


def assert_same(folder, whole, *patterns):
    again = files(folder, "runs/*/*.csv", "runs/*/predictions.h5", *patterns)
    there = files(whole, "*.h5", "*.csv", "*.png")
    assert {path: there[path] for path in again} == again
    return {path.name for path in again}


def test_two_runs_are_the_same_to_the_byte(whole, phantoms, tmp_path):
    request = Request(phantoms, "tiny", only=("patches", "baseline"), seeds=1)
    reproduce(request, str(tmp_path), jobs=1)
    found = assert_same(tmp_path, whole, "store*.h5", "patches*.csv", "baseline*.csv", "*.png")
    assert {"store.h5", "queries.csv", "predictions.h5", "baseline.csv", "patches.png"} <= found


def test_the_paper_s_equation_has_a_folder_and_a_report_of_its_own(with_stores, phantoms, tmp_path):
    request = Request(phantoms, "tiny", ("baseline", "grid"), ("calibrated", EQUATION), seeds=1)
    path, failed = reproduce(request, str(tmp_path), jobs=2)
    assert (path, failed) == (str(tmp_path / "report.html"), [])
    runs = sorted((tmp_path / EQUATION / "runs").glob("*/settings.json"))
    assert [run.parent.name for run in runs] == ["baseline-seed11"]  # not the grid
    momentum = [
        read_settings(str(folder / "runs" / "baseline-seed11"))["trainer"]["momentum"]
        for folder in (tmp_path, tmp_path / EQUATION)
    ]
    assert momentum == [0.9, 0.0]
    equation = (tmp_path / EQUATION / "report.html").read_text()
    assert "the paper&#39;s equation: pixels minus the training mean" in equation
    assert "momentum 0, weight decay 0" in equation
    whole = (tmp_path / "report.html").read_text()
    assert 'href="equation/report.html">under the paper&#39;s equation</a>' in whole
    report(str(tmp_path), markdown=str(tmp_path / "page.md"))
    assert (tmp_path / "page-equation.md").exists()
    page = (tmp_path / "page.md").read_text()
    claims = [line for line in page.splitlines() if line.startswith("| C")]
    assert [line.count("|") for line in claims] == [8] * 7


def test_one_experiment_alone(with_stores, phantoms, tmp_path):
    reproduce(Request(phantoms, "tiny", only=("grid",), seeds=1), str(tmp_path), jobs=1)
    runs = {path.parent.name for path in (tmp_path / "runs").glob("*/settings.json")}
    assert runs == {"grid-rate0.01-batch16-seed11"}
    html = (tmp_path / "report.html").read_text()
    assert '<h2 id="grid">' in html
    assert '<h2 id="fig2">' not in html
    assert ">not run<" in html


def test_a_run_that_dies_leaves_the_others_their_report_and_goes_on_later(
    whole, with_stores, phantoms, tmp_path, monkeypatch
):
    from experiments import runner

    original = runner.run_in_child

    def run_in_child(work, arguments, folder, progress, device):
        return original(
            die if "fig2-all-egl-seed11" in folder else work, arguments, folder, progress, device
        )

    monkeypatch.setattr(runner, "run_in_child", run_in_child)
    request = Request(phantoms, "tiny", only=("fig2",), seeds=1)
    _, failed = reproduce(request, str(tmp_path), jobs=2)
    assert len(failed) == 1
    assert "fig2-all-egl-seed11" in failed[0]
    assert "did not finish" in (tmp_path / "report.html").read_text()
    monkeypatch.undo()
    assert reproduce(request, str(tmp_path), jobs=2)[1] == []
    assert {"fig2.csv", "fig2-all.png", "queries.csv"} <= assert_same(
        tmp_path, whole, "fig2.csv", "fig2-*.png"
    )


def die(*arguments, progress):
    import os

    os.abort()


def test_an_interrupt_starts_no_other_run_and_writes_no_report(
    with_stores, phantoms, tmp_path, monkeypatch
):
    from experiments import runner

    started = []

    def interrupted(work, arguments, folder, progress, device):
        started.append(folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "run_in_child", interrupted)
    with pytest.raises(KeyboardInterrupt):
        reproduce(Request(phantoms, "tiny", only=("fig2",), seeds=20), str(tmp_path), jobs=1)
    assert len(started) == 1
    assert not (tmp_path / "report.html").exists()


def test_folders_that_hold_something_else(whole, tiny, phantoms, tmp_path):
    with pytest.raises(BadInput, match="folder of a single run"):
        reproduce(Request(phantoms, "tiny"), str(whole / "runs" / "baseline-seed11"), jobs=1)
    with pytest.raises(BadInput, match="n_train 80 where 1600 is wanted"):
        reproduce(Request(phantoms, "quick"), str(whole), jobs=1)
    with pytest.raises(BadInput, match="is no folder of egl reproduce"):
        report(str(tmp_path))


def test_a_folder_that_cannot_be_written(phantoms, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be made"):
        reproduce(Request(phantoms, "quick"), str(tmp_path / "file" / "out"), jobs=1)
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(DataError, match="may not write there"):
        reproduce(Request(phantoms, "quick"), str(tmp_path / "out"), jobs=1)


def test_a_kill_between_a_store_and_its_picture(phantoms, tmp_path):
    settings, path = TINY.prepare, str(tmp_path / "store.h5")
    prepare(phantoms, path, settings, progress=False)
    _store(phantoms, path, settings, skip_bad=False)
    assert (tmp_path / "store.png").exists()


def test_what_is_asked_for_reaches_the_protocol():
    protocol = Request(None, "standard", seeds=3, scale=0.5, mask_threshold=63).full_protocol()
    assert (protocol.seeds, protocol.fig2_seeds, protocol.baseline_seeds) == (3, 3, 3)
    equation = protocol.under(EQUATION)
    assert {run.trainer.momentum for run in (equation.images, equation.patches)} == {0.0}
    assert (protocol.setups, equation.setup) == (("calibrated", EQUATION), EQUATION)
    assert protocol.prepare.scale == protocol.stores()["lesion"].scale == 0.5
    assert protocol.prepare.mask_threshold == protocol.stores()["lesion"].mask_threshold == 63
    assert protocol.stores()["lesion"].healthy_from == "lesion"
