"""Properties of normalisation, settings and measures, over inputs that hypothesis makes up.

The same inputs on every run; each expected value is found by an independent and slower route.
"""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from data_prep.normalisation import SCALINGS, Normalisation
from data_prep.prepare_settings import PrepareSettings
from data_prep.settings import SettingsError, as_dict, flat, from_dict
from egl.errors import EglError
from egl.gradient_length.softmax import softmax
from egl.selection.settings import RunSettings
from egl.training.metrics import best_threshold, classification_metrics, cross_entropy, f_at
from egl.training.settings import FullTrainingSettings
from egl.training.stopping import should_stop
from tests.campaign.properties.values import fuzz

# Normalisation


@fuzz
@given(
    arrays(np.uint8, (3, 3, 4, 4)),
    some.sampled_from(SCALINGS),
    some.lists(some.floats(0, 255), min_size=3, max_size=3),
    some.floats(1e-4, 2),
)
def test_pixels_are_normalised_by_the_formula(values, scaling, mean, factor):
    normalisation = Normalisation.of(scaling, mean, factor)
    found = normalisation.apply(values)
    assert found.dtype == np.float32
    subtracted = (
        np.reshape(mean, (1, 3, 1, 1))
        if scaling == "mean"
        else values.astype(float).mean(axis=(2, 3), keepdims=True)
    )
    np.testing.assert_allclose(found, (values - subtracted) * factor, rtol=2e-5, atol=1e-4 * factor)
    kept = json.loads(json.dumps(normalisation.as_dict()))
    assert Normalisation.from_dict(kept) == normalisation


# Settings


def settings_values(kind):
    """Return, for each setting of a dataclass, JSON values: fitting ones and any others."""
    return [name for name, _ in flat(kind())]


anything = some.recursive(
    some.one_of(
        some.none(), some.booleans(), some.integers(-(2**40), 2**40), some.floats(),
        some.text(max_size=8),
    ),
    lambda inner: some.one_of(
        some.lists(inner, max_size=3), some.dictionaries(some.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip


@pytest.mark.parametrize("kind", [PrepareSettings, RunSettings, FullTrainingSettings])
@fuzz
@given(some.data())
def test_settings_are_refused_by_name_or_come_back_the_same(kind, data):
    values = as_dict(kind())
    dotted = data.draw(some.sampled_from(settings_values(kind)))
    *outer, name = dotted.split(".")
    inner = values
    for part in outer:
        inner = inner[part]
    like = type(inner[name])
    fitting = {bool: some.booleans(), int: some.integers(-3, 100), float: some.floats(-1, 2)}
    inner[name] = data.draw(some.one_of(anything, fitting.get(like, some.nothing())))
    values = json.loads(json.dumps(values))
    try:
        found = from_dict(kind, values, "file.json")
        found.check()
    except (SettingsError, EglError) as error:
        assert len(str(error).splitlines()) == 1
        return
    assert from_dict(kind, json.loads(json.dumps(as_dict(found))), "again.json") == found


# Metrics and the stopping rule


@fuzz
@given(some.lists(some.tuples(some.floats(0, 1), some.integers(0, 1)), min_size=1, max_size=40))
def test_measures_by_counting(cases):
    p = np.array([first for first, _ in cases])
    posterior = np.stack([1 - p, p], axis=1)
    labels = np.array([second for _, second in cases])
    found = classification_metrics(posterior, labels)
    calls = [(int(b > a), label) for (a, b), label in zip(posterior.tolist(), labels)]
    tp, fp = calls.count((1, 1)), calls.count((1, 0))
    tn, fn = calls.count((0, 0)), calls.count((0, 1))

    def ratio(part, rest):
        return part / (part + rest) if part + rest else 0

    precision, sensitivity = ratio(tp, fp), ratio(tp, fn)
    f = 2 * precision * sensitivity / (precision + sensitivity) if tp else 0
    assert found["sensitivity"] == pytest.approx(sensitivity)
    assert found["specificity"] == pytest.approx(ratio(tn, fp))
    assert found["accuracy"] == pytest.approx((tp + tn) / len(cases))
    assert found["f_measure"] == pytest.approx(f)
    assert found["n"] == len(cases)
    pairs = [
        (a > b) + 0.5 * (a == b)
        for a, first in zip(p, labels)
        for b, second in zip(p, labels)
        if first > second
    ]
    if pairs:
        assert found["auc"] == pytest.approx(np.mean(pairs))
    else:
        assert math.isnan(found["auc"])
    of_label = [row[label] for row, label in zip(posterior, labels)]
    tiny = float(np.finfo(np.float32).tiny)
    by_hand = -sum(math.log(max(value, tiny)) for value in of_label) / len(cases)
    assert cross_entropy(posterior, labels) == pytest.approx(by_hand)
    assert found["loss"] == pytest.approx(by_hand)


@fuzz
@given(
    some.lists(
        some.tuples(some.floats(0, 3), some.floats(0, 3), some.sampled_from([0.5, 0.75, 1.0])),
        max_size=8,
    )
)
def test_the_stopping_rule_in_words(history):
    if len(history) < 2:
        assert not should_stop(history)
        return
    fell = False
    for loss in (0, 1):
        best = min(epoch[loss] for epoch in history[:-1])
        fell = fell or history[-1][loss] < 0.99 * best
    same = len(history) >= 3 and history[-1][2] == history[-2][2] == history[-3][2]
    assert should_stop(history) == (not fell or same)


@fuzz
@given(arrays(np.float32, (5, 3), elements=some.floats(-80, 80, width=32)))
def test_softmax_sums_to_one_and_keeps_the_order(scores):
    p = softmax(scores)
    assert p.sum(axis=1) == pytest.approx(1)
    for row, chances in zip(scores, p):
        assert (np.diff(chances[np.argsort(row, kind="stable")]) >= 0).all()
        gaps = np.log(np.maximum(chances, 1e-300)) - np.log(max(chances.max(), 1e-300))
        np.testing.assert_allclose(gaps, row.astype(float) - row.max(), atol=1e-9)


@fuzz
@given(
    some.lists(
        some.tuples(some.sampled_from([0.0, 0.2, 0.4, 0.6, 0.8, 1.0]), some.integers(0, 1)),
        min_size=1,
        max_size=12,
    )
)
def test_the_best_threshold_by_trying_them(cases):
    p, labels = (np.array(column) for column in zip(*cases))
    found = best_threshold(p, labels)
    if not labels.any():
        assert found == 0.5
        return

    def f_measure(threshold):
        called = p > threshold
        return 2 * (called & (labels == 1)).sum() / (called.sum() + labels.sum())

    values = sorted(set(p))
    between = [values[0] / 2, *((a + b) / 2 for a, b in zip(values, values[1:]))]
    best = max(map(f_measure, between))
    assert f_measure(found) == best == pytest.approx(f_at(p, labels, found))
    as_good = [threshold for threshold in between if f_measure(threshold) == best]
    assert abs(found - 0.5) == min(abs(threshold - 0.5) for threshold in as_good)
