from dataclasses import asdict

import numpy as np
import pytest
from matplotlib.colors import same_color

from data_prep.files import write_csv
from egl.training.run_files import read_table
from egl.training.run_folder import RunFolder
from experiments.analyses import mask_maps, mask_scores
from experiments.claims import NOT_REPRODUCED, REPRODUCED, UNDECIDED
from experiments.frame import section
from experiments.paper import baseline, masks
from tests.experiments.from_one import FULL, STANDARD

MEASURES = {
    "annotated_share": 0.01,
    "pixel_ap": 0.3,
    "pixel_precision": 0.4,
    "pixel_recall": 0.45,
    "pixel_f": 0.42,
    "lesion_precision": 0.6,
    "lesion_recall": 0.5,
    "lesion_f": 0.55,
}


def write_run(results, seed, **changes):
    """A finished run and its baseline: 3 validation photographs, and 4 test photographs."""
    diverged = "a word" if seed == 2 else None
    RunFolder(results.run(baseline.name(seed)), {}).finish(
        {"iterations": 70 + seed, "diverged": diverged}
    )
    run = RunFolder(results.run(masks.name(seed)), {})
    photographs = [["v", "validation", lesion] + [1] * 17 for lesion in (1, 0, 0)]
    # (lesion, right, called): 8 regions are wrong, 6 of them in healthy photographs.
    for lesion, right, called in ((1, 4, 6), (1, 3, 3), (0, 0, 6), (0, 0, 0)):
        cells = dict.fromkeys(mask_maps.PHOTOGRAPHS, 0)
        cells.update(id="t", split="test", lesion=lesion, p_right=right, p_called=called)
        photographs.append(list(cells.values()))
    write_csv(run.file("photographs.csv"), mask_maps.PHOTOGRAPHS, photographs)
    scores, points = [], []
    for kind in mask_maps.KINDS:
        for subset in mask_scores.SUBSETS:
            for measure, x in {**MEASURES, **changes}.items():
                scores.append([kind, subset, measure, x, f"{x - 0.1:.6g}", f"{x + 0.1:.6g}"])
        scores.append([kind, "all", "image_auc", 0.75, "", ""])
        scores.append([kind, "all", "threshold", 0.9, "", ""])
        points += [[kind, 0.1, 1, 0.01], [kind, 0.9, 0.2, 0.8]]
    write_csv(run.file("scores.csv"), mask_scores.COLUMNS, scores)
    write_csv(run.file("curves.csv"), mask_maps.CURVES, points)
    arrays = {}
    for number in range(2):
        mask = np.zeros((40, 60), np.uint8)
        mask[10:20, 10:30] = 255 * number  # nothing is annotated or called in the first
        arrays[f"{number}_photograph"] = np.full((40, 60, 3), 90, np.uint8)
        arrays[f"{number}_id"] = np.array("folder/image.jpg")
        arrays.update({f"{number}_annotated": mask, f"{number}_called": mask})
        arrays.update({f"{number}_p": mask / 255.0, f"{number}_phi": mask / 10.0})
    np.savez(run.file("overlays.npz"), **arrays)
    run.finish({})


@pytest.fixture
def results(fake_results):
    return fake_results()


def test_tasks():
    tasks = masks.tasks(STANDARD)
    kinds = ("baseline", "masks")
    assert set(tasks) == {f"{kind}-seed{seed:02d}" for kind in kinds for seed in range(1, 6)}
    task = tasks["masks-seed02"]
    assert task.needs == ("baseline-seed02",) == (task.settings.run,)
    assert tasks["baseline-seed02"] == baseline.tasks(STANDARD)["baseline-seed02"]
    assert asdict(task.settings) == {"run": "baseline-seed02", "stride": 8}
    assert masks.tasks(FULL)["masks-seed05"].settings.stride == 4


def test_nothing_finished(results):
    assert masks.measure(results) == {}


