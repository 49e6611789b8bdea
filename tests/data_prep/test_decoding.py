import os
import struct
import zlib

import cv2
import numpy as np
import pytest

from data_prep.decoding import read_image
from data_prep.errors import DataError
from data_prep.masks import read_mask

ANNOTATED = [[3, 4], [10, 20], [11, 20]]


def drawn(height=20, width=30):
    pixels = np.zeros((height, width), np.uint8)
    for row, column in ANNOTATED:
        pixels[row, column] = 1
    return pixels


def palette_tiff(bits):
    """A 1-bit TIFF with a palette of black and red, as in IDRiD (TIFF 6.0, sections 2, 5)."""
    height, width = bits.shape
    rows = np.packbits(bits, axis=1).tobytes()
    palette = struct.pack("<6H", 0, 65535, 0, 0, 0, 0)
    tags, short, long = 11, 3, 4
    palette_at = 8 + 2 + 12 * tags + 4
    rows_at = palette_at + len(palette)
    entries = [
        (256, short, 1, width),
        (257, short, 1, height),
        (258, short, 1, 1),
        (259, short, 1, 1),
        (262, short, 1, 3),
        (273, long, 1, rows_at),
        (277, short, 1, 1),
        (278, short, 1, height),
        (279, long, 1, len(rows)),
        (284, short, 1, 1),
        (320, short, 6, palette_at),
    ]
    directory = (
        struct.pack("<H", tags)
        + b"".join(struct.pack("<HHII", *entry) for entry in entries)
        + bytes(4)
    )
    return b"II*\0" + struct.pack("<I", 8) + directory + palette + rows


def png(colour_type, rows):
    """A PNG of 8 bits a channel (PNG specification, 5.3 and 11.2)."""

    def chunk(kind, content):
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    height, width = rows.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


def encoded(suffix, pixels):
    return cv2.imencode(suffix, pixels)[1].tobytes()


def grey_with_opaque_alpha():
    return png(4, np.stack([drawn(), np.full((20, 30), 255, np.uint8)], axis=2))


def colour_with_alpha(alpha):
    blue = drawn()
    empty = np.zeros_like(blue)
    return png(6, np.stack([empty, empty, blue, np.full_like(blue, alpha)], axis=2))


@pytest.mark.parametrize(
    "content",
    [
        encoded(".png", drawn()),
        encoded(".png", drawn() * 255),
        encoded(".png", drawn().astype(np.uint16)),
        encoded(".tif", drawn()),
        encoded(".bmp", drawn() * 255),
        palette_tiff(drawn()),
        grey_with_opaque_alpha(),
        colour_with_alpha(255),
        colour_with_alpha(0),
    ],
    ids=[
        "grey 1",
        "grey 255",
        "16 bits",
        "tiff",
        "bmp",
        "palette of 1 bit",
        "grey and alpha",
        "blue and alpha",
        "blue and no alpha",
    ],
)
def test_masks_of_every_kind(tmp_path, content):
    path = tmp_path / "mask"
    path.write_bytes(content)
    mask = read_mask(str(path))
    assert (mask.dtype, mask.shape) == (bool, (20, 30))
    assert np.argwhere(mask).tolist() == ANNOTATED


def test_a_mask_must_not_be_a_jpeg(tmp_path):
    path = tmp_path / "mask.jpg"
    path.write_bytes(encoded(".jpg", drawn() * 255))
    with pytest.raises(DataError, match=r"mask\.jpg: a mask must not be a JPEG"):
        read_mask(str(path))


def noise(height=200, width=300):
    return np.random.RandomState(0).randint(0, 256, (height, width, 3)).astype(np.uint8)


def with_thumbnail(jpeg):
    """The JPEG with a whole JPEG in an application segment, as cameras write their previews."""
    preview = encoded(".jpg", noise(8, 8))
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(preview)) + preview + jpeg[2:]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".bmp"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.999])
def test_truncated_images(tmp_path, suffix, share):
    content = encoded(suffix, noise())
    path = tmp_path / f"half{suffix}"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DataError, match=f"half{suffix}: ") as caught:
        read_image(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "parameters", [[], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1], [cv2.IMWRITE_JPEG_RST_INTERVAL, 4]]
)
def test_jpegs_are_whole_with_previews_and_with_bytes_after_the_end(tmp_path, parameters):
    jpeg = cv2.imencode(".jpg", noise(), parameters)[1].tobytes()
    path = tmp_path / "a.jpg"
    for content in (
        jpeg,
        with_thumbnail(jpeg),
        jpeg + b"\0" * 100,
        with_thumbnail(jpeg) + b"maker's notes \xff\xd9",
    ):
        path.write_bytes(content)
        assert np.array_equal(
            read_image(str(path)),
            cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR),
        )


