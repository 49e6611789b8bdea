import csv
import json
import os
from types import SimpleNamespace

import numpy as np
import pytest

from data_prep.normalisation import Normalisation
from data_prep.store import ImageRow
from data_prep.stored_photographs import StoredPhotographs
from egl.training.run_folder import read_table, write_csv
from experiments.analyses import interestingness
from experiments.claims import NOT_REPRODUCED, REPRODUCED, UNDECIDED
from experiments.paper import baseline, fig2, fig3, fig3_runs
from experiments.protocols import QUICK, STANDARD


def write_queries(folder, chosen, initial=()):
    rows = [(1, "image", image, "", "", 0, "nan") for image in initial] + [
        (1, "patch", "p", 3, 0, 0, 2.5)
    ]
    rows += [(7 + place, "image", image, "", "", 0, 0.5) for place, image in enumerate(chosen)]
    write_csv(
        os.path.join(str(folder), "queries.csv"),
        ("iteration", "kind", "image", "patch", "symmetry", "label", "score"),
        rows,
    )


def watching(**changed):
    return interestingness.Watching("source", (6, 15), True, 4, 1, 24, 0)._replace(**changed)


def test_what_is_watched():
    tasks, whole = fig3.tasks(STANDARD), dict(fig2.tasks(STANDARD), **baseline.tasks(STANDARD))
    assert {name for name in tasks if name.startswith("fig3-")} == {
        *(f"fig3-egl-seed{seed:02d}" for seed in range(1, 6)), "fig3-sgd-seed01", "fig3-sgd-seed02",
    }  # fmt: skip
    for name, task in tasks.items():
        if not name.startswith("fig3-"):
            assert task == whole[name]
        else:
            assert task.needs == (task.settings.run,)
            assert task.settings.run in tasks
            json.dumps(task.settings._asdict())
    assert tasks["fig3-egl-seed02"].settings == interestingness.Watching(
        "fig2-all-egl-seed02", STANDARD.kept, True, 12, 2, 24, 0
    )
    assert tasks["fig3-sgd-seed01"].settings == interestingness.Watching(
        "baseline-seed01", baseline.KEPT, False, 12, 1, 24, 8
    )
    assert {name for name in fig3.tasks(QUICK) if name.startswith("fig3-")} == {
        "fig3-egl-seed01",
        "fig3-egl-seed02",
        "fig3-sgd-seed01",
    }


def test_passes_by_hand():
    row = ImageRow("a", "p", "a", 1000, 2400, True, 0, "")
    store = SimpleNamespace(images=[row, row._replace(split=2), row])
    # 0.7 of the pixels in the field: 2916.7 patches at stride 24, 26250 at stride 8; three times.
    expected = 5000 + 2 * 120 + 3 * (2 * 2916.67 / 2.5 + 2 * 26250 / 11.5)
    assert watching(images=0, map_stride=8).passes(store) == pytest.approx(expected, rel=1e-5)
    assert watching(images=1).passes(store) == pytest.approx(
        5000 + 120 + 3 * 2916.67 / 2.5, rel=1e-5
    )


@pytest.fixture
def data():
    """Six training photographs with exudates, six healthy, and two of the test split."""
    rows = [
        ImageRow(f"{kind}{n}", "p", "", 9, 9, kind == "e", 0, "") for kind in "eh" for n in range(6)
    ]
    rows += [
        ImageRow("e9", "q", "", 9, 9, True, 2, ""),
        ImageRow("h9", "q", "", 9, 9, False, 2, ""),
    ]
    return SimpleNamespace(images=rows)


def ids(data, settings, folder):
    places, n_chosen = interestingness.photographs_of(data, settings, str(folder))
    return [data.images[place].id for place in places], n_chosen


