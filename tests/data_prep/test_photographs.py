from pathlib import Path

import cv2
import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.photographs import read_photograph
from data_prep.records import Record


@pytest.fixture
def record(tmp_path, write_image, write_mask):
    """record(pixels, height, width): annotated at these (row, column); None: healthy."""

    def make(pixels=((3, 4),), height=20, width=30):
        image = write_image(tmp_path / "a.png", height, width)
        mask = None if pixels is None else write_mask(tmp_path / "a_EX.png", pixels, height, width)
        return Record("a", image, mask, "a", lesion=mask is not None)

    return make


def annotated(mask):
    return [tuple(pixel) for pixel in np.argwhere(mask).tolist()]


def test_image_and_mask(record):
    image, mask = read_photograph(record())
    assert (image.shape, image.dtype, mask.shape, mask.dtype) == (
        (20, 30, 3),
        np.uint8,
        (20, 30),
        bool,
    )
    assert annotated(mask) == [(3, 4)]


def test_a_healthy_image_has_no_mask_at_any_scale(record):
    healthy = record(None)
    assert read_photograph(healthy)[1] is None
    image, mask = read_photograph(healthy, 0.5)
    assert (image.shape, mask) == ((10, 15, 3), None)


def test_a_mask_of_another_size_names_both(record, write_mask):
    lesion = record()
    write_mask(Path(lesion.mask), ((3, 4),), 20, 31)
    with pytest.raises(
        DataError, match=r"a_EX\.png: the mask is 31 x 20 but its image .*a\.png is 30 x 20"
    ):
        read_photograph(lesion)


def test_an_empty_mask_of_a_lesion_image(record):
    with pytest.raises(DataError, match=r"a_EX\.png: no pixel is annotated"):
        read_photograph(record(()))


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf"), 0.01, 1e6])
def test_impossible_scales(record, scale):
    with pytest.raises(DataError, match=r"a\.png: .*scale"):
        read_photograph(record(), scale)


def test_half_covered_pixels_are_annotated(record):
    # Halved: all of (0, 0), 1/2 of (0, 1); 1/4 of (1, 0), but that touches what is kept.
    pixels = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (1, 2), (2, 0)]
    assert annotated(read_photograph(record(pixels), 0.5)[1]) == [(0, 0), (0, 1)]


def test_small_exudates_do_not_vanish(record):
    # One pixel alone covers 1/4 of (5, 10). A 2 x 2 exudate across four pixels covers 1/4 of each,
    # and keeps the first.
    pixels = [(11, 21), (3, 3), (3, 4), (4, 3), (4, 4)]
    assert annotated(read_photograph(record(pixels), 0.5)[1]) == [(1, 1), (5, 10)]


def test_a_small_exudate_keeps_the_pixel_that_it_covers_most(record):
    # A quarter of the scale: 3 pixels of 16 at (0, 0), 6 of 16 at (0, 1).
    pixels = [(row, column) for row in range(3) for column in (3, 4, 5)]
    assert annotated(read_photograph(record(pixels), 0.25)[1]) == [(0, 1)]


def test_large_areas_keep_their_share(record):
    pixels = [
        (row, column)
        for row in range(40)
        for column in range(60)
        if (row - 20) ** 2 + (column - 30) ** 2 <= 15**2
    ]
    mask = read_photograph(record(pixels, 40, 60), 0.4)[1]
    assert mask.shape == (16, 24)
    assert abs(mask.sum() / (16 * 24) - len(pixels) / (40 * 60)) < 0.02


def test_enlarged(record):
    image, mask = read_photograph(record([(3, 4)]), 2)
    assert image.shape == (40, 60, 3)
    assert annotated(mask) == [(6, 8), (6, 9), (7, 8), (7, 9)]


def test_shrinking_averages_the_image(tmp_path):
    path = str(tmp_path / "a.png")
    cv2.imwrite(path, np.array([[[10] * 3, [20] * 3], [[30] * 3, [60] * 3]], np.uint8))
    image, _ = read_photograph(Record("a", path, None, "a", False), 0.5)
    assert image.tolist() == [[[30, 30, 30]]]  # (10 + 20 + 30 + 60) / 4


def test_a_very_large_image(tmp_path):
    path = str(tmp_path / "large.png")
    cv2.imwrite(path, np.zeros((6000, 8000), np.uint8))
    image, _ = read_photograph(Record("large", path, None, "large", False), 0.1)
    assert image.shape == (600, 800, 3)


def test_a_real_image_keeps_its_annotated_share_at_half_size(real_data):
    part = real_data / "idrid-original-sample" / "A. Segmentation"
    image = str(part / "1. Original Images/a. Training Set/IDRiD_03.jpg")
    mask = str(
        part / "2. All Segmentation Groundtruths/a. Training Set/3. Hard Exudates/IDRiD_03_EX.tif"
    )
    record = Record("03", image, mask, "03", True)
    whole, half = (read_photograph(record, scale)[1] for scale in (1, 0.5))
    assert half.shape == (1424, 2144)
    assert abs(half.mean() / whole.mean() - 1) < 0.05
