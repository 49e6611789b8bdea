import csv
import json
import os
from types import SimpleNamespace

import numpy as np
import pytest

from data_prep.normalisation import Normalisation
from egl.training.run_folder import read_table, write_csv
from experiments.analyses import stops
from experiments.claims import CONTRADICTED, REPRODUCED, UNDECIDED
from experiments.estimate import START
from experiments.paper import layers, patches
from experiments.protocols import QUICK, STANDARD


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_paper_s_stop_is_the_run_of_patches_and_each_comparison_waits_for_it():
    tasks, whole = layers.tasks(STANDARD), patches.tasks(STANDARD)
    assert len(tasks) == STANDARD.seeds * 6
    assert tasks["patches-egl-seed02"] == whole["patches-egl-seed02"]
    assert tasks["layers-all-seed02"].settings._replace(
        stop_layer="ip1", parameters="layer", keep_weights=(5, 85, 405)
    ) == (whole["patches-egl-seed02"].settings)
    comparison = tasks["layers-compare-seed02"]
    assert comparison.needs == ("patches-egl-seed02",)
    assert comparison.settings.iterations == whole["patches-egl-seed02"].settings.keep_weights
    json.dumps(comparison.settings._asdict())


def test_passes_count_every_stop_at_every_time():
    settings = stops.Comparison("run", (5, 85), 100, 1)
    assert settings.passes(None) == pytest.approx(START + 2 * 100 * (1 + 1 + 1.9 + 2.6 + 2.6))


def test_rank_correlation_and_overlap_by_hand():
    # One pair of neighbours swapped among four: 1 - 6 * (1 + 1) / (4 * 15).
    assert layers.rank_correlation([1, 2, 3, 4], [10, 30, 20, 40]) == pytest.approx(0.8)
    assert layers.rank_correlation([1, 2, 3], [9, 4, 1]) == pytest.approx(-1)
    assert np.isnan(layers.rank_correlation([0, 0, 0], [1, 2, 3]))
    assert layers.overlap([5, 4, 3, 2, 1], [5, 1, 4, 3, 2], k=2) == 0.5
    assert layers.overlap([1, 2], [1, 2], k=3) == 1


def test_patches_are_drawn_half_of_each_class_from_the_training_split():
    labels = np.array([0, 1] * 10)
    training = np.arange(4, 20)
    data = SimpleNamespace(labels=labels, patches_of=lambda split: {"train": training}[split])
    drawn = stops.drawn(data, 6, seed=1)
    assert labels[drawn].sum() == 3
    assert len(set(drawn)) == 6
    assert set(drawn) <= set(training)
    assert drawn.tolist() == sorted(drawn)
    assert (
        drawn.tolist()
        == stops.drawn(data, 6, seed=1).tolist()
        != stops.drawn(data, 6, seed=2).tolist()
    )
    assert stops.drawn(data, 400, seed=1).tolist() == training.tolist()


SAME = {
    "ip2": [0.001, -0.001, 0.0],
    "conv2": [0.001, -0.001, 0.0],
    "conv1": [0.0, 0.0, 0.0],
    "all": [0.02, -0.01, 0.0],
}


@pytest.mark.parametrize(
    "changed, wanted",
    [
        ({}, REPRODUCED),
        ({"conv1": [-0.02, -0.021, -0.019]}, CONTRADICTED),  # narrow, and without 0
        ({"conv1": [0.2, -0.2, 0.0]}, UNDECIDED),  # wide, with 0
        ({"conv1": [0.2, -0.2, 0.0], "all": [0.1, 0.101, 0.099]}, CONTRADICTED),
        ({"conv1": [0.01]}, UNDECIDED),  # one seed
        ({"conv1": None}, UNDECIDED),  # not run yet
    ],
)
def test_verdict_by_its_rule(changed, wanted):
    differences = {stop: values for stop, values in dict(SAME, **changed).items() if values}
    assert layers.verdict(differences)[0] == wanted


