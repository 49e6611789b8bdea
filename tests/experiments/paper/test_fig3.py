import csv
import json
from pathlib import Path

import numpy as np
import pytest

from data_prep.files import write_csv
from experiments.analyses import interestingness
from experiments.analyses.interestingness import Mapped, Maps, Watching
from experiments.claims import NOT_REPRODUCED, REPRODUCED, UNDECIDED
from experiments.frame import section
from experiments.paper import baseline, fig2, fig3
from tests.experiments.from_one import QUICK, STANDARD


def test_what_is_watched():
    tasks, whole = fig3.tasks(STANDARD), {**fig2.tasks(STANDARD), **baseline.tasks(STANDARD)}
    watching = {name: task for name, task in tasks.items() if name.startswith("fig3-")}
    seeds = range(1, 6)
    assert set(watching) == {fig3.name(kind, seed) for kind in ("egl", "sgd") for seed in seeds}
    assert all(task.needs == (task.settings.run,) for task in watching.values())
    others = {name: task for name, task in tasks.items() if name not in watching}
    assert others == {task.settings.run: whole[task.settings.run] for task in watching.values()}
    assert watching["fig3-egl-seed02"].settings == Watching(
        "fig2-all-egl-seed02", STANDARD.kept, True, 12, 2, 24, 0
    )
    assert watching["fig3-sgd-seed01"].settings == Watching(
        "baseline-seed01", baseline.KEPT, False, 12, 1, 24, 8
    )
    quick = [name for name in fig3.tasks(QUICK) if name.startswith("fig3-")]
    assert quick == ["fig3-egl-seed01", "fig3-egl-seed02", "fig3-sgd-seed01"]


def write_run(results, kind, seed, times, sums, diverged=None, maps=False, **columns):
    """A watched run with evaluations at 10, 20, ..., and the interestingness of photographs.

    sums: {photograph: a number for each of `times`}; one whose name begins with e has exudates
    """
    n = len(next(iter(columns.values())))
    evaluations = [10 * (number + 1) for number in range(n)]
    results.write(fig3.watched(kind, seed), evaluations, diverged, **columns)
    folder = Path(results.run(fig3.name(kind, seed)))
    folder.mkdir(parents=True)
    rows = [
        (time, image, int(image[0] == "e"), values[number], 0, 0)
        for number, time in enumerate(times)
        for image, values in sums.items()
    ]
    write_csv(str(folder / "interestingness.csv"), interestingness.COLUMNS, rows)
    if maps:
        photograph = np.full((200, 300, 3), (10, 20, 200), np.uint8)
        phi = np.full((len(times), 19, 31), np.nan, np.float32)
        phi[:, 3:12, 3:12] = np.arange(1, len(times) + 1).reshape(-1, 1, 1)
        both = [Mapped(image, image[0] == "e", (200, 300), photograph, phi) for image in sums]
        interestingness.write_maps(str(folder / "maps.h5"), Maps(times, 8, both))
    (folder / "metrics.json").write_text(json.dumps({"drawn": 0, "diverged": None, "seconds": 1}))


def test_photographs_by_hand(fake_results):
    results = fake_results()
    sums = {"e0": [8, 2, 4], "h0": [0, 0, 0]}
    write_run(results, "egl", 1, [6, 15, 30], sums, f_measure=[0.5, 0.8, 0.75])
    table = fig3.measure(results)["photographs"]
    assert table["batch"].tolist() == [6, 6, 15, 15, 30, 30]
    assert table["image"].tolist() == ["e0", "h0"] * 3
    over_maximum = table["over_maximum"].to_numpy().reshape(3, 2)
    assert over_maximum[:, 0].tolist() == [1, 0.25, 0.5]
    assert np.isnan(over_maximum[:, 1]).all()
    f = table["f_measure"].to_numpy()[::2]
    assert np.isnan(f[0])  # the first evaluation is at 10
    assert f[1:].tolist() == [0.5, 0.75]
    assert table["net_works"].tolist()[::2] == [False, False, True]  # 0.72 is needed
    assert table["last"].tolist() == [False] * 4 + [True] * 2
    assert table["counts"].all()