def test_photographs_that_the_run_chose(data, tmp_path):
    write_queries(tmp_path, ["e5", "e0", "h3", "e1", "h4"], initial=["e2", "h0"])
    assert ids(data, watching(), tmp_path) == (["e5", "e0", "h3", "h4"], 4)
    assert ids(data, watching(images=3), tmp_path) == (["e5", "e0", "h3"], 3)
    some, n_chosen = ids(
        data, watching(images=8), tmp_path
    )  # it chose two healthy ones: two others are drawn
    assert (some[:3], some[4:6], n_chosen) == (["e5", "e0", "e1"], ["h3", "h4"], 5)
    assert [image[0] for image in some] == list("eeeehhhh")
    assert len(set(some)) == 8
    everything, n_chosen = ids(data, watching(images=0), tmp_path)
    assert (sorted(everything), n_chosen) == (
        sorted(row.id for row in data.images if row.split == 0),
        5,
    )


def test_photographs_that_are_drawn(data, tmp_path):
    drawn = [
        ids(data, watching(chosen=False, seed=seed), tmp_path) for seed in (1, 1, 2)
    ]  # there are no queries to be read
    assert drawn[0] == drawn[1] != drawn[2]
    assert [image[0] for image in drawn[2][0]] == list("eehh")
    assert drawn[2][1] == 0
    few = SimpleNamespace(
        images=[row for row in data.images if row.id not in ("e1", "e2", "e3", "e4", "e5")]
    )
    assert [image[0] for image in ids(few, watching(chosen=False), tmp_path)[0]] == list("ehhh")
    few = SimpleNamespace(images=[row for row in data.images if row.id[0] == "e" or row.id == "h2"])
    assert [image[0] for image in ids(few, watching(chosen=False), tmp_path)[0]] == list("eeeh")


@pytest.mark.parametrize(
    "iterations, snapshot, wanted",
    [
        (60, 60, [6, 15, 60]),
        (15, 15, [6, 15]),
        (35, 26, [6, 15]),
        (35, 35, [6, 15, 35]),
        (5, None, []),
    ],
)
def test_times_whose_weights_are_there(tmp_path, iterations, snapshot, wanted):
    (tmp_path / "metrics.json").write_text(json.dumps({"iterations": iterations}))
    if snapshot:
        (tmp_path / "snapshots" / f"iter_{snapshot:06d}").mkdir(parents=True)
    assert interestingness.times_of(str(tmp_path), (6, 15)) == wanted


def write_run(results, kind, seed, times, sums, diverged=None, maps=False, **columns):
    """A watched run with evaluations at 10, 20, ..., and interestingness `sums` (a list a photograph) of e0 and h0 at `times`."""
    n = len(next(iter(columns.values())))
    results.write(
        fig3_runs.watched(kind, seed), [10 * (each + 1) for each in range(n)], diverged, **columns
    )
    folder = results.run(fig3_runs.name(kind, seed))
    os.makedirs(folder)
    rows = [
        (t, image, int(image == "e0"), values[at], 0, 0)
        for at, t in enumerate(times)
        for image, values in zip(("e0", "h0"), sums)
    ]
    write_csv(
        os.path.join(folder, "interestingness.csv"),
        ("iteration", "image", "lesion", *interestingness.REDUCTIONS),
        rows,
    )
    if maps:
        photograph = np.full((200, 300, 3), (10, 20, 200), np.uint8)
        phi = np.full((len(times), 19, 31), np.nan, np.float32)
        phi[:, 3:12, 3:12] = np.arange(1, len(times) + 1).reshape(-1, 1, 1)
        both = {
            ImageRow(image, "p", "", 200, 300, image == "e0", 0, ""): (photograph, phi)
            for image in ("e0", "h0")
        }
        interestingness._write_maps(os.path.join(folder, "maps.h5"), both, times, 8)
    with open(os.path.join(folder, "metrics.json"), "w") as file:
        json.dump({"drawn": 0, "diverged": None, "seconds": 1}, file)


