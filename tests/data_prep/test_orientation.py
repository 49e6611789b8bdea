"""Photographs that a camera asks to turn, and masks drawn on them as stored and as shown."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from data_prep.errors import DataError
from data_prep.orientation import shown, stored
from data_prep.photographs import read_photograph
from data_prep.records import Record

TAG = 274


def exif(tag):
    found = Image.Exif()
    found[TAG] = tag
    return found.tobytes()


@pytest.mark.parametrize("tag", range(1, 9))
def test_turns_are_those_of_pillow(tag, tmp_path):
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6)
    Image.fromarray(pixels).save(str(tmp_path / "a.png"), exif=exif(tag))
    turned = np.array(ImageOps.exif_transpose(Image.open(str(tmp_path / "a.png"))))
    assert shown(pixels, tag).tolist() == turned.tolist()
    assert stored(turned, tag).tolist() == pixels.tolist()


@pytest.fixture
def record(tmp_path):
    """record(tag, mask, mask_tag, shape): a photograph with that tag, and a mask: bool H x W."""

    def make(tag, mask, mask_tag=1, shape=(20, 30), suffix=".jpg"):
        image, other = str(tmp_path / ("a" + suffix)), str(tmp_path / "a_EX.png")
        # Pillow writes the tag of a TIFF as its own, not as EXIF.
        how = {"tiffinfo": {TAG: tag}} if suffix == ".tif" else {"exif": exif(tag)}
        Image.fromarray(np.full((*shape, 3), 90, np.uint8)).save(image, **how)
        picture = Image.fromarray(mask.astype(np.uint8) * 255)
        picture.save(other, **({"exif": exif(mask_tag)} if mask_tag != 1 else {}))
        return Record("a", image, other, "a", True)

    return make


def one_pixel(shape=(20, 30)):
    mask = np.zeros(shape, bool)
    mask[3, 4] = True
    return mask


@pytest.mark.parametrize("tag", [5, 6, 7, 8])
def test_the_size_tells_whether_the_mask_is_as_stored_or_as_shown(record, tag):
    mask = one_pixel()
    for drawn in (mask, shown(mask, tag)):
        image, found = read_photograph(record(tag, drawn))
        assert image.shape == (20, 30, 3)
        assert (found == mask).all()


@pytest.mark.parametrize(
    ("tag", "shape"), [(2, (20, 30)), (3, (20, 30)), (4, (20, 30)), (6, (20, 20))]
)
def test_where_both_ways_fit_the_pair_is_refused(record, tag, shape):
    with pytest.raises(DataError, match=rf"a_EX\.png: drawn on .*a\.jpg .* orientation {tag}"):
        read_photograph(record(tag, one_pixel(shape), shape=shape))


@pytest.mark.parametrize("tag", [3, 6])
def test_two_files_that_ask_for_the_same_turn_agree(record, tag):
    assert (read_photograph(record(tag, one_pixel(), tag))[1] == one_pixel()).all()


def test_a_mask_that_asks_for_a_turn_alone(record):
    assert (read_photograph(record(1, stored(one_pixel(), 8), 8))[1] == one_pixel()).all()
    with pytest.raises(DataError, match="EXIF orientation 1, the mask 3"):
        read_photograph(record(1, one_pixel(), 3))


def test_a_mask_that_looks_the_same_both_ways_is_taken(record):
    mask = np.zeros((20, 30), bool)
    mask[[9, 10], [14, 15]] = True
    assert (read_photograph(record(3, mask))[1] == mask).all()


def test_a_tiff_that_asks_for_a_turn_is_refused(record):
    with pytest.raises(DataError, match=r"a\.tif: a TIFF that is to be turned"):
        read_photograph(record(3, one_pixel(), suffix=".tif"))


def test_a_size_that_fits_no_way_is_named(record):
    with pytest.raises(DataError, match="the mask is 31 x 20"):
        read_photograph(record(6, one_pixel((20, 31))))


def test_damaged_exif_says_nothing(record, tmp_path):
    pair = record(1, one_pixel())
    jpeg = cv2.imencode(".jpg", np.zeros((20, 30, 3), np.uint8))[1].tobytes()
    body = b"Exif\0\0II*\0\xff\xff\xff\xff"
    (tmp_path / "a.jpg").write_bytes(
        jpeg[:2] + b"\xff\xe1" + (2 + len(body)).to_bytes(2, "big") + body + jpeg[2:]
    )
    assert (read_photograph(pair)[1] == one_pixel()).all()