@pytest.mark.parametrize(
    "f, diverged, counts",
    [
        ([0.9, 0.82], None, True),
        ([0.9, 0.8], None, False),
        ([0.9, 0.9], "at 30", False),
        ([0.0, 0.0], None, False),
    ],
)
def test_which_runs_count(fake_results, f, diverged, counts):
    results = fake_results()
    write_run(results, "sgd", 1, [20], {"e0": [1]}, diverged, f_measure=f)
    assert fig3.measure(results)["photographs"]["counts"].tolist() == [counts]


@pytest.mark.parametrize(
    "egl, sgd, wanted",
    [
        ([0.04, 0.04, 0.9], [], REPRODUCED),  # the median of all photographs
        ([0.05, 0.05, 0.0], [], NOT_REPRODUCED),
        ([0.04] * 3, [0.9] * 4, NOT_REPRODUCED),  # over both kinds together
        ([0.9] * 3, [0.04] * 4, REPRODUCED),
        ([0.0, 0.0, np.nan, 0.01], [], REPRODUCED),
        ([], [0.9], NOT_REPRODUCED),
    ],
)
def test_verdict_by_its_rule(fake_results, egl, sgd, wanted):
    results = fake_results()
    for kind, last in (("egl", egl), ("sgd", sgd)):
        if last:
            sums = {
                f"e{n}": [0.0, 0.0] if np.isnan(value) else [1.0, value]
                for n, value in enumerate(last)
            }
            write_run(results, kind, 1, [10, 20], sums, f_measure=[0.9, 0.9])
    tables = fig3.measure(results)
    assert fig3.verdict(tables) == {"C3": wanted}


def test_runs_that_do_not_count_decide_nothing(fake_results):
    results = fake_results()
    low = {f"e{n}": [1.0, 0.0] for n in range(9)}
    write_run(results, "egl", 1, [10, 20], low, "at 30", f_measure=[0.9, 0.9])
    assert fig3.verdict(fig3.measure(results)) == {"C3": UNDECIDED}
    assert section(fig3, results).verdicts[0].measured == (
        "Both kinds of training: no run of 1 counts, since each diverged or has a net that does "
        "not work at the last time. EGL selection alone: no run of 1 counts, since each diverged "
        "or has a net that does not work at the last time. Plain SGD alone: no run is finished."
    )
    write_run(results, "sgd", 1, [10, 20], {"h0": [1.0, 0.9]}, f_measure=[0.9, 0.9])
    assert fig3.verdict(fig3.measure(results)) == {"C3": NOT_REPRODUCED}


@pytest.fixture
def results(fake_results):
    results = fake_results()
    columns = {"f_measure": [0.5, 0.8, 0.75], "sensitivity": 0.5, "specificity": 0.4}
    sums = {"e0": [8, 2, 4], "h0": [5, 10, 1]}
    write_run(results, "egl", 1, [6, 15, 30], sums, maps=True, **columns)
    sums = {"e0": [3], "h0": [4]}
    write_run(results, "egl", 2, [6], sums, diverged="at 25", f_measure=[0.5, 0.6])
    columns = {"f_measure": [0.7] * 30, "sensitivity": 1.0, "specificity": 0.0}
    write_run(results, "sgd", 2, [15, 300], {"e0": [8, 2], "h0": [4, 1]}, **columns)
    return results