def test_the_words_by_hand(results):
    write_run(results, 2)
    text = " ".join(section(masks, results).text)
    for words in (
        "every 8 pixels",
        "(after 72 iterations; in 1 of 1 runs training diverged after that)",
        "highest pixel F on the 3 validation photographs (1 with exudates).",
        "field of view of the 4 test photographs (2 with exudates): 1.00% of their pixels",
        "at least 20% of its pixels",
        "of 1000 bootstrap resamples",
        "75% are in photographs without exudates",
        "an AUC of 0.75 (chance",
        "1 of 5 seeds.",
    ):
        assert words in text


def test_the_tables_by_hand(results):
    write_run(results, 2)
    everything, lesions = section(masks, results).tables
    assert everything.header == ("map", "", "threshold", *masks.MEASURES.values())
    assert everything.rows[0] == [
        "p(exudate)", "seed 2", "0.9",
        "0.400 [0.300, 0.500]", "0.450 [0.350, 0.550]", "0.420 [0.320, 0.520]",
        "0.300 [0.200, 0.400]",
        "0.600 [0.500, 0.700]", "0.500 [0.400, 0.600]", "0.550 [0.450, 0.650]",
    ]  # fmt: skip
    assert len(everything.rows) == len(lesions.rows) == 2
    rows = read_table(results.file("masks.csv"))
    assert len(rows) == 2 * 2 * len(MEASURES) + 4
    assert list(rows[1].values()) == ["2", "p", "all", "pixel_ap", "0.3", "0.2", "0.4"]
    threshold = ["2", "p", "all", "threshold", "0.9", "", ""]
    assert threshold in [list(row.values()) for row in rows]
    points = read_table(results.file("masks-curves.csv"))
    assert [row["recall"] for row in points] == ["1", "0.2"] * 2


@pytest.mark.parametrize(
    "changes, wanted",
    [
        ({}, REPRODUCED),
        ({"lesion_recall": 0.49}, UNDECIDED),
        ({"lesion_precision": 0.49}, UNDECIDED),
        ({"pixel_ap": 0.09}, NOT_REPRODUCED),
    ],
)
def test_verdict_by_its_rule(results, changes, wanted):
    write_run(results, 1, **changes)
    assert masks.verdict(masks.measure(results)) == {"C7": wanted}


def test_the_verdict_is_on_the_mean_over_seeds(results):
    write_run(results, 1, lesion_recall=0.44)
    write_run(results, 2, lesion_recall=0.57)
    found = section(masks, results)
    assert "after 71, 72 iterations; in 1 of 2 runs training diverged" in found.text[0]
    assert found.verdicts[0].verdict == REPRODUCED
    assert found.verdicts[0].measured == (
        "p(exudate) over all test photographs: pixel AUC-PR 0.300, 30.0 times the share of "
        "annotated pixels (1.00%); lesions with precision 0.60 and recall 0.51 (mean of 2 seeds)."
    )
    assert found.tables[0].rows[2][:3] == ["p(exudate)", "mean", ""]
    assert found.tables[0].rows[2][8] == "0.505"


def test_the_figures_show_outlines_maps_and_curves(results):
    write_run(results, 1)
    figures = dict(masks.draw(masks.measure(results)))
    photographs = figures["masks-overlays.png"].axes
    nothing, outlined = photographs[0], photographs[3]
    assert not nothing.collections  # nothing to outline
    _, annotated, _, called = outlined.collections  # each with its dark border
    assert same_color(annotated.get_edgecolor()[0], "cyan")
    assert same_color(called.get_edgecolor()[0], "white")
    p, phi = photographs[4].images[0], photographs[5].images[0]
    assert (p.get_array().max(), p.get_clim()) == (1, (0, 1))
    assert phi.get_array().max() == 25.5
    assert [len(axis.collections) for axis in photographs[4:6]] == [2, 2]  # the truth over maps
    (axis,) = figures["masks-curves.png"].axes
    lines = {line.get_label(): line for line in axis.lines}
    assert lines["p(exudate)"].get_xdata().tolist() == [1, 0.2]
    assert lines["p(exudate)"].get_ydata().tolist() == [0.01, 0.8]
    assert list(lines["share of annotated pixels"].get_ydata()) == [0.01, 0.01]
    dots = [line for line in axis.lines if line.get_marker() == "o" and len(line.get_xdata())]
    assert [(dot.get_xdata(), dot.get_ydata()) for dot in dots] == [(0.45, 0.4)] * 2
