"""Properties of the pure parts, over inputs that hypothesis makes up: the same ones on every run.

Each expected value is found by an independent and slower route.
"""

import csv
import io
import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from data_prep import masks, patches, split
from data_prep.array_cache import ArrayCache
from data_prep.errors import DataError, one_line
from data_prep.geometry import PATCH_SIDE, ceil_div, grid_counts, grid_inside, grid_shape
from data_prep.gnd import lesion_kinds, read_map
from data_prep.jpeg import damage
from data_prep.normalisation import SCALINGS, Normalisation
from data_prep.orientation import shown, stored
from data_prep.prepare_settings import PrepareSettings
from data_prep.readers.listing import comparable
from data_prep.readers.tables import read_table
from data_prep.settings import SettingsError, as_dict, flat, from_dict
from data_prep.symmetry import COUNT, transform, transform_each
from egl.errors import Diverged, EglError
from egl.gradient_length.softmax import softmax
from egl.gradient_length.tiles import SIDE, tiles
from egl.selection.pool import Pool
from egl.selection.settings import RunSettings
from egl.selection.update import UPDATES, update_batches
from egl.strategies.ranking import check_reduction, image_score, top_k
from egl.training.full_training import batches
from egl.training.metrics import best_threshold, classification_metrics, cross_entropy, f_at
from egl.training.settings import FullTrainingSettings
from egl.training.stopping import should_stop
from experiments.published import LONG, METRICS, STRATEGIES, read_curves

fuzz = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
seeds = some.integers(0, 2**32 - 1)
finite = some.floats(-1e6, 1e6)
sizes = some.integers(1, 30)


def bools(height, width):
    return arrays(bool, (height, width))


@some.composite
def masks_of_any_size(draw):
    return draw(bools(draw(sizes), draw(sizes)))


# Geometry


@fuzz
@given(masks_of_any_size(), some.integers(1, 12), some.integers(1, 12), some.integers(1, 9))
def test_a_grid_counts_what_its_patches_hold(mask, height, width, stride):
    counts = grid_counts(mask, (height, width), stride)
    tops = range(0, mask.shape[0] - height + 1, stride)
    lefts = range(0, mask.shape[1] - width + 1, stride)
    by_hand = [[mask[y : y + height, x : x + width].sum() for x in lefts] for y in tops]
    expected = np.array(by_hand, int).reshape(-1, len(lefts)) if len(lefts) else np.zeros((0, 0))
    if not len(tops):
        expected = np.zeros((0, 0))
    assert counts.shape == grid_shape(mask.shape, (height, width), stride) == expected.shape
    assert np.array_equal(counts, expected)
    inside = grid_inside(mask.shape, (height, width), stride, mask)
    assert np.array_equal(inside, expected == height * width)
    assert grid_inside(mask.shape, (height, width), stride).shape == expected.shape


@fuzz
@given(some.integers(-(10**12), 10**12), some.integers(1, 10**6))
def test_ceil_div(numerator, denominator):
    quotient = ceil_div(numerator, denominator)
    assert (quotient - 1) * denominator < numerator <= quotient * denominator


