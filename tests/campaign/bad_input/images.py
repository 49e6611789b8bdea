"""Photographs that cannot be used: `egl prepare` names the file, and leaves no store."""

import io
import os
import struct
import zlib

import cv2
import numpy as np
from PIL import Image

from tests.campaign.bad_input.inputs import SMALL, drawn
from tests.campaign.bad_input.rows import Row

PREPARE = f"prepare data --out s.h5 {SMALL}"


def jpeg(inputs):
    """Replace the second photograph by a JPEG; return its bytes."""
    (inputs.data() / "images" / "1.png").unlink()
    noise = np.random.RandomState(1).randint(0, 256, (120, 140, 3)).astype(np.uint8)
    return cv2.imencode(".jpg", noise, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def replaced(content, name="1.png"):
    """Return what makes a data set whose second photograph has this content."""

    def make(inputs):
        (inputs.data() / "images" / "1.png").unlink()
        inputs.write(f"data/images/{name}", content)

    return make


def changed(change):
    def make(inputs):
        inputs.data()
        inputs.change("data/images/1.png", change)

    return make


def of_jpeg(change):
    return lambda inputs: inputs.write("data/images/1.jpg", change(jpeg(inputs)))


def other_pixels(make_pixels, name="1.png"):
    def make(inputs):
        (inputs.data() / "images" / "1.png").unlink()
        cv2.imwrite(str(inputs.folder / "data" / "images" / name), make_pixels())

    return make


def linked(target):
    def make(inputs):
        (inputs.data() / "images" / "1.png").unlink()
        os.symlink(target, str(inputs.folder / "data" / "images" / "1.png"))

    return make


def piped(inputs):
    (inputs.data() / "images" / "1.png").unlink()
    os.mkfifo(str(inputs.folder / "data" / "images" / "1.png"))


def renamed(name):
    def make(inputs):
        folder = os.fsencode(str(inputs.data() / "images"))
        os.rename(os.path.join(folder, b"1.png"), os.path.join(folder, name))
        masks = os.fsencode(str(inputs.folder / "data" / "masks"))
        os.rename(os.path.join(masks, b"1.png"), os.path.join(masks, name))

    return make


def second_suffix(inputs):
    inputs.data()
    cv2.imwrite(str(inputs.folder / "data" / "images" / "1.jpg"), drawn(1)[0])


def huge_header(inputs):
    """A PNG of a few bytes that says it has 60000 x 60000 pixels."""
    header = b"IHDR" + struct.pack(">2I5B", 60000, 60000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    replaced(b"\x89PNG\r\n\x1a\n" + chunk)(inputs)


def turned(kind, tag=3):
    def make(inputs):
        (inputs.data() / "images" / "1.png").unlink()
        image = Image.fromarray(drawn(1)[0])
        file = io.BytesIO()
        if kind == "TIFF":
            image.save(file, kind, tiffinfo={274: tag})
        else:
            exif = Image.Exif()
            exif[274] = tag
            image.save(file, kind, exif=exif.tobytes(), quality=95)
        inputs.write("data/images/1." + kind.lower(), file.getvalue())

    return make


AGAIN = "copy it again"
ROWS = [
    Row("empty", PREPARE, ("images/1.png", "empty", AGAIN), replaced(b"")),
    Row("text", PREPARE, ("images/1.png", "not an image", AGAIN), replaced("eye")),
    Row("cut PNG", PREPARE, ("images/1.png", AGAIN), changed(lambda data: data[:-100])),
    Row("PNG's header alone", PREPARE, ("images/1.png", AGAIN), changed(lambda data: data[:33])),
    Row(
        "PNG with other bytes inside",
        PREPARE,
        ("images/1.png", AGAIN),
        changed(lambda data: data[:120] + b"\xff" * 40 + data[160:]),
    ),
    Row("cut JPEG", PREPARE, ("images/1.jpg", AGAIN), of_jpeg(lambda data: data[:5000])),
    Row(
        "cut JPEG with an end marker",
        PREPARE,
        ("images/1.jpg", AGAIN),
        of_jpeg(lambda data: data[:5000] + b"\xff\xd9"),
    ),
    Row(
        "zeros inside a JPEG",
        PREPARE,
        ("images/1.jpg", AGAIN),
        of_jpeg(lambda data: data[:5000] + bytes(3000) + data[8000:]),
    ),
    Row("JPEG's start alone", PREPARE, ("images/1.jpg", AGAIN), of_jpeg(lambda data: data[:2])),
    Row(
        "black", PREPARE, ("images/1.png", "no field of view", "--skip-bad"),
        other_pixels(lambda: np.zeros((120, 140, 3), np.uint8)),
    ),
    Row(
        "30000 x 20", PREPARE, ("images/1.png",),
        other_pixels(lambda: np.full((20, 30000, 3), 90, np.uint8)),
    ),
    Row(
        "of another size than its mask", PREPARE, ("masks/1.png", "images/1.png", "140 x 120"),
        other_pixels(lambda: cv2.resize(drawn(1)[0], (150, 130))),
    ),
    Row(
        "one pixel", PREPARE, ("images/1.png",),
        other_pixels(lambda: np.full((1, 1, 3), 90, np.uint8)),
    ),
    Row("link to nowhere", PREPARE, ("images/1.png", "cannot be read"), linked("nowhere.png")),
    Row("link to itself", PREPARE, ("images/1.png", "cannot be read"), linked("1.png")),
    Row("pipe", PREPARE, ("images/1.png", "move it away"), piped),
    Row("link to a device", PREPARE, ("images/1.png", "move it away"), linked("/dev/zero")),
    Row("line break in the name", PREPARE, ("rename it",), renamed(b"1\n.png")),
    Row("Latin-1 in the name", PREPARE, ("rename it",), renamed(b"\xe9.png")),
    Row("two suffixes", PREPARE, ("1.png", "1.jpg", "rename one"), second_suffix),
    Row("more pixels than memory", PREPARE, ("images/1.png",), huge_header),
    Row("turned, and its mask fits both ways", PREPARE, ("1.jpeg", "EXIF", "upright"),
        turned("JPEG")),
    Row("turned TIFF", PREPARE, ("1.tiff", "save it upright"), turned("TIFF")),
    Row("PDF called PNG", PREPARE, ("images/1.png", "PNG"), replaced(b"%PDF-1.4")),
    Row("another suffix", PREPARE, ("masks/1.png", "move the mask away"), replaced(b"x", "1.heic")),
    Row(
        "smaller than a patch",
            "prepare data --out s.h5 --side 118 --train 8 --validation 8 --test 8",
        ("patch", "--side"), lambda inputs: inputs.data(),
    ),
]  # fmt: skip