def write_comparison(results, seed, conv1):
    """Phi of four patches at two times: the same by all stops, but for conv1 at the later time."""
    rows = []
    for iteration in (5, 85):
        for patch, same in enumerate((1.0, 2.0, 3.0, 4.0)):
            odd = conv1[patch] if iteration == 85 else same
            rows.append([iteration, patch, patch % 2, same, same, same, odd, same])
    os.makedirs(results.run(layers.compared(seed)))
    write_csv(
        os.path.join(results.run(layers.compared(seed)), "phi.csv"),
        ("iteration", "patch", "label", *stops.STOPS),
        rows,
    )
    with open(os.path.join(results.run(layers.compared(seed)), "metrics.json"), "w") as file:
        file.write("{}")


@pytest.fixture
def results(fake_results):
    chosen = STANDARD.patches.selection._replace(k=2)
    results = fake_results(seeds=3, patches=STANDARD.patches._replace(selection=chosen))
    for seed in (1, 2):
        for stop in stops.STOPS:
            lower = 0.1 * seed if stop == "all" else 0
            results.write(
                layers.name(stop, seed), [25, 45, 65], f_measure=np.array([0.5, 0.6, 0.7]) - lower
            )
    results.write(layers.name("all", 3), [25, 45], diverged="diverged", f_measure=0.5)
    write_comparison(results, 1, [10.0, 30.0, 20.0, 40.0])
    write_comparison(results, 2, [7.0, 7.0, 7.0, 7.0])
    return results


def test_section(results):
    section = layers.section(results)
    ranks, areas = section.tables
    rows = {(row[0], row[1]): row[2:] for row in ranks.rows}
    # Of seed 2's net conv1 gives all patches the same phi: no rank correlation, and the first two are its two highest.
    assert rows["conv1", "85"] == ["0.800 (1 seed)", "0.250 ± 3.177", "2"]
    assert rows["conv1", "5"] == ["1.000 ± 0.000", "1.000 ± 0.000", "2"]
    rows = {row[0]: row[1:] for row in areas.rows}
    assert rows["ip1"] == ["0.600 ± 0.000", "", "", "0"]
    assert rows["all"] == [
        "0.450 ± 0.635",
        "-0.150 ± 0.635",
        "-0.150 ± 0.635 (2)",
        "0",
    ]  # -0.1 and -0.2: 12.706 * 0.0707 / sqrt(2)
    assert section.verdicts[0].verdict == UNDECIDED
    assert "over 2 seeds" in section.verdicts[0].measured
    assert "2 of 3 seeds" in section.text[1]
    assert "2 of 3 seeds" in section.text[2]
    rows = {(row["stop"], row["batch"]): row for row in read(results.file("layers.csv"))}
    assert float(rows["all", "45"]["f_measure"]) == pytest.approx(0.45)
    assert ("random", "45") not in rows
    rows = {
        (row["batch"], row["stop"], row["other_stop"]): row
        for row in read(results.file("layers-ranks.csv"))
    }
    assert len(rows) == 2 * 10
    assert float(rows["85", "ip1", "conv1"]["overlap"]) == 0.25


def test_drawn_again_to_the_same_bytes(results):
    def drawn():
        section = layers.section(results)
        files = [*section.files, *(figure.file for figure in section.figures)]
        return {file: open(results.file(file), "rb").read() for file in files}

    first = drawn()
    assert set(first) == {"layers.csv", "layers.png", "layers-ranks.csv", "layers-ranks.png"}
    assert first == drawn()


