import numpy as np
import pytest

from experiments.analyses import mask_scores
from experiments.analyses.mask_scores import ANNOTATED, HEALTHY, OUTSIDE


def histogram_of(healthy, annotated):
    """A histogram of lists of levels."""
    return np.stack(
        [np.bincount(levels, minlength=mask_scores.LEVELS) for levels in (healthy, annotated)]
    )


def test_a_patch_belongs_to_its_centre_and_between_centres_it_is_linear():
    grid = np.array([[1.0, 0.5], [0.0, np.nan]])
    pixels = mask_scores.pixel_map(grid, 8, (60, 60))
    assert pixels.shape == (60, 60)
    assert pixels[24, 24] == 1  # the patch at (0, 0)
    assert pixels[24, 32] == 0.5  # at (0, 8)
    assert pixels[24, 28] == 0.75
    assert pixels[28, 28] == pytest.approx((1 + 0.5 + 0 + 0) / 4)  # nan counts as 0
    assert pixels[20, 24] == 0.5  # falls to 0 over a stride above the first row
    assert not pixels[:17].any()
    assert not pixels[:, 41:].any()


def test_a_grid_without_patches():
    assert not mask_scores.pixel_map(np.empty((0, 3)), 8, (40, 60)).any()


def test_levels_keep_the_order_and_value_is_where_they_begin():
    p = np.array([0, 1e-6, 0.3, 0.5, 0.999, 1], np.float32)
    levels = mask_scores.levels(p, "p")
    assert (np.diff(levels.astype(int)) > 0).all()
    assert (levels[0], levels[3], levels[-1]) == (
        0,
        4096,
        mask_scores.LEVELS - 1,
    )  # even odds lie in the middle
    assert mask_scores.value(4096, "p") == 0.5
    phi = np.array([0, 1e-3, 1, 20, 1e9], np.float32)
    levels = mask_scores.levels(phi, "phi")
    assert (levels[0], levels[2], levels[-1]) == (0, 24 * 256, mask_scores.LEVELS - 1)
    for kind, scores in (("p", p[1:-1]), ("phi", phi[1:-1])):
        for score, level in zip(scores, mask_scores.levels(scores, kind)):
            low, high = mask_scores.value(int(level), kind), mask_scores.value(int(level) + 1, kind)
            assert low * (1 - 1e-6) <= score <= high * (1 + 1e-6)


def test_histogram_leaves_out_what_is_outside():
    truth = np.array([[OUTSIDE, HEALTHY], [ANNOTATED, ANNOTATED]])
    counts = mask_scores.histogram(np.array([[5, 6], [7, 7]], np.uint16), truth)
    assert counts.sum(axis=1).tolist() == [1, 2]
    assert (counts[0, 6], counts[1, 7]) == (1, 2)


def test_best_level_by_hand():
    # From 9 on: tp 1, fn 2, F 1/2. From 7: tp 2, fp 1, fn 1, F 2/3. From 3: tp 3, fp 4, F 6/10.
    counts = histogram_of([7, 3, 3, 3, 0, 0], [9, 7, 3])
    assert mask_scores.best_level(counts) == 4  # levels 4 to 7 call the same pixels
    assert mask_scores.pixel_counts(counts, 4) == (2, 1, 1, 5)


def test_a_score_of_0_is_never_called_exudate():
    assert mask_scores.best_level(histogram_of([0], [0, 0, 0])) == 1


def test_regions_by_hand():
    annotated, called = np.zeros((12, 12), bool), np.zeros((12, 12), bool)
    annotated[0, 0:5] = True
    called[0, 4:9] = True  # 1 of 5 pixels of each: just enough
    annotated[3, 0:6] = True
    called[3, 5:7] = True  # 1 of 6 of the lesion: not found; 1 of 2 of the region: right
    annotated[8, 8] = annotated[9, 9] = True  # one lesion, joined at a corner, not found
    called[11, 0:3] = True  # not right
    assert mask_scores.regions(called, annotated) == (1, 3, 2, 3)
    assert mask_scores.regions(np.zeros_like(called), annotated) == (0, 3, 0, 0)
    assert mask_scores.regions(called, np.zeros_like(called)) == (0, 0, 0, 3)


