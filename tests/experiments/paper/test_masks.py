import json
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from egl.training.run_folder import RunFolder, read_table, write_csv
from experiments.analyses import mask_maps
from experiments.claims import NOT_REPRODUCED, REPRODUCED, UNDECIDED
from experiments.estimate import DENSE, PHOTOGRAPH, START
from experiments.paper import baseline, masks
from experiments.protocols import FULL, STANDARD
from experiments.results import Results

MEASURES = {
    "annotated_share": 0.01, "pixel_ap": 0.3, "pixel_precision": 0.4, "pixel_recall": 0.45, "pixel_f": 0.42,
    "lesion_precision": 0.6, "lesion_recall": 0.5, "lesion_f": 0.55,
}  # fmt: skip
FILES = ("photographs.csv", "scores.csv", "curves.csv", "overlays.npz")


def write_run(folder, seed, **changes):
    """A finished run and its baseline: 3 validation photographs, one with exudates, and 4 test photographs, half of them."""
    RunFolder(str(folder / "runs" / baseline.name(seed)), {}).finish(
        {"iterations": 70 + seed, "diverged": "a word" if seed == 2 else None}
    )
    run = RunFolder(str(folder / "runs" / masks.name(seed)), {})
    photographs = [["v", "validation", lesion] + [1] * 17 for lesion in (1, 0, 0)]
    for lesion, right, called in (
        (1, 4, 6),
        (1, 3, 3),
        (0, 0, 6),
        (0, 0, 0),
    ):  # 8 wrong, 6 of them in healthy photographs
        cells = dict.fromkeys(mask_maps.PHOTOGRAPHS, 0)
        cells.update(id="t", split="test", lesion=lesion, p_right=right, p_called=called)
        photographs.append(list(cells.values()))
    write_csv(run.file("photographs.csv"), mask_maps.PHOTOGRAPHS, photographs)
    measures = {**MEASURES, **changes}
    kinds = mask_maps.KINDS
    scores = [
        [kind, subset, key, x, x - 0.1, x + 0.1]
        for kind in kinds
        for subset in mask_maps.SUBSETS
        for key, x in measures.items()
    ]
    scores += [
        [kind, "all", key, x, "", ""]
        for kind in kinds
        for key, x in (("image_auc", 0.75), ("threshold", 0.9))
    ]
    write_csv(run.file("scores.csv"), mask_maps.SCORES, scores)
    write_csv(
        run.file("curves.csv"),
        mask_maps.CURVES,
        [[kind, *point] for kind in kinds for point in ((0.1, 1, 0.01), (0.9, 0.2, 0.8))],
    )
    shown = {}
    for n in range(2):
        mask = np.zeros((40, 60), np.uint8)
        mask[10:20, 10:30] = 255 * n  # nothing is annotated or called in the first
        shown.update(
            {f"{n}_annotated": mask, f"{n}_called": mask, f"{n}_id": np.array("folder/image.jpg")}
        )
        shown.update(
            {
                f"{n}_photograph": np.full((40, 60, 3), 90, np.uint8),
                f"{n}_p": mask / 255.0,
                f"{n}_phi": mask / 10.0,
            }
        )
    np.savez(run.file("overlays.npz"), **shown)
    run.finish({})


@pytest.fixture
def results(tmp_path):
    return Results(str(tmp_path), STANDARD, {})


def test_tasks():
    tasks = masks.tasks(STANDARD)
    assert set(tasks) == {
        f"{kind}-seed{seed:02d}" for kind in ("baseline", "masks") for seed in (1, 2)
    }
    task = tasks["masks-seed02"]
    assert task.needs == ("baseline-seed02",) == (task.settings.run,)
    assert tasks["baseline-seed02"] == baseline.tasks(STANDARD)["baseline-seed02"]
    assert (
        task.store,
        task.settings.stride,
        masks.tasks(FULL)["masks-seed05"].settings.stride,
    ) == ("all", 8, 4)
    json.dumps(task.settings._asdict())


def test_passes_by_hand():
    images = [SimpleNamespace(split=split, height=800, width=1000) for split in (0, 1, 2, 2)]
    each = PHOTOGRAPH + mask_maps.JUDGING + 0.7 * 800 * 1000 / 64 * DENSE[8]
    assert mask_maps.MaskSettings("run", 8).passes(SimpleNamespace(images=images)) == pytest.approx(
        START + 3 * each
    )


def test_nothing_finished(results):
    assert masks.section(results) is None


