"""Every kind of mask by the pixels that were drawn; and what cannot be a mask of exudates."""

import hashlib
import io

import cv2
import numpy as np
import pytest
from PIL import Image

from data_prep.errors import DataError
from data_prep.masks import check_against_field, checksum, read_mask

ANNOTATED = [[3, 4], [10, 20], [11, 20]]
WHITE, BLACK, RED, GREEN = (255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 128, 0)


def drawn(value=1, background=0):
    pixels = np.full((20, 30), background, np.uint8)
    for row, column in ANNOTATED:
        pixels[row, column] = value
    return pixels


def saved(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def palette(numbers, *colours, kind="PNG", **options):
    image = Image.fromarray(numbers)
    image.putpalette([value for colour in colours for value in colour] + [0] * 3)
    return saved(image, kind, **options)


def rgba(colour_of_drawn, background, opacity):
    """A picture of two colours; opacity: uint8 H x W."""
    is_drawn = drawn() > 0
    colours = np.where(is_drawn[:, :, None], colour_of_drawn, background).astype(np.uint8)
    return np.dstack([colours, opacity])


def grey_alpha(grey, opacity, kind="PNG"):
    bands = [Image.fromarray(np.full((20, 30), grey, np.uint8)), Image.fromarray(opacity)]
    return saved(Image.merge("LA", bands), kind)


OPAQUE, CLEAR = np.full((20, 30), 255, np.uint8), np.zeros((20, 30), np.uint8)
CASES = {
    "palette, number 0 green": palette(drawn(), GREEN, RED),
    "palette, number 0 white, annotated black": palette(drawn(), WHITE, BLACK),
    "palette as TIFF": palette(drawn(), GREEN, RED, kind="TIFF"),
    "palette as BMP": palette(drawn(), GREEN, RED, kind="BMP"),
    "palette, no pixel of number 0": palette(drawn(2, 1), RED, BLACK, WHITE),
    "palette, number 0 transparent": palette(drawn(), WHITE, RED, transparency=0),
    "palette, drawn in number 0, the rest transparent": palette(
        1 - drawn(), RED, WHITE, transparency=1
    ),
    "transparent white background": saved(Image.fromarray(rgba(RED, WHITE, drawn(255)))),
    "as TIFF": saved(Image.fromarray(rgba(RED, WHITE, drawn(255))), "TIFF"),
    "drawn in black on nothing": saved(Image.fromarray(rgba(BLACK, WHITE, drawn(255)))),
    "opaque, black background": saved(Image.fromarray(rgba(WHITE, BLACK, OPAQUE))),
    "opacity that is 0 everywhere": saved(Image.fromarray(rgba(WHITE, BLACK, CLEAR))),
    "transparent corner, black background": saved(
        Image.fromarray(rgba(WHITE, BLACK, np.where(np.arange(30) < 2, 0, OPAQUE).astype(np.uint8)))
    ),
    "grey, transparent background": grey_alpha(255, drawn(255)),
    "grey, transparent background, TIFF": grey_alpha(255, drawn(255), "TIFF"),
    "grey, one value transparent": saved(Image.fromarray(drawn(90, 200)), transparency=200),
    "16 bits": cv2.imencode(".png", drawn().astype(np.uint16))[1].tobytes(),
    "1 bit": saved(Image.fromarray(drawn() > 0)),
}


@pytest.mark.parametrize("content", CASES.values(), ids=CASES.keys())
def test_what_is_annotated(tmp_path, content):
    path = tmp_path / "mask.any"
    path.write_bytes(content)
    assert np.argwhere(read_mask(str(path))).tolist() == ANNOTATED


def test_a_threshold_of_confidence(tmp_path):
    pixels = np.array([[0, 63, 64, 255]], np.uint8)
    cv2.imwrite(str(tmp_path / "grey.png"), pixels)
    (tmp_path / "palette.png").write_bytes(
        palette(np.array([[0, 1, 2, 3]], np.uint8), WHITE, (63, 9, 9), (0, 64, 0), WHITE)
    )
    for name in ("grey.png", "palette.png"):
        path = str(tmp_path / name)
        assert read_mask(path).tolist() == [[False, True, True, True]]
        assert read_mask(path, 63).tolist() == [[False, False, True, True]]
        assert read_mask(path, 255).tolist() == [[False] * 4]


def disc():
    y, x = np.mgrid[:60, :80]
    return (y - 30) ** 2 + (x - 40) ** 2 < 25**2


def test_a_mask_is_judged_by_the_field_of_view():
    field = disc()
    lesion = np.zeros_like(field)
    lesion[25:30, 35:45] = True
    check_against_field(lesion, field, "a.png")
    check_against_field(np.zeros_like(field), field, "a.png")
    lesion[:5] = True  # a printed line above the eye
    check_against_field(lesion, field, "a.png")
    with pytest.raises(DataError, match=r"a\.png: \d+% of what lies outside .* is inverted"):
        check_against_field(~lesion, field, "a.png")
    with pytest.raises(DataError, match=r"a\.png: 9\d% of the field of view is annotated"):
        check_against_field(field & ~lesion, field, "a.png")


def test_a_photograph_without_surround_is_judged_by_the_field_alone():
    field = np.ones((60, 80), bool)
    mask = np.zeros_like(field)
    mask[:29] = True
    check_against_field(mask, field, "a.png")
    mask[:31] = True
    with pytest.raises(DataError, match="52% of the field of view"):
        check_against_field(mask, field, "a.png")


def test_a_damaged_palette_mask_is_named(tmp_path):
    content = palette(drawn(), GREEN, RED)
    (tmp_path / "a.png").write_bytes(content[:-20])
    with pytest.raises(DataError, match=r"a\.png: ") as caught:
        read_mask(str(tmp_path / "a.png"))
    assert "\n" not in str(caught.value)


def test_idrids_masks(real_data):
    """1-bit palette TIFFs whose number 0 is black, number 1 red."""
    paths = sorted(real_data.glob("*/A*/2*/a*/3*/*.tif"))[::9]
    assert paths
    for path in paths:
        assert (read_mask(str(path)) == (cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) > 0)).all()


