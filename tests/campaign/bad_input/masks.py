"""Masks that cannot be meant, and folders of masks."""

import os
import shutil

import cv2
import numpy as np
from PIL import Image

from tests.campaign.bad_input.images import PREPARE
from tests.campaign.bad_input.inputs import drawn
from tests.campaign.bad_input.rows import Row


def mask(make_pixels, name="1.png"):
    def make(inputs):
        folder = inputs.data() / "masks"
        (folder / "1.png").unlink()
        cv2.imwrite(str(folder / name), make_pixels(drawn(1)[1]))

    return make


def content(data, name="1.png"):
    def make(inputs):
        (inputs.data() / "masks" / "1.png").unlink()
        inputs.write(f"data/masks/{name}", data)

    return make


def by_pillow(make_image, name="1.png"):
    def make(inputs):
        folder = inputs.data() / "masks"
        (folder / "1.png").unlink()
        make_image(Image.fromarray(drawn(1)[1])).save(str(folder / name))

    return make


def gone(inputs):
    (inputs.data() / "masks" / "1.png").unlink()


def no_folder(inputs):
    shutil.rmtree(str(inputs.data() / "masks"))


def empty_folder(inputs):
    no_folder(inputs)
    (inputs.folder / "data" / "masks").mkdir()


def a_file(inputs):
    no_folder(inputs)
    inputs.write("data/masks", "x")


def all_empty(inputs):
    for path in (inputs.data() / "masks").iterdir():
        cv2.imwrite(str(path), np.zeros((120, 140), np.uint8))


def without_image(inputs):
    (inputs.data() / "images" / "1.png").unlink()


def in_place(make_other):
    def make(inputs):
        path = inputs.data() / "masks" / "1.png"
        path.unlink()
        make_other(str(path))

    return make


def light_palette(image):
    """Number 0 is not used; both colours are bright."""
    numbers = np.where(np.asarray(image) > 0, 1, 2).astype(np.uint8)
    result = Image.fromarray(numbers).convert("P")
    result = Image.frombytes("P", image.size, numbers.tobytes())
    result.putpalette([0, 0, 0, 255, 0, 0, 255, 255, 255] + [0] * 759)
    return result


def confidence(inputs):
    """255 where experts agree, 63 in all of the eye."""
    for path in (inputs.data() / "masks").iterdir():
        eye, sure = drawn(int(path.stem))
        cv2.imwrite(str(path), np.where(sure > 0, 255, 63 * (eye.max(axis=2) > 0)))


INVERTED = ("masks/1.png", "inverted", "background black")
ROWS = [
    Row("inverted", PREPARE, INVERTED, mask(lambda pixels: 255 - pixels)),
    Row("all white", PREPARE, INVERTED, mask(lambda pixels: np.full_like(pixels, 255))),
    Row("all 1", PREPARE, INVERTED, mask(lambda pixels: np.ones_like(pixels))),
    Row("inverted 16 bits", PREPARE, INVERTED,
        mask(lambda pixels: 65535 - 257 * pixels.astype("u2"))),
    Row("light palette", PREPARE, INVERTED, by_pillow(light_palette)),
    Row(
        "white of three channels", PREPARE, INVERTED,
        mask(lambda pixels: cv2.cvtColor(255 - pixels, cv2.COLOR_GRAY2BGR)),
    ),
    Row("confidence without a threshold", PREPARE, ("masks/", "--mask-threshold"), confidence),
    Row(
        "a threshold above all", PREPARE + " --mask-threshold 255", ("masks", "--mask-threshold"),
        lambda inputs: inputs.data(),
    ),
    Row("JPEG", PREPARE, ("masks/1.jpg", "save it as PNG"), mask(lambda pixels: pixels, "1.jpg")),
    Row("JPEG called PNG", PREPARE, ("masks/1.png", "JPEG"), content(
        cv2.imencode(".jpg", drawn(1)[1])[1].tobytes())),
    Row("absent", PREPARE, ("images/1.png", "has no mask", "add"), gone),
    Row("GIF", PREPARE, ("masks/1.gif", "save it as PNG"), by_pillow(lambda image: image, "1.gif")),
    Row("array", PREPARE, ("masks/1.npy", "save it as PNG"), content(b"\x93NUMPY", "1.npy")),
    Row("text", PREPARE, ("masks/1.png", "copy it again"), content("mask")),
    Row("empty file", PREPARE, ("masks/1.png", "empty", "copy it again"), content(b"")),
    Row("cut", PREPARE, ("masks/1.png", "copy it again"), lambda inputs: (
        inputs.data(), inputs.change("data/masks/1.png", lambda data: data[:60]))),
    Row("of half the size", PREPARE, ("masks/1.png", "70 x 60", "140 x 120", "its image's size"),
        mask(lambda pixels: cv2.resize(pixels, (70, 60)))),
    Row("turned by 90 degrees", PREPARE, ("masks/1.png", "120 x 140", "its image's size"),
        mask(lambda pixels: np.ascontiguousarray(pixels.T))),
    Row("link to nowhere", PREPARE, ("masks/1.png", "cannot be read"),
        in_place(lambda path: os.symlink("x.png", path))),
    Row("pipe", PREPARE, ("masks/1.png", "move it away"), in_place(os.mkfifo)),
    Row("folder", PREPARE, ("images/1.png", "has no mask"), in_place(os.mkdir)),
    Row("all empty", PREPARE, ("masks", "all masks are empty", "export"), all_empty),
    Row("without its image", PREPARE, ("masks/1.png", "a mask without its image"), without_image),
    Row("no folder", PREPARE, ("data", "no folder masks/"), no_folder),
    Row("an empty folder", PREPARE, ("images/0.png", "has no mask"), empty_folder),
    Row("a file for the folder", PREPARE, ("data/masks", "not a folder"), a_file),
]  # fmt: skip
