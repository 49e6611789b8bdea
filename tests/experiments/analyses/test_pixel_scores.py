import numpy as np
import pytest

from experiments.analyses import pixel_scores
from experiments.analyses.pixel_scores import ANNOTATED, HEALTHY, OUTSIDE

from .histograms import histogram_of


def test_the_truth_by_hand():
    mask, field = np.array([[True, True, False]]), np.array([[False, True, True]])
    assert pixel_scores.truth_of(mask, field).tolist() == [[OUTSIDE, ANNOTATED, HEALTHY]]


def test_bins_keep_the_order_and_bin_edge_is_where_they_begin():
    p = np.array([0, 1e-6, 0.3, 0.5, 0.999, 1], np.float32)
    bins = pixel_scores.bin_scores(p, "p")
    assert (np.diff(bins.astype(int)) > 0).all()
    assert (bins[0], bins[3], bins[-1]) == (0, 4096, pixel_scores.BINS - 1)  # even odds: the middle
    assert pixel_scores.bin_edge(4096, "p") == 0.5
    phi = np.array([0, 1e-3, 1, 20, 1e9], np.float32)
    bins = pixel_scores.bin_scores(phi, "phi")
    assert (bins[0], bins[2], bins[-1]) == (0, 24 * 256, pixel_scores.BINS - 1)
    for kind, scores in (("p", p[1:-1]), ("phi", phi[1:-1])):
        for score, index in zip(scores, pixel_scores.bin_scores(scores, kind)):
            low = pixel_scores.bin_edge(int(index), kind)
            high = pixel_scores.bin_edge(int(index) + 1, kind)
            assert low * (1 - 1e-6) <= score <= high * (1 + 1e-6)


def test_a_histogram_leaves_out_what_is_outside():
    truth = np.array([[OUTSIDE, HEALTHY], [ANNOTATED, ANNOTATED]])
    counts = pixel_scores.histogram(np.array([[5, 6], [7, 7]], np.uint16), truth)
    assert counts.sum(axis=1).tolist() == [1, 2]
    assert (counts[0, 6], counts[1, 7]) == (1, 2)


def test_cumulative_from_top_by_hand():
    assert pixel_scores.cumulative_from_top(np.array([[1, 0, 2], [0, 3, 0]])).tolist() == [
        [3, 2, 2],
        [3, 3, 0],
    ]


def test_best_threshold_by_hand():
    # From 9 on: tp 1, fn 2, F 1/2. From 7: tp 2, fp 1, fn 1, F 2/3. From 3: tp 3, fp 4, F 6/10.
    counts = histogram_of([7, 3, 3, 3, 0, 0], [9, 7, 3])
    assert pixel_scores.best_threshold(counts) == 4  # bins 4 to 7 call the same pixels
    assert pixel_scores.confusion(counts, 4) == (2, 1, 1, 5)


def test_a_score_of_0_is_never_called_exudate():
    assert pixel_scores.best_threshold(histogram_of([0], [0, 0, 0])) == 1


def test_nothing_is_called_outside_the_field_of_view():
    bins, truth = np.array([[9, 9, 5]]), np.array([[OUTSIDE, HEALTHY, ANNOTATED]])
    assert pixel_scores.called(bins, truth, 6).tolist() == [[False, True, False]]


def test_curve_by_hand():
    points = list(pixel_scores.curve(histogram_of([33, 1], [33, 65]), "phi"))
    # Recall and precision from bins 1, 33 and 65 on.
    assert [point[1:] for point in points] == [(1, 0.5), (1, pytest.approx(2 / 3)), (0.5, 1)]
    assert points[1][0] == pytest.approx(np.exp(-24 + 33 / 256))