def test_judge_calls_nothing_outside_the_field_of_view():
    truth = np.full((4, 4), HEALTHY, np.uint8)
    truth[0], truth[1, 1] = OUTSIDE, ANNOTATED
    pixels = np.zeros((4, 4), np.uint16)
    pixels[0, 3], pixels[1, 1] = 90, 50
    judged = mask_scores.judge(pixels, truth, 50)
    assert judged.matches == (1, 1, 1, 1)
    assert judged.highest == 50
    assert mask_scores.pixel_counts(judged.counts, 50) == (1, 0, 0, 11)


def test_measures_by_hand():
    counts = histogram_of([7, 3, 3, 3, 0, 0], [9, 7, 3])
    measured = mask_scores.measures(counts, np.array([1, 2, 1, 4]), 7)
    assert measured["annotated_share"] == pytest.approx(3 / 9)
    # At 9: precision 1, recall 1/3; at 7: 2/3 and 2/3; at 3: 3/7 and 1.
    assert measured["pixel_ap"] == pytest.approx((1 + 2 / 3 + 3 / 7) / 3)
    assert [measured[f"pixel_{what}"] for what in ("precision", "recall", "f")] == pytest.approx(
        [2 / 3] * 3
    )
    assert [measured[f"lesion_{what}"] for what in ("precision", "recall", "f")] == pytest.approx(
        [1 / 4, 1 / 2, 1 / 3]
    )


def test_average_precision_is_scikit_learn_s():
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.RandomState(0)
    truth = (random.rand(40, 50) < 0.1) + HEALTHY
    p = np.clip(0.6 * random.rand(40, 50) + 0.2 * truth, 0, 1)
    pixels = mask_scores.levels(p, "p")
    ap = mask_scores.measures(mask_scores.histogram(pixels, truth), np.zeros(4), 1)["pixel_ap"]
    assert ap == pytest.approx(
        metrics.average_precision_score((truth == ANNOTATED).ravel(), pixels.ravel()), rel=1e-9
    )
    assert ap == pytest.approx(
        metrics.average_precision_score((truth == ANNOTATED).ravel(), p.ravel()), abs=0.002
    )


def test_nothing_called_and_nothing_annotated():
    nothing_called = mask_scores.measures(histogram_of([3], [3]), np.array([0, 2, 0, 0]), 9)
    assert (
        nothing_called["pixel_precision"],
        nothing_called["pixel_f"],
        nothing_called["lesion_f"],
    ) == (0, 0, 0)
    healthy = mask_scores.measures(histogram_of([3], []), np.array([0, 0, 0, 1]), 1)
    assert all(
        np.isnan(healthy[measure])
        for measure in ("pixel_ap", "pixel_recall", "pixel_f", "lesion_recall", "lesion_f")
    )


def test_intervals_are_over_patients():
    # Photographs of one patient come together, so all resamples of a single patient are the same.
    counts = np.stack([histogram_of([3, 3], [9]), histogram_of([9], [9, 3])])
    matches = np.array([[1, 1, 1, 1], [0, 1, 1, 2]])
    same = mask_scores.with_intervals(counts, matches, 9, ["a", "a"], 50)
    assert same["pixel_recall"] == pytest.approx((2 / 3,) * 3)
    apart = mask_scores.with_intervals(counts, matches, 9, ["a", "b"], 150)
    # Both times the first photograph, or both times the second.
    assert apart["pixel_recall"] == pytest.approx((2 / 3, 1 / 2, 1))
    assert apart["lesion_precision"] == pytest.approx((2 / 3, 1 / 2, 1))
    assert apart == mask_scores.with_intervals(counts, matches, 9, ["a", "b"], 150)


def test_resamples_without_annotated_pixels_do_not_count():
    counts = np.stack([histogram_of([3, 3], [9]), histogram_of([3], [])])
    measured = mask_scores.with_intervals(
        counts, np.array([[0, 1, 0, 0], [0, 0, 0, 0]]), 9, ["a", "b"], 50
    )
    assert measured["pixel_recall"] == pytest.approx((1, 1, 1))


def test_curve_by_hand():
    points = list(mask_scores.curve(histogram_of([33, 1], [33, 65]), "phi"))
    assert [point[1:] for point in points] == [
        (1, 0.5),
        (1, pytest.approx(2 / 3)),
        (0.5, 1),
    ]  # from levels 1, 33 and 65 on
    assert points[1][0] == pytest.approx(np.exp(-24 + 33 / 256))


def test_ranking_by_hand():
    assert mask_scores.ranking([3, 1, 2, 1], [True, True, False, False]) == pytest.approx(
        (1 + 1 + 0 + 0.5) / 4
    )
    assert np.isnan(mask_scores.ranking([1, 2], [False, False]))