def test_load_by_hand(fake_results):
    results = fake_results()
    write_run(results, "egl", 1, [6, 15, 30], [[8, 2, 4], [0, 0, 0]], f_measure=[0.5, 0.8, 0.75])
    run = fig3_runs.load(results, "egl", 1)
    assert (run.iterations.tolist(), run.images, run.lesion.tolist()) == (
        [6, 15, 30],
        ("e0", "h0"),
        [True, False],
    )
    assert run.relative[0].tolist() == [1, 0.25, 0.5]
    assert np.isnan(run.relative[1]).all()
    assert np.isnan(run.f[0])  # the first evaluation is at 10
    assert run.f[1:].tolist() == [0.5, 0.75]
    assert run.works.tolist() == [False, False, True]  # 0.72 is needed
    assert run.counts


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
    write_run(results, "sgd", 1, [20], [[1], [1]], diverged, f_measure=f)
    assert fig3_runs.load(results, "sgd", 1).counts is counts


def run_of(kind, last, counts=True):
    relative = np.array([[1.0, value] for value in last])
    n = len(last)
    both, times = np.ones(2), np.array([6, 60])
    return fig3_runs.Watched(
        kind, 1, times, ("x",) * n, np.ones(n, bool), relative, relative, both, both > 0, counts
    )


@pytest.mark.parametrize(
    "runs, wanted",
    [
        ([run_of("egl", [0.04, 0.04, 0.9])], REPRODUCED),  # the median of all photographs
        ([run_of("egl", [0.05, 0.05, 0.0])], NOT_REPRODUCED),
        (
            [run_of("egl", [0.04] * 3), run_of("sgd", [0.9] * 4)],
            NOT_REPRODUCED,
        ),  # over both kinds together
        ([run_of("egl", [0.9] * 3), run_of("sgd", [0.04] * 4)], REPRODUCED),
        ([run_of("egl", [0.0] * 9, counts=False), run_of("sgd", [0.9])], NOT_REPRODUCED),
        ([run_of("egl", [0.0] * 9, counts=False)], UNDECIDED),
        ([run_of("egl", [np.nan, np.nan, 0.01])], REPRODUCED),
    ],
)
def test_verdict_by_its_rule(runs, wanted):
    assert fig3.verdict(runs).verdict == wanted


def test_verdict_reports_the_kinds_apart():
    words = fig3.verdict(
        [run_of("egl", [0.04] * 3), run_of("egl", [0.7], counts=False), run_of("sgd", [0.9] * 4)]
    ).measured
    assert (
        "EGL selection alone: at the last time interestingness over its maximum has the median 0.040"
        in words
    )
    assert "3 photographs in the 1 of 2 runs that count" in words
    assert (
        "Plain SGD alone: at the last time interestingness over its maximum has the median 0.900"
        in words
    )


@pytest.fixture
def results(fake_results, data):
    results = fake_results(stores={"all": data})
    columns = {"sensitivity": [0.5, 0.5, 0.5], "specificity": 0.4}
    write_run(
        results,
        "egl",
        1,
        [6, 15, 30],
        [[8, 2, 4], [5, 10, 1]],
        f_measure=[0.5, 0.8, 0.75],
        maps=True,
        **columns,
    )
    write_run(results, "egl", 2, [6], [[3], [4]], diverged="at 25", f_measure=[0.5, 0.6])
    write_run(
        results,
        "sgd",
        2,
        [15, 300],
        [[8, 2], [4, 1]],
        f_measure=[0.7] * 30,
        sensitivity=1.0,
        specificity=0.0,
    )
    return results