def test_the_end_of_a_preview_is_not_the_images_end(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(with_thumbnail(encoded(".jpg", noise()))[:-1000])
    with pytest.raises(DataError, match=r"a\.jpg: the image is truncated"):
        read_image(str(path))


@pytest.mark.parametrize("parameters", [[], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]])
def test_a_jpeg_that_lacks_only_its_end_marker(tmp_path, parameters):
    jpeg = cv2.imencode(".jpg", noise(), parameters)[1].tobytes()
    path = tmp_path / "a.jpg"
    for missing in (1, 2):
        path.write_bytes(jpeg[:-missing])
        with pytest.raises(DataError, match=r"a\.jpg: the image is truncated"):
            read_image(str(path))


def test_a_download_padded_with_zeros_is_truncated(tmp_path):
    jpeg = encoded(".jpg", noise())
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg[: len(jpeg) // 2] + bytes(len(jpeg) - len(jpeg) // 2))
    with pytest.raises(DataError, match=r"a\.jpg: the image is truncated"):
        read_image(str(path))


def test_the_cameras_orientation_is_not_applied(tmp_path):
    jpeg = encoded(".jpg", noise(20, 30))
    # One directory entry: Orientation (0x0112), a short, 6 = turn by 90 degrees.
    exif = b"Exif\0\0II*\0" + struct.pack("<IHHHIII", 8, 1, 0x0112, 3, 1, 6, 0)
    turned = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(exif)) + exif + jpeg[2:]
    assert cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR).shape == (
        30,
        20,
        3,
    ), "the trap is set"
    path = tmp_path / "a.jpg"
    path.write_bytes(turned)
    assert read_image(str(path)).shape == (20, 30, 3)


def test_colours_are_bgr_and_grey_gets_three_channels(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png(2, np.array([[[200, 100, 50]]], np.uint8)))  # red, green, blue in the file
    assert read_image(str(path)).tolist() == [[[50, 100, 200]]]
    path.write_bytes(png(0, np.array([[7]], np.uint8)))
    assert read_image(str(path)).tolist() == [[[7, 7, 7]]]


def test_files_that_are_no_images(tmp_path):
    (tmp_path / "text.jpg").write_text("not an image")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "folder.jpg").mkdir()
    messages = {
        "text": "not an image",
        "empty": "the file is empty",
        "folder": "cannot be read",
        "absent": "cannot be read",
    }
    for name, message in messages.items():
        with pytest.raises(DataError, match=rf"{name}\.jpg: {message}"):
            read_image(str(tmp_path / f"{name}.jpg"))


def test_non_ascii_paths(tmp_path, write_image):
    path = write_image(tmp_path / "Ärztin" / "œil gauche.jpg")
    assert read_image(path).shape == (20, 30, 3)


def smooth(parameters=()):
    """A JPEG of a smooth picture, whose data decodes on after damage."""
    picture = cv2.GaussianBlur(noise(), (0, 0), 3)
    return cv2.imencode(".jpg", picture, list(parameters))[1].tobytes()


@pytest.mark.parametrize(
    "parameters", [[], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1], [cv2.IMWRITE_JPEG_RST_INTERVAL, 4]]
)
@pytest.mark.parametrize(
    "damage",
    [
        lambda jpeg, middle: jpeg[:middle] + b"\xff\xd9",
        lambda jpeg, middle: jpeg[:middle] + bytes(300) + jpeg[middle + 300 :],
    ],
    ids=["end marker appended", "zeros inside"],
)
def test_damage_that_decoders_fill_with_grey(tmp_path, capfd, parameters, damage):
    jpeg = smooth(parameters)
    path = tmp_path / "a.jpg"
    path.write_bytes(damage(jpeg, len(jpeg) // 2))
    with pytest.raises(DataError, match=r"a\.jpg: the image is damaged .*copy it again"):
        read_image(str(path))
    assert capfd.readouterr().err == ""  # the decoder's own line names no file


def test_few_zeros_after_which_the_decoder_finds_its_way(tmp_path):
    jpeg = smooth()
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg[: len(jpeg) // 2] + bytes(24) + jpeg[len(jpeg) // 2 + 24 :])
    with pytest.raises(DataError, match=r"a\.jpg: the image is damaged"):
        read_image(str(path))


@pytest.mark.parametrize("optimised", [0, 1])
def test_a_black_picture_is_not_damaged(tmp_path, optimised):
    """Its data may well be zeros, under tables made for it."""
    picture = np.zeros((400, 600, 3), np.uint8)
    picture[200, 300] = 255
    path = tmp_path / "a.jpg"
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_OPTIMIZE, optimised])
    assert read_image(str(path)).shape == picture.shape


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(str(tmp_path / "a.jpg"))
    with pytest.raises(DataError, match=r"a\.jpg: cannot be read \(a pipe"):
        read_image(str(tmp_path / "a.jpg"))