def test_section(results, tmp_path):
    write_run(tmp_path, 2)
    section = masks.section(results)
    text = " ".join(section.text)
    for words in (
        "3 validation photographs (1 with exudates)", "4 test photographs (2 with exudates): 1.00% of their pixels", "every 8 pixels",
        "after 72 iterations; in 1 of 1 runs training diverged", "75% are in photographs without exudates", "AUC of 0.75", "1 of 2 seeds",
    ):  # fmt: skip
        assert words in text
    everything, lesions = section.tables
    assert everything.rows[0] == [
        "p(exudate)", "seed 2", "0.9", "0.400 [0.300, 0.500]", "0.450 [0.350, 0.550]", "0.420 [0.320, 0.520]", "0.300 [0.200, 0.400]",
        "0.600 [0.500, 0.700]", "0.500 [0.400, 0.600]", "0.550 [0.450, 0.650]",
    ]  # fmt: skip
    assert len(everything.rows) == len(lesions.rows) == 2
    assert everything.header[3:8] == (
        "pixel precision",
        "pixel recall",
        "pixel F",
        "pixel AUC-PR",
        "lesion precision",
    )
    rows = read_table(results.file("masks.csv"))
    assert len(rows) == 2 * 2 * len(MEASURES) + 4
    assert list(rows[1].values()) == ["2", "p", "all", "pixel_ap", "0.3", str(0.3 - 0.1), "0.4"]
    assert [row["recall"] for row in read_table(results.file("masks-curves.csv"))] == [
        "1",
        "0.2",
    ] * 2
    for figure in section.figures:
        assert cv2.imread(results.file(figure.file)).std() > 10


def test_the_second_row_has_outlines(results, tmp_path):
    write_run(tmp_path, 1)
    masks.section(results)
    pixels = cv2.imread(results.file("masks-overlays.png"))
    cyan = (np.abs(pixels.astype(int) - (255, 255, 0)) < 60).all(axis=2)
    rows = np.flatnonzero(cyan.any(axis=1))
    assert (
        rows.min() > len(pixels) / 2
    )  # none in the first photograph, which has nothing to outline


def test_drawn_again_the_bytes_are_the_same(results, tmp_path):
    write_run(tmp_path, 1)
    files = ("masks.csv", "masks-curves.csv", "masks-overlays.png", "masks-curves.png")
    masks.section(results)
    before = [Path(results.file(file)).read_bytes() for file in files]
    masks.section(results)
    assert [Path(results.file(file)).read_bytes() for file in files] == before


@pytest.mark.parametrize(
    "changes, verdict",
    [
        ({}, REPRODUCED),
        ({"lesion_recall": 0.49}, UNDECIDED),
        ({"lesion_precision": 0.49}, UNDECIDED),
        ({"pixel_ap": 0.09}, NOT_REPRODUCED),
    ],
)
def test_verdict(results, tmp_path, changes, verdict):
    write_run(tmp_path, 1, **changes)
    given = masks.section(results).verdicts[0]
    assert (given.claim, given.verdict) == ("C7", verdict)


def test_the_verdict_is_on_the_mean_over_seeds(results, tmp_path):
    write_run(tmp_path, 1, lesion_recall=0.44)
    write_run(tmp_path, 2, lesion_recall=0.57)
    section = masks.section(results)
    assert "after 71, 72 iterations; in 1 of 2 runs training diverged" in section.text[0]
    verdict = section.verdicts[0]
    assert verdict.verdict == REPRODUCED
    assert "0.300, 30.0 times" in verdict.measured
    assert "recall 0.51 (mean of 2 seeds)" in verdict.measured
    assert section.tables[0].rows[2][:3] == ["p(exudate)", "mean", ""]
    assert section.tables[0].rows[2][8] == "0.505"


@pytest.fixture(scope="module")
def scored(caffe, small_store, tmp_path_factory):
    """The folder of runs with a briefly trained baseline and the maps of it."""
    from egl.training import full_training

    runs = tmp_path_factory.mktemp("out") / "runs"
    runs.mkdir()
    settings = full_training.FullTrainingSettings(
        stop_early=False, iterations=20, evaluate_every=20
    )
    full_training.train(small_store, settings, str(runs / "baseline-seed01"))
    shown = []
    settings = mask_maps.MaskSettings("baseline-seed01", 16)
    mask_maps.score(
        small_store.path, settings, str(runs / "masks-seed01"), lambda *done: shown.append(done)
    )
    n = sum(row.split > 0 for row in small_store.images)
    assert shown == [(done, n) for done in range(n)]
    return runs


def straight(runs, store, split):
    """Return (scores {kind: (n,)}, annotated (n,)) of the pixels in the fields of view of a split, by scipy's interpolation."""
    from scipy.interpolate import RegularGridInterpolator

    from data_prep.normalisation import Normalisation
    from data_prep.stored_photographs import StoredPhotographs
    from egl.gradient_length.maps import ImageScorer
    from egl.nets.definition import prototxt_path
    from egl.training.snapshots import weights_at

    weights = weights_at(str(runs / "baseline-seed01"), 20)
    scorer = ImageScorer(
        prototxt_path("lenet_score.prototxt"),
        weights,
        Normalisation.of("mean", store.mean),
        route="patches",
    )
    photographs = StoredPhotographs(store)
    scores, annotated = {"p": [], "phi": []}, []
    for place in [place for place, row in enumerate(store.images) if row.split == split]:
        image, field = photographs.view(place)
        maps = scorer.maps(image, 16, field)
        for kind, grid in (("p", maps.posterior[..., 1]), ("phi", maps.phi)):
            padded = np.pad(np.where(maps.inside, grid, 0), 1, mode="constant")
            centres = [24 + 16 * np.arange(-1, length - 1) for length in padded.shape]
            interpolated = RegularGridInterpolator(
                centres, padded, bounds_error=False, fill_value=0
            )
            scores[kind].append(interpolated(np.argwhere(field)))
        annotated.append(photographs.annotated(place)[1][field])
    return {kind: np.concatenate(parts) for kind, parts in scores.items()}, np.concatenate(
        annotated
    )