def test_section(results):
    section = fig3.section(results)
    assert "EGL selection 2 of 5 seeds, Plain SGD 1 of 2 seeds" in section.text[0]
    assert [figure.file for figure in section.figures] == ["fig3.png", "fig3-maps-egl.png"]
    rows = {(row[0], row[1]): row[2:] for row in section.tables[0].rows}
    assert rows["EGL selection", "6"] == ["0 of 2", "–", "4.5", "1", "–"]
    assert rows["EGL selection", "30"] == ["1 of 1", "0.75", "2.5", "0.3", "0.3"]
    assert rows["Plain SGD", "300"] == ["1 of 1", "0.7", "1.5", "0.25", "0.25"]
    (verdict,) = section.verdicts
    assert verdict.verdict == NOT_REPRODUCED
    assert "median 0.250" in verdict.measured  # of 0.5, 0.1, 0.25 and 0.25
    assert "1 of the nets that count call all patches the same" in verdict.measured
    with open(results.file("fig3.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * (3 + 1 + 2)
    row = {(row["training"], row["seed"], row["batch"], row["image"]): row for row in rows}[
        "egl", "1", "15", "h0"
    ]
    assert (row["over_maximum"], row["f_measure"], row["net_works"], row["lesion"]) == (
        "1",
        "0.5",
        "0",
        "0",
    )


def test_drawn_again_to_the_same_bytes(results):
    def drawn():
        section = fig3.section(results)
        files = [*section.files, *(figure.file for figure in section.figures)]
        return {file: open(results.file(file), "rb").read() for file in files}

    assert drawn() == drawn()


def test_nothing_finished(fake_results, data):
    results = fake_results(stores={"all": data})
    assert fig3.section(results) is None
    write_run(results, "egl", 1, [], [], diverged="at 6", f_measure=[0.5])  # before the first time
    assert fig3.section(results) is None


def test_photographs_are_scored_by_the_weights_of_each_time(caffe, small_store, tmp_path):
    from egl.gradient_length.phi import GradientLength
    from egl.training.settings import TrainerSettings
    from egl.training.snapshots import weights_at
    from egl.training.trainer import Trainer

    source = tmp_path / "source"
    source.mkdir()
    trainer = Trainer(TrainerSettings(), Normalisation.of("mean", small_store.mean), str(source))
    for _ in range(2):
        trainer.step(*small_store.read(small_store.samples("train")[::10]))
        trainer.keep_weights()
    (source / "metrics.json").write_text('{"iterations": 2}')
    settings = watching(iterations=(1, 2), chosen=False, images=2, map_stride=24)
    for out in ("out", "again"):
        interestingness.watch(
            small_store.path, settings, str(tmp_path / out), lambda done, total: None
        )
    for file in ("interestingness.csv", "maps.h5"):
        assert (tmp_path / "out" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()
    rows = read_table(str(tmp_path / "out" / "interestingness.csv"))
    assert [(row["iteration"], row["lesion"]) for row in rows] == [
        ("1", "1"),
        ("1", "0"),
        ("2", "1"),
        ("2", "0"),
    ]
    places = {row.id: place for place, row in enumerate(small_store.images)}
    for row in rows:
        # The patches cut out one by one, and not by a dense map.
        patches, n = StoredPhotographs(small_store).patches(places[row["image"]], 24)
        scorer = GradientLength(
            trainer.score_prototxt, weights_at(str(source), int(row["iteration"]))
        )
        phi = scorer.score(Normalisation.of("mean", small_store.mean).apply(patches)).phi
        assert len(phi) == n > 100
        assert [float(row[column]) for column in interestingness.REDUCTIONS] == pytest.approx(
            [phi.sum(), phi.mean(), phi.max()], rel=1e-3
        )
    check_maps(str(tmp_path / "out" / "maps.h5"), rows)


def check_maps(path, rows):
    """At the stride by which photographs are scored the maps sum to their interestingness."""
    import h5py

    with h5py.File(path, "r") as file:
        assert file.attrs["iterations"].tolist() == [1, 2]
        for group, lesion in (("lesion", "1"), ("healthy", "0")):
            assert file[group]["photograph"].shape == (400, 600, 3)  # of 480 x 720
            sums = [float(row["sum"]) for row in rows if row["lesion"] == lesion]
            assert np.nansum(file[group]["phi"][...], axis=(1, 2)) == pytest.approx(sums, rel=1e-4)
