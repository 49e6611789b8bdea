import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score, roc_auc_score

from egl.training.metrics import classification_metrics
from experiments import bootstrap


@pytest.fixture
def patches():
    """(p(exudate), labels, patients) of 90 patches of 7 patients: ties, some without exudates."""
    random = np.random.RandomState(4)
    patients = random.randint(7, size=90)
    labels = (random.rand(90) < 0.6).astype(int) * (patients > 1)
    return np.round(np.clip(0.3 * labels + 0.8 * random.rand(90), 0, 1), 1), labels, patients


def test_by_hand():
    # Patient 0: exudate 0.9, healthy 0.2; patient 1: exudate 0.4, healthy 0.4, healthy 0.7
    cases = bootstrap.count([0.9, 0.2, 0.4, 0.4, 0.7], [1, 0, 1, 0, 0], [0, 0, 1, 1, 1])
    assert cases.counts.tolist() == [[1, 0, 0, 1], [0, 1, 1, 1]]
    assert cases.wins.tolist() == [[1, 2], [1, 0.5]]
    once, twice = np.transpose(list(bootstrap.measures(cases, np.array([[1, 1], [2, 1]])).values()))
    assert once == pytest.approx([2 * 1 / (2 * 1 + 1 + 1), 1 / 2, 2 / 3, 4.5 / 6])
    assert twice == pytest.approx(
        [2 * 2 / (2 * 2 + 1 + 1), 2 / 3, 3 / 4, (4 * 1 + 2 * 2 + 2 * 1 + 0.5) / 12]
    )


def test_another_threshold_by_hand():
    above = bootstrap.count(
        [0.9, 0.2, 0.4, 0.4, 0.7], [1, 0, 1, 0, 0], [0, 0, 1, 1, 1], threshold=0.3
    )
    assert above.counts.tolist() == [[1, 0, 0, 1], [1, 0, 2, 0]]
    assert above.wins.tolist() == [[1, 2], [1, 0.5]]
    assert bootstrap.count([0.4], [1], [0], threshold=0.4).counts.tolist() == [[0, 1, 0, 0]]


def test_a_patient_taken_twice_is_one_with_every_patch_twice(patches):
    probability, labels, patients = patches
    times = bootstrap.draw(7, np.random.RandomState(0), 20)
    found = bootstrap.measures(bootstrap.count(*patches), times)
    for i, row in enumerate(times):
        weights = row[patients]
        called = (probability > 0.5).astype(int)
        assert found["f_measure"][i] == pytest.approx(
            f1_score(labels, called, sample_weight=weights)
        )
        assert found["sensitivity"][i] == pytest.approx(
            recall_score(labels, called, sample_weight=weights)
        )
        assert found["specificity"][i] == pytest.approx(
            recall_score(labels, called, pos_label=0, sample_weight=weights)
        )
        assert found["auc"][i] == pytest.approx(
            roc_auc_score(labels, probability, sample_weight=weights)
        )


def test_the_value_is_that_of_all_patches(patches):
    probability, labels, _ = patches
    intervals = bootstrap.intervals(
        bootstrap.count(*patches), bootstrap.draw(7, np.random.RandomState(0))
    )
    expected = classification_metrics(np.stack([1 - probability, probability], axis=1), labels)
    for measure, (value, low, high) in intervals.items():
        assert value == pytest.approx(expected[measure])
        assert low < value < high


def test_without_one_of_the_classes_a_resample_is_left_out():
    cases = bootstrap.count([0.9, 0.2], [1, 0], [0, 1])
    found = bootstrap.measures(cases, np.array([[2, 0], [1, 1], [0, 2]]))
    assert [found[measure].tolist() for measure in bootstrap.MEASURES] == [[1], [1], [1], [1]]


def test_patients_are_drawn_with_replacement():
    times = bootstrap.draw(5, np.random.RandomState(0))
    assert times.shape == (1000, 5) and (times.sum(axis=1) == 5).all()
    assert (times == 0).mean() == pytest.approx(0.8**5, abs=0.02)
    assert (times == bootstrap.draw(5, np.random.RandomState(0))).all()


def test_interval_of_alike_patches_is_that_of_the_patients():
    # Sensitivity is the share of 100 patients, 10 patches each, half of them found: the binomial's
    # standard error of 100, not of 1000
    patients = np.repeat(np.arange(100), 20)
    labels = np.tile([0] * 10 + [1] * 10, 100)
    probability = np.where(labels == 1, patients % 2, 0)
    times = bootstrap.draw(100, np.random.RandomState(0))
    _, low, high = bootstrap.intervals(bootstrap.count(probability, labels, patients), times)[
        "sensitivity"
    ]
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 100), rel=0.1)


def test_over_seeds_it_is_as_wide_as_a_t_interval_and_within_the_seeds():
    values = np.random.RandomState(3).randn(12)
    mean, low, high = bootstrap.over_seeds(values)
    half = 2.200985 * values.std(ddof=1) / np.sqrt(12)  # t(0.975, 11)
    assert mean == pytest.approx(values.mean())
    assert high - low == pytest.approx(2 * half, rel=0.1)
    _, low, high = bootstrap.over_seeds([0.0, 1.0, 1.0])
    assert (low, high) == (0, 1)


def test_over_seeds_of_one_seed_there_is_no_interval():
    mean, low, high = bootstrap.over_seeds([[0.1, 0.2]])
    assert mean.tolist() == [0.1, 0.2]
    assert np.isnan([low, high]).all()
