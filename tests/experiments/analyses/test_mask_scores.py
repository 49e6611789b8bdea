from types import SimpleNamespace

import numpy as np
import pytest
from sklearn import metrics

from experiments.analyses import mask_scores, pixel_scores
from experiments.analyses.lesion_scores import LesionMatches
from experiments.analyses.mask_scores import Judged
from experiments.analyses.pixel_scores import ANNOTATED, HEALTHY, OUTSIDE

from .histograms import histogram_of


def test_judge_calls_nothing_outside_the_field_of_view():
    truth = np.full((4, 4), HEALTHY, np.uint8)
    truth[0], truth[1, 1] = OUTSIDE, ANNOTATED
    bins = np.zeros((4, 4), np.uint16)
    bins[0, 3], bins[1, 1] = 90, 50
    judged = mask_scores.judge(bins, truth, 50)
    assert judged.matches == (1, 1, 1, 1)
    assert judged.highest == 50
    assert pixel_scores.confusion(judged.counts, 50) == (1, 0, 0, 11)


def test_measures_by_hand():
    counts = histogram_of([7, 3, 3, 3, 0, 0], [9, 7, 3])
    measured = mask_scores.measures(counts, np.array([1, 2, 1, 4]), 7)
    assert measured["annotated_share"] == pytest.approx(3 / 9)
    # At 9: precision 1, recall 1/3; at 7: 2/3 and 2/3; at 3: 3/7 and 1.
    assert measured["pixel_ap"] == pytest.approx((1 + 2 / 3 + 3 / 7) / 3)
    names = ("precision", "recall", "f")
    assert [measured[f"pixel_{name}"] for name in names] == pytest.approx([2 / 3] * 3)
    assert [measured[f"lesion_{name}"] for name in names] == pytest.approx([1 / 4, 1 / 2, 1 / 3])


def test_average_precision_is_scikit_learn_s():
    random = np.random.RandomState(0)
    truth = (random.rand(40, 50) < 0.1) + HEALTHY
    p = np.clip(0.6 * random.rand(40, 50) + 0.2 * truth, 0, 1)
    bins, annotated = pixel_scores.bin_scores(p, "p"), (truth == ANNOTATED).ravel()
    counts = pixel_scores.histogram(bins, truth)
    ap = mask_scores.measures(counts, np.zeros(4), 1)["pixel_ap"]
    exact = metrics.average_precision_score
    assert ap == pytest.approx(exact(annotated, bins.ravel()), rel=1e-9)
    assert ap == pytest.approx(exact(annotated, p.ravel()), abs=0.002)


def test_nothing_called_and_nothing_annotated():
    measured = mask_scores.measures(histogram_of([3], [3]), np.array([0, 2, 0, 0]), 9)
    assert [measured[name] for name in ("pixel_precision", "pixel_f", "lesion_f")] == [0, 0, 0]
    healthy = mask_scores.measures(histogram_of([3], []), np.array([0, 0, 0, 1]), 1)
    unknown = ("pixel_ap", "pixel_recall", "pixel_f", "lesion_recall", "lesion_f")
    assert np.isnan([healthy[name] for name in unknown]).all()


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
    matches = np.array([[0, 1, 0, 0], [0, 0, 0, 0]])
    measured = mask_scores.with_intervals(counts, matches, 9, ["a", "b"], 50)
    assert measured["pixel_recall"] == pytest.approx((1, 1, 1))


def test_image_auc_by_hand():
    # Of four pairs, one is ranked wrongly and one is a tie.
    auc = mask_scores.image_auc([3, 1, 2, 1], [True, True, False, False])
    assert auc == pytest.approx((1 + 1 + 0 + 0.5) / 4)
    assert np.isnan(mask_scores.image_auc([1, 2], [False, False]))


def test_rows_of_scores_by_hand():
    images = [SimpleNamespace(patient="a", lesion=True), SimpleNamespace(patient="b", lesion=False)]
    judged = [
        Judged(histogram_of([], [4096, 0]), LesionMatches(1, 2, 1, 1), 4096),
        Judged(histogram_of([4096, 0], []), LesionMatches(0, 0, 0, 1), 4096),
    ]
    rows = mask_scores.score_rows(images, judged, 4096, "p")
    value = {(subset, measure): value for _, subset, measure, value, *_ in rows}
    assert {row[0] for row in rows} == {"p"}
    assert value["all", "pixel_precision"] == "0.5"
    assert value["lesion", "pixel_precision"] == "1"
    assert value["all", "lesion_precision"] == "0.5"
    assert value["all", "annotated_share"] == "0.5"
    assert rows[-2:] == [
        ["p", "all", "image_auc", "0.5", "", ""],
        ["p", "all", "threshold", "0.5", "", ""],
    ]