def test_section(results):
    found = section(fig3, results)
    assert "EGL selection 2 of 5 seeds, Plain SGD 1 of 5 seeds." in found.text[0]
    figures = {figure.file: figure.photographs for figure in found.figures}
    assert figures == {"fig3.png": False, "fig3-maps-egl.png": True}
    rows = {(row[0], row[1]): tuple(row[2:]) for row in found.tables[0].rows}
    assert rows["EGL selection", "6"] == ("0 of 2", "–", "4.5", "1", "–")
    assert rows["EGL selection", "30"] == ("1 of 1", "0.75", "2.5", "0.3", "0.3")
    assert rows["Plain SGD", "300"] == ("1 of 1", "0.7", "1.5", "0.25", "0.25")
    (verdict,) = found.verdicts
    assert verdict.verdict == NOT_REPRODUCED
    assert verdict.measured == (
        "Both kinds of training: at the last time interestingness over its maximum has the median "
        "0.250 (quartiles 0.212 and 0.312; 4 photographs in the 2 of 3 runs that count). "
        "EGL selection alone: at the last time interestingness over its maximum has the median "
        "0.300 (quartiles 0.200 and 0.400; 2 photographs in the 1 of 2 runs that count). "
        "Plain SGD alone: at the last time interestingness over its maximum has the median 0.250 "
        "(quartiles 0.250 and 0.250; 2 photographs in the 1 of 1 runs that count). "
        "1 of the nets that count call all patches the same, which alone can give a high F."
    )
    with open(results.file("fig3.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == fig3.WRITTEN
    assert len(rows) == 2 * (3 + 1 + 2)
    keys = ("training", "seed", "batch", "image")
    row = {tuple(row[key] for key in keys): row for row in rows}["egl", "1", "15", "h0"]
    assert list(row.values())[4:] == ["0", "10", "1", "0.5", "0"]


def test_drawn_photographs_are_named(results):
    path = Path(results.run(fig3.name("egl", 2)), "metrics.json")
    path.write_text(json.dumps({"drawn": 3, "diverged": None, "seconds": 1}))
    assert any("drawn at random (3 in all)" in text for text in section(fig3, results).text)


def test_the_figure_shows_photographs_medians_and_f(results):
    figures = dict(fig3.draw(fig3.measure(results)))
    above, sgd, below, _ = figures["fig3.png"].axes
    lines = {line.get_label().split(",")[0]: list(line.get_ydata()) for line in above.lines}
    assert lines["with exudates: median and quartiles"] == [1, 0.25, 0.5]
    assert lines["healthy: median and quartiles"] == pytest.approx([0.5, 1, 0.1])
    medians = [line for line in above.lines if line.get_linewidth() == 2]
    assert [line.get_linestyle() for line in medians] == ["-", ":"]  # runs that count, and others
    assert list(medians[0].get_ydata()) == pytest.approx([0.75, 0.625, 0.3])
    assert list(medians[1].get_ydata()) == [1]
    assert below.lines[0].get_ydata().tolist() == [0.5, 0.8, 0.75]
    marks = {line.get_label(): line for line in below.lines[-2:]}
    assert marks["scored here; F at least 90% of the run's best"].get_xdata().tolist() == [30]
    assert marks["scored here; F lower than that"].get_xdata().tolist() == [6, 15, 6]
    assert sgd.get_title() == "Plain SGD, 1 seed"
    assert sgd.get_xscale() == "log"


def test_the_maps_lie_over_their_photographs(results):
    figure = dict(fig3.draw(fig3.measure(results)))["fig3-maps-egl.png"]
    axes = np.array(figure.axes[:8]).reshape(2, 4)  # two rows of two for each photograph: no gap
    titles = [axis.get_title() for axis in axes[0]]
    assert titles == ["with exudates", "6 batches", "15 batches", "30 batches"]
    assert axes[1, 0].get_title() == "healthy"
    heat = axes[0, 3].images[1]
    assert np.nanmax(heat.get_array()) == 3
    assert heat.get_extent() == [20, 20 + 31 * 8, 20 + 19 * 8, 20]


def test_nothing_finished(fake_results):
    results = fake_results()
    assert fig3.measure(results) == {}
    # A run that diverged before the first time.
    write_run(results, "egl", 1, [], {}, diverged="at 6", f_measure=[0.5])
    assert section(fig3, results) is None