def quality(annotated, called):
    """Return precision, recall and F of bool arrays."""
    hits = (annotated & called).sum()
    return hits / called.sum(), hits / annotated.sum(), 2 * hits / (called.sum() + annotated.sum())


def test_scores_are_those_of_all_pixels_by_scikit_learn(scored, small_store):
    metrics = pytest.importorskip("sklearn.metrics")
    rows = read_table(str(scored / "masks-seed01" / "scores.csv"))
    told = {
        (row["map"], row["measure"]): float(row["value"])
        for row in rows
        if row["photographs"] == "all"
    }
    validation, test = (straight(scored, small_store, split) for split in (1, 2))
    for kind in mask_maps.KINDS:
        threshold = told[kind, "threshold"]
        precision, recall, f = quality(test[1], test[0][kind] >= threshold)
        assert told[kind, "pixel_precision"] == pytest.approx(precision, rel=0.01)
        assert told[kind, "pixel_recall"] == pytest.approx(recall, rel=0.01)
        assert told[kind, "pixel_f"] == pytest.approx(f, rel=0.01)
        assert told[kind, "pixel_ap"] == pytest.approx(
            metrics.average_precision_score(test[1], test[0][kind]), rel=0.01
        )
        assert told[kind, "annotated_share"] == pytest.approx(test[1].mean(), rel=1e-5)
        chosen = quality(validation[1], validation[0][kind] >= threshold)[2]
        others = np.quantile(validation[0][kind], np.linspace(0.5, 0.999, 20))
        assert 1.01 * chosen >= max(
            quality(validation[1], validation[0][kind] >= other)[2] for other in others
        )


def test_photographs(scored, small_store):
    rows = read_table(str(scored / "masks-seed01" / "photographs.csv"))
    images = [row for split in (1, 2) for row in small_store.images if row.split == split]
    assert [(row["id"], row["lesion"]) for row in rows] == [
        (image.id, str(int(image.lesion))) for image in images
    ]
    assert all((int(row["lesions"]) > 0) == (row["lesion"] == "1") for row in rows)
    totals = {
        row["measure"]: float(row["value"])
        for row in read_table(str(scored / "masks-seed01" / "scores.csv"))[:8]
    }
    test = [row for row in rows if row["split"] == "test"]
    of = {
        count: sum(int(row[f"p_{count}"]) for row in test)
        for count in ("tp", "fp", "fn", "found", "right", "called")
    }
    assert totals["pixel_recall"] == pytest.approx(of["tp"] / (of["tp"] + of["fn"]), rel=1e-5)
    assert totals["pixel_precision"] == pytest.approx(of["tp"] / (of["tp"] + of["fp"]), rel=1e-5)
    assert totals["lesion_recall"] == pytest.approx(
        of["found"] / sum(int(row["lesions"]) for row in test), rel=1e-5
    )
    assert totals["lesion_precision"] == pytest.approx(of["right"] / max(of["called"], 1), rel=1e-5)


def test_again_it_ends_with_the_same_bytes(scored, small_store):
    # Killed after its CSVs and before its end, a run does all of it again.
    folder = scored / "masks-seed01"
    before = [(folder / file).read_bytes() for file in FILES]
    metrics = json.loads((folder / "metrics.json").read_text())
    (folder / "metrics.json").unlink()
    for file in FILES:
        (folder / file).unlink()
    mask_maps.score(
        small_store.path,
        mask_maps.MaskSettings("baseline-seed01", 16),
        str(folder),
        lambda *done: None,
    )
    assert [(folder / file).read_bytes() for file in FILES] == before

    def fail(*done):
        raise AssertionError("a finished run is not done again")

    assert set(
        mask_maps.score(
            small_store.path, mask_maps.MaskSettings("baseline-seed01", 16), str(folder), fail
        )
    ) == set(metrics)


def test_the_section_of_a_real_run(scored):
    results = Results(str(scored.parent), STANDARD, {})
    section = masks.section(results)
    assert section.text[-1] == "1 of 2 seeds."
    assert all(cv2.imread(results.file(figure.file)) is not None for figure in section.figures)
    rows = read_table(results.file("masks.csv"))
    share = {
        row["photographs"]: float(row["value"])
        for row in rows
        if row["measure"] == "annotated_share"
    }
    assert share["lesion"] > share["all"]
