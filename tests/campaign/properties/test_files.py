"""Properties of our own parsers, of masks and of the cache, over inputs that hypothesis makes up.

The same inputs on every run; each expected value is found by an independent and slower route.
"""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from data_prep import masks
from data_prep.array_cache import ArrayCache
from data_prep.errors import DataError, one_line
from data_prep.gnd import lesion_kinds, read_map
from data_prep.jpeg import damage
from data_prep.readers.listing import comparable
from data_prep.readers.tables import read_table
from egl.errors import EglError
from experiments.published import LONG, METRICS, STRATEGIES, read_curves
from tests.campaign.properties.values import bools, fuzz

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