def test_the_checksum_of_a_list_of_lesions_includes_its_map(tmp_path):
    path, numbered = tmp_path / "a.GND", tmp_path / "a.map"
    path.write_bytes(b"0\n")
    numbered.write_bytes(b"abc")
    assert checksum(str(numbered)) == hashlib.sha256(b"abc").hexdigest()
    assert checksum(str(path)) == hashlib.sha256(b"0\nabc").hexdigest()


def test_a_palette_with_several_opacities(tmp_path):
    """Colours 1 and 2 are drawn; 2 is transparent, as is the background."""
    pixels = drawn(1)
    pixels[0, 0] = 2
    image = Image.fromarray(pixels, "P")
    image.putpalette([0, 0, 0, 9, 9, 200, 250, 0, 0] + [0] * 759)
    path = tmp_path / "mask.png"
    path.write_bytes(saved(image, transparency=b"\x00\xff\x00"))
    assert np.argwhere(read_mask(str(path))).tolist() == ANNOTATED
    assert np.argwhere(read_mask(str(path), 199)).tolist() == ANNOTATED
    assert not read_mask(str(path), 200).any()


def test_a_palette_whose_opacities_end_before_its_colours(tmp_path):
    """The colours without one are opaque; number 0, which every other pixel has, is transparent."""
    image = Image.fromarray(drawn(3), "P")
    image.putpalette([255] * 768)
    path = tmp_path / "mask.png"
    path.write_bytes(saved(image, transparency=b"\x00"))
    assert np.argwhere(read_mask(str(path))).tolist() == ANNOTATED


@pytest.mark.parametrize("mode", ["1", "L"])
def test_black_and_white_with_white_as_the_transparent_value(tmp_path, mode):
    """White is background then; what is opaque was drawn in black, so it is annotated."""
    image = Image.fromarray(255 - drawn(255)).convert(mode)
    path = tmp_path / "mask.png"
    path.write_bytes(saved(image, transparency=255))
    assert np.argwhere(read_mask(str(path))).tolist() == ANNOTATED


def test_exactly_half_is_not_most():
    field = np.ones((10, 20), bool)
    field[:, 0] = field[0, :] = False  # 29 pixels outside
    half_inside = np.zeros_like(field)
    half_inside[1:, 1:10] = True  # 81 of 171
    check_against_field(half_inside, field, "mask.png")
    whole = np.ones((2, 2), bool)
    check_against_field(np.array([[1, 1], [0, 0]], bool), whole, "mask.png")
    with pytest.raises(DataError, match="75% of the field of view"):
        check_against_field(np.array([[1, 1], [1, 0]], bool), whole, "mask.png")
    outside = np.ones((2, 100), bool)
    outside[:, :1] = False  # one per cent, of which a half is annotated
    mask = np.zeros_like(outside)
    mask[0, 0] = True
    check_against_field(mask, outside, "mask.png")
    mask[1, 0] = True
    with pytest.raises(DataError, match="100% of what lies outside"):
        check_against_field(mask, outside, "mask.png")