@fuzz
@given(
    masks_of_any_size(),
    some.integers(1, 8),
    some.integers(1, 5),
    some.one_of(some.sampled_from(patches.EXUDATE_RULES), some.sampled_from([0.125, 0.5, 1.0])),
    seeds,
)
def test_patches_by_each_rule(field, side, stride, rule, seed):
    mask = np.random.RandomState(seed).rand(*field.shape) < 0.2
    healthy, exudate = patches.corners(field, mask, rule, side, stride)
    assert not (healthy & exudate).any()
    for y, x in np.argwhere(np.ones(healthy.shape, bool)):
        rows = slice(y * stride, y * stride + side)
        columns = slice(x * stride, x * stride + side)
        within, annotated = field[rows, columns].all(), mask[rows, columns]
        wanted = {
            "any": annotated.any(),
            "centre": annotated[side // 2, side // 2],
        }.get(rule, None if isinstance(rule, str) else annotated.mean() >= rule)
        assert healthy[y, x] == (within and not annotated.any())
        assert exudate[y, x] == (within and wanted)


@fuzz
@given(masks_of_any_size(), some.integers(1, 10), some.integers(1, 6), seeds)
def test_scattered_corners_are_allowed_and_apart(allowed, most, least, seed):
    chosen = patches.scatter(allowed, most, np.random.RandomState(seed), least)
    assert len(chosen) <= most
    assert all(allowed[y, x] for y, x in chosen)
    for index, corner in enumerate(chosen):
        apart = np.abs(chosen[:index] - corner).max(axis=1)
        assert (apart >= least).all()
    if len(chosen) < most:  # then no corner is left that is far enough from all of them
        for corner in np.argwhere(allowed):
            assert len(chosen) and np.abs(chosen - corner).max(axis=1).min() < least


@fuzz
@given(masks_of_any_size(), some.sampled_from([64, 128, 300]), some.integers(1, 5))
def test_tiles_hold_every_wanted_position_within_their_box(inside, stride, multiple):
    seen = np.zeros(inside.shape, bool)
    longest = max((SIDE - PATCH_SIDE) // stride + 1, multiple)
    for tile in tiles(inside, stride, multiple):
        assert inside[tile.rows, tile.columns].any()
        for part in (tile.rows, tile.columns):
            assert 0 < part.stop - part.start <= longest
        seen[tile.rows, tile.columns] = True
        assert tile.pixels(stride)[0].stop == (tile.rows.stop - 1) * stride + PATCH_SIDE
    box = np.outer(_from_first_to_last(inside.any(axis=1)), _from_first_to_last(inside.any(axis=0)))
    assert not (inside & ~seen).any()
    assert not (seen & ~box).any()


def _from_first_to_last(used):
    return np.logical_or.accumulate(used) & np.logical_or.accumulate(used[::-1])[::-1]


# Symmetry and orientation


@fuzz
@given(arrays(np.uint8, (2, 3, 5, 5)), some.integers(0, 7), some.integers(0, 7))
def test_two_symmetries_make_a_third(values, first, second):
    both = transform(transform(values, first), second)
    assert any(np.array_equal(both, transform(values, third)) for third in range(COUNT))
    assert np.array_equal(np.sort(both, axis=None), np.sort(values, axis=None))


@fuzz
@given(arrays(np.uint8, (6, 2, 4, 4)), some.lists(some.integers(0, 7), min_size=6, max_size=6))
def test_each_patch_under_its_own_symmetry(values, symmetries):
    found = transform_each(values, np.array(symmetries))
    for patch, symmetry, result in zip(values, symmetries, found):
        assert np.array_equal(result, transform(patch, symmetry))


@fuzz
@given(some.integers(-5, 15))
def test_other_symmetries_are_refused(symmetry):
    if 0 <= symmetry < COUNT:
        transform(np.zeros((2, 2)), symmetry)
    else:
        with pytest.raises(ValueError, match=str(symmetry)):
            transform(np.zeros((2, 2)), symmetry)


@fuzz
@given(masks_of_any_size(), some.integers(1, 8))
def test_what_is_shown_is_stored_again(pixels, tag):
    assert np.array_equal(stored(shown(pixels, tag), tag), pixels)


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


# Rankings


@fuzz
@given(some.lists(some.sampled_from([0.0, 1.0, 2.5, -3.0, math.inf]), max_size=12), sizes)
def test_top_k_by_sorting_pairs(scores, k):
    found = top_k(scores, k)
    pairs = sorted((-score, index) for index, score in enumerate(scores))
    assert list(found) == [index for _, index in pairs[:k]]


@fuzz
@given(some.lists(finite, max_size=6), some.integers(0, 6))
def test_a_score_that_is_no_number_means_divergence(scores, place):
    scores.insert(min(place, len(scores)), math.nan)
    with pytest.raises(Diverged):
        top_k(scores, 2)


@fuzz
@given(some.lists(some.floats(0, 100), max_size=12), some.integers(0, 40), some.integers(1, 15))
def test_reductions_by_hand(phi, more, top):
    n_grid = len(phi) + more
    mean = sum(phi) / len(phi) if phi else 0
    highest = sorted(phi, reverse=True)[:top]
    assert image_score(phi, n_grid, "sum") == pytest.approx(mean * n_grid if phi else 0)
    assert image_score(phi, n_grid, "mean") == pytest.approx(mean)
    expected = sum(highest) / len(highest) if phi else 0
    assert image_score(phi, n_grid, f"top{top}") == pytest.approx(expected)


@fuzz
@given(some.one_of(some.text(max_size=8), some.from_regex(r"top[0-9٠-٩]*", fullmatch=True)))
def test_a_reduction_is_known_or_refused(word):
    known = word in ("sum", "mean")
    if word.startswith("top"):
        digits = word[3:]
        known = digits.isascii() and digits.isdigit() and digits[0] != "0" and len(digits) <= 9
    if known:
        check_reduction(word)
    else:
        with pytest.raises(EglError):
            check_reduction(word)


# Pools, batches, splits


@fuzz
@given(some.sets(some.integers(0, 30), max_size=20), some.lists(some.integers(0, 33), max_size=12))
def test_a_pool_gives_each_item_once(items, asked):
    pool = Pool(items)
    revealed = []
    for item in asked:
        if item in items and item not in revealed:
            pool.reveal([item])
            revealed.append(item)
        else:
            with pytest.raises(KeyError):
                pool.reveal([item])
        left = len(items) - len(revealed)
        assert pool.labelled == revealed
        assert pool.unlabelled == sorted(items - set(revealed))
        assert pool.has(left) and not pool.has(left + 1)


@fuzz
@given(some.integers(1, 20), some.integers(1, 45), some.integers(0, 12))
def test_batches_resume_where_they_stopped(n, size, start):
    def random_of(epoch):
        return np.random.RandomState([7, epoch])

    whole = batches(n, size, random_of)
    ahead = [next(whole) for _ in range(start + 3)]
    resumed = batches(n, size, random_of, start)
    for expected in ahead[start:]:
        assert np.array_equal(next(resumed), expected)
    stream = np.concatenate(ahead)
    assert all(len(batch) == size for batch in ahead)
    for epoch in range(len(stream) // n):
        assert sorted(stream[epoch * n : (epoch + 1) * n]) == list(range(n))


@fuzz
@given(
    some.sampled_from(UPDATES),
    some.sets(some.integers(0, 50), min_size=1, max_size=20),
    some.sets(some.integers(51, 90), max_size=20),
    some.integers(1, 4),
    some.integers(1, 12),
    seeds,
)
def test_batches_of_an_update(how, chosen, earlier, iterations, size, seed):
    chosen, earlier = np.array(sorted(chosen)), np.array(sorted(earlier), int)
    found = update_batches(how, chosen, earlier, iterations, size, np.random.RandomState(seed))
    assert found.shape[1] == size and found.dtype == int
    union = {*chosen.tolist(), *earlier.tolist()}
    assert set(found.ravel()) <= (set(chosen) if how == "chosen-only" else union)
    if how == "union":
        assert len(found) == iterations
        assert all(len(set(batch)) == size for batch in found) or len(union) < size
    else:
        assert len(found) == max(iterations, ceil_div(len(chosen), size))
        assert found.ravel()[: len(chosen)].tolist() == chosen.tolist()


@fuzz
@given(
    some.lists(some.tuples(some.sampled_from("abcdefghijkl"), some.booleans()), max_size=40), seeds
)
def test_no_patient_is_in_two_splits(images, seed):
    patients = [patient for patient, _ in images]
    lesions = [lesion for _, lesion in images]
    ill = {patient for patient, lesion in images if lesion}
    if len(ill) < 3:
        with pytest.raises(DataError):
            split.split_patients(patients, lesions, np.random.RandomState(seed))
        return
    found = split.split_patients(patients, lesions, np.random.RandomState(seed))
    assert set(found) == {0, 1, 2}
    split_of = {}
    for patient, number in zip(patients, found):
        assert split_of.setdefault(patient, number) == number
    for kind in (ill, set(patients) - ill):
        counts = [sum(split_of[patient] == number for patient in kind) for number in range(3)]
        if len(kind) >= 3:
            assert min(counts) >= 1
            assert counts[0] == max(counts)
        else:
            assert counts == [len(kind), 0, 0]


@fuzz
@given(some.lists(some.integers(0, 30), max_size=8), some.integers(0, 200))
def test_shares_are_as_equal_as_can_be(available, wanted):
    taken = split.share_out(available, wanted)
    assert taken.sum() == min(wanted, sum(available))
    assert all(0 <= share <= limit for share, limit in zip(taken, available))
    for share, limit in zip(taken, available):  # who could give more gives at least the others' - 1
        if share < limit:
            assert share >= max(taken) - 1


# Files read by our own parsers


@fuzz
@given(
    some.lists(
        some.tuples(
            some.floats(0, 1e6), some.sampled_from(METRICS["fig2"]),
            some.sampled_from(STRATEGIES["fig2"]), some.floats(0, 1),
        ),
        min_size=1,
        max_size=8,
    )
)  # fmt: skip
def test_published_curves_come_back(tmp_path_factory, points):
    path = tmp_path_factory.mktemp("published") / "curves.csv"
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(LONG)
        writer.writerows(points)
    found = read_curves(str(path))
    assert sorted(found[list(LONG)].itertuples(index=False, name=None)) == sorted(points)
    assert set(found["figure"]) == {"fig2"}


def _file(tmp_path_factory, data, name="file"):
    path = tmp_path_factory.mktemp("fuzz") / name
    path.write_bytes(data)
    return str(path)


@fuzz
@given(some.one_of(some.binary(max_size=80), some.text(max_size=80).map(str.encode)))
def test_published_curves_of_any_bytes_are_refused_by_name(tmp_path_factory, data):
    path = _file(tmp_path_factory, data)
    with pytest.raises(EglError, match="file"):
        read_curves(path)
    path = _file(tmp_path_factory, ",".join(LONG).encode() + b"\n" + data)
    try:
        found = read_curves(path)
    except EglError as error:
        assert path in str(error) and len(str(error).splitlines()) == 1
    else:
        assert found["value"].between(0, 1).all()


@fuzz
@given(some.one_of(some.binary(max_size=80), some.text(max_size=80).map(str.encode)))
def test_tables_of_any_bytes_are_read_or_refused_by_name(tmp_path_factory, data):
    path = _file(tmp_path_factory, b"image,patient\n" + data)
    try:
        rows = read_table(path, ("image", "patient"))
    except DataError as error:
        assert path in str(error) and len(str(error).splitlines()) == 1
    else:
        assert all(row["image"] and row["patient"] for row in rows)


@fuzz
@given(
    some.lists(
        some.tuples(
            some.text(some.characters(blacklist_categories=["C", "Z"]), min_size=1, max_size=6),
            some.text(some.characters(blacklist_categories=["C", "Z"]), min_size=1, max_size=6),
        ),
        max_size=6,
    )
)
def test_tables_come_back(tmp_path_factory, rows):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["PATIENT", "more", "Image"])
    writer.writerows([second, "x", first] for first, second in rows)
    path = _file(tmp_path_factory, text.getvalue().encode())
    found = read_table(path, ("image", "patient"))
    assert [(row["image"], row["patient"]) for row in found] == rows


@fuzz
@given(some.binary(max_size=60))
def test_ground_truth_of_any_bytes_is_read_or_refused(tmp_path_factory, data):
    path = _file(tmp_path_factory, data, "a.GND")
    try:
        kinds = lesion_kinds(path)
    except DataError as error:
        assert path in str(error)
    else:
        assert all(kind == kind.casefold() for kind in kinds)
    path = _file(tmp_path_factory, data, "a.map")
    try:
        assert read_map(path).ndim == 2
    except DataError as error:
        assert path in str(error)


@fuzz
@given(some.binary(max_size=200))
def test_no_bytes_upset_the_reader_of_jpegs(data):
    assert damage(b"\xff\xd8" + data) is None or isinstance(damage(b"\xff\xd8" + data), str)


@fuzz
@given(some.text(max_size=12))
def test_names_that_look_alike(name):
    assert comparable(comparable(name)) == comparable(name)
    assert comparable(name.upper().lower()) == comparable(name.upper())


@fuzz
@given(some.text(max_size=12))
def test_one_line_is_one_line(text):
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    line.encode("utf-8")
    assert one_line(line) == line


# Masks


@fuzz
@given(arrays(np.uint8, (5, 6)), some.integers(0, 255))
def test_a_grey_mask_by_its_threshold(tmp_path_factory, pixels, threshold):
    import cv2

    path = str(tmp_path_factory.mktemp("masks") / "mask.png")
    assert cv2.imwrite(path, pixels)
    assert np.array_equal(masks.read_mask(path, threshold), pixels > threshold)


@fuzz
@given(arrays(np.uint8, (4, 5, 4), elements=some.sampled_from([0, 1, 128, 255])))
def test_a_mask_with_opacity_by_the_rules(tmp_path_factory, pixels):
    import cv2

    path = str(tmp_path_factory.mktemp("masks") / "mask.png")
    assert cv2.imwrite(path, pixels)
    opaque = pixels[:, :, 3] > 0
    bright = pixels[:, :, :3].max(axis=2) > 0
    expected = bright
    if opaque.any() and not opaque.all():
        expected = bright & opaque if (bright & opaque).any() else opaque
    assert np.array_equal(masks.read_mask(path), expected)


@fuzz
@given(arrays(np.uint8, (4, 5), elements=some.integers(0, 3)), some.integers(0, 3))
def test_a_mask_with_a_palette_by_the_rules(tmp_path_factory, numbers, black):
    from PIL import Image

    image = Image.fromarray(numbers, "P")
    colours = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (90, 90, 90)]
    colours[black] = (0, 0, 0)
    image.putpalette([value for colour in colours for value in colour] + [7] * (768 - 12))
    path = str(tmp_path_factory.mktemp("masks") / "mask.png")
    image.save(path)
    background = 0 if (numbers == 0).any() else black
    assert np.array_equal(masks.read_mask(path), numbers != background)


@fuzz
@given(bools(12, 12), bools(12, 12))
def test_masks_that_cover_most_are_refused(mask, field):
    outside = ~field
    refused = outside.sum() * 100 >= outside.size and mask[outside].mean() > 0.5
    refused = refused or (field.any() and mask[field].mean() > 0.5)
    try:
        masks.check_against_field(mask, field, "mask.png")
        assert not refused
    except DataError as error:
        assert refused and "mask.png" in str(error)


# Memory


@fuzz
@given(some.integers(0, 60), some.lists(some.tuples(some.integers(0, 4), some.integers(0, 30))))
def test_a_cache_keeps_the_latest_that_fit(capacity, puts):
    cache, kept = ArrayCache(capacity), []
    for key, size in puts:
        cache.put(key, np.zeros(size, np.uint8))
        kept = [(other, n) for other, n in kept if other != key]
        if size <= capacity:
            kept.append((key, size))
        while sum(n for _, n in kept) > capacity:
            kept.pop(0)
    assert {key for key in range(5) if cache.get(key) is not None} == {key for key, _ in kept}