def test_runs_that_diverge_are_counted_and_random_choice_is_shown(results):
    for stop in layers.OTHERS[:-1]:
        results.write(layers.name(stop, 3), [25, 45, 65], f_measure=0.6)
    results.write(layers.name("ip1", 3), [25, 45, 65], f_measure=0.6)
    for seed in (1, 2, 3):
        results.write(patches.name("random", seed), [25, 45, 65], f_measure=0.4)
    section = layers.section(results)
    rows = {row[0]: row[1:] for row in section.tables[1].rows}
    assert [rows[arm][-1] for arm in ("ip1", "all", "random")] == ["0", "1", "0"]
    assert rows["all"][2] == "-0.150 ± 0.635 (2)"
    assert section.verdicts[0].measured.endswith("from there on: all 1.")
    assert rows["random"][1] == "-0.200 ± 0.000"
    heights = [
        float(row["f_measure"])
        for row in read(results.file("layers.csv"))
        if (row["stop"], row["batch"]) == ("all", "65")
    ]
    assert heights == [pytest.approx((0.6 + 0.5 + 0) / 3, rel=1e-5)]  # F is 0 once diverged


def test_parts_that_are_not_run_yet(fake_results):
    results = fake_results(seeds=2)
    assert layers.section(results) is None
    results.write(layers.name("ip1", 1), [25, 45], f_measure=0.6)
    assert layers.section(results) is None
    results.write(layers.name("ip2", 1), [25, 45], f_measure=0.6)
    section = layers.section(results)
    assert "1 of 2 seeds" in section.text[1]
    assert "conv2, conv1, all" in section.text[1]
    assert section.verdicts[0].verdict == UNDECIDED


def test_every_stop_scores_the_same_patches(caffe, small_store, tmp_path):
    from egl.gradient_length.phi import GradientLength
    from egl.training.trainer import Trainer, TrainerSettings

    source = tmp_path / "trained"
    source.mkdir()
    trainer = Trainer(TrainerSettings(), Normalisation.of("mean", small_store.mean), str(source))
    trainer.step(*small_store.read(small_store.samples("train")[::10]))
    trainer.keep_weights()
    (source / "metrics.json").write_text('{"iterations": 1, "diverged": "at iteration 9"}')
    settings = stops.Comparison("trained", (1, 30), 12, seed=2)
    reported = []
    stops.compare(
        small_store.path,
        settings,
        str(tmp_path / "out"),
        lambda done, total: reported.append((done, total)),
    )
    stops.compare(small_store.path, settings, str(tmp_path / "again"), lambda done, total: None)
    assert reported == [(done, 5) for done in range(1, 6)]
    assert (tmp_path / "out" / "phi.csv").read_bytes() == (
        tmp_path / "again" / "phi.csv"
    ).read_bytes()
    rows = read_table(str(tmp_path / "out" / "phi.csv"))
    assert {row["iteration"] for row in rows} == {"1"}
    assert [row["label"] for row in rows].count("1") == 6
    values, labels = small_store.read([(int(row["patch"]), 0) for row in rows])
    assert [int(row["label"]) for row in rows] == labels.tolist()
    # The net in training holds the same weights, and its own normalisation; "all" is every layer's gradient together.
    phi = {stop: GradientLength(trainer.score_prototxt, trainer.solver.net, *of).score(Normalisation.of("mean", small_store.mean).apply(values)).phi for stop, of in (
        ("ip1", (None, "layer")), ("conv1", ("conv1", "layer")), ("all", ("conv1", "above")),
    )}  # fmt: skip
    for stop, wanted in phi.items():
        assert [float(row[stop]) for row in rows] == pytest.approx(wanted, rel=1e-4)
    assert all(
        float(row["all"]) > max(float(row[stop]) for stop in ("ip2", "ip1", "conv2", "conv1"))
        for row in rows
    )


def test_quick_compares_at_times_that_its_runs_reach():
    tasks = layers.tasks(QUICK)
    run = tasks["patches-egl-seed01"].settings
    assert set(tasks["layers-compare-seed01"].settings.iterations) == set(run.keep_weights)
    assert max(run.keep_weights) <= run.selection.iterations + run.selection.steps
