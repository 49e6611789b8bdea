"""Readers of images and of HEI-MED's lists and maps, as targets for fuzzing."""

import gzip
import io
import os
from functools import lru_cache
from typing import Callable, List

import cv2
import numpy as np
from PIL import Image

from data_prep import gnd
from data_prep.decoding import read_image
from data_prep.field_of_view import find_field_of_view
from data_prep.image_headers import orientation_of
from data_prep.masks import check_against_field, read_mask
from data_prep.photographs import read_photograph
from data_prep.records import Record
from tests.campaign import fuzz_mutations as damage
from tests.campaign.fuzz_target import Target


@lru_cache(maxsize=None)
def _eye() -> np.ndarray:
    """Return a small bright disc on black: uint8 60 x 80 x 3."""
    y, x = np.mgrid[:60, :80]
    disc = (y - 30) ** 2 + (x - 40) ** 2 < 28**2
    noise = np.random.RandomState(0).randint(-9, 9, (60, 80, 3))
    return (disc[:, :, None] * (np.array([60, 90, 160]) + noise)).astype(np.uint8)


def _by_opencv(suffix: str, pixels: np.ndarray, *options: int) -> bytes:
    return cv2.imencode(suffix, pixels, list(options))[1].tobytes()


def _by_pillow(kind: str, image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _jpegs() -> List[bytes]:
    image = Image.fromarray(_eye()[:, :, ::-1])
    exif = Image.Exif()
    exif[274] = 6
    return [
        _by_opencv(".jpg", _eye()),
        _by_opencv(".jpg", _eye()[:, :, 0]),
        _by_opencv(".jpg", _eye(), cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        _by_opencv(".jpg", _eye(), cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
        _by_pillow("JPEG", image, exif=exif.tobytes()),
        _by_pillow("JPEG", image.convert("CMYK")),
    ]


def pngs() -> List[bytes]:
    mask = (_eye()[:, :, 2] > 168).astype(np.uint8)
    grey = Image.fromarray(mask * 255)
    palette = Image.fromarray(mask, "P")
    palette.putpalette([9, 9, 9, 250, 250, 0] + [0] * 762)
    alpha = Image.merge("LA", (grey, grey))
    return [
        _by_opencv(".png", _eye()),
        _by_opencv(".png", _eye().astype(np.uint16) * 257),
        _by_opencv(".png", mask * 255),
        _by_pillow("PNG", palette),
        _by_pillow("PNG", palette, transparency=0),
        _by_pillow("PNG", palette, transparency=b"\x00\x80"),
        _by_pillow("PNG", alpha),
        _by_pillow("PNG", alpha.convert("RGBA")),
        _by_pillow("PNG", grey.convert("1")),
        _by_pillow("PNG", grey, transparency=0),
    ]


def _tiffs() -> List[bytes]:
    image = Image.fromarray(_eye()[:, :, ::-1])
    kinds = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")
    return [
        *(_by_pillow("TIFF", image, compression=kind) for kind in kinds),
        _by_pillow("TIFF", image.convert("L"), tiffinfo={274: 3}),
        _by_pillow("TIFF", image.convert("P")),
    ]


def _others() -> List[bytes]:
    image = Image.fromarray(_eye()[:, :, ::-1])
    return [_by_opencv(".bmp", _eye()), _by_opencv(".ppm", _eye()), _by_pillow("BMP", image)]


def _read_image(path: str) -> None:
    orientation_of(path)
    pixels = read_image(path)
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    try:
        find_field_of_view(pixels)
    except ValueError as error:  # whose caller names the file
        raise type(error)(f"{path}: {error}") from error


def _read_as_mask(path: str) -> None:
    mask = read_mask(path)
    assert mask.dtype == bool and mask.ndim == 2
    check_against_field(mask, np.ones(mask.shape, bool), path)


def _read_pair(path: str) -> None:
    good = os.path.join(os.path.dirname(path), "good.png")
    with open(good, "wb") as file:
        file.write(pngs()[2])
    image, mask = read_photograph(Record("a", good, path, "p", True), 0.5)
    assert mask is not None and mask.shape == image.shape[:2]


def _images(name: str, seeds: Callable[[], List[bytes]], how: Callable[..., bytes]) -> List[Target]:
    return [
        Target(f"photograph{name}", seeds, how, _read_image),
        Target(f"mask{name}", seeds, how, _read_as_mask),
        Target(f"pair{name}", seeds, how, _read_pair),
    ]


_LIST = b"GNDVERSION2.0 x\n3\nExudate 1\nMicroAneurysm 0\nOther Bright Lesion 1\n\nfield\n"


def _map() -> bytes:
    return np.array([0, 9, 7, *([0, 1, 2, 3, 0, 0, 0] * 9)], "<i4").tobytes()


def _read_list(path: str) -> None:
    with open(os.path.splitext(path)[0] + ".map", "wb") as file:
        file.write(_map())
    gnd.read_exudates(path)


def _read_map(path: str) -> None:
    stem = os.path.join(os.path.dirname(path), os.path.basename(path).split(".")[0])
    with open(stem + ".GND", "wb") as file:
        file.write(_LIST)
    gnd.read_exudates(stem + ".GND")


IMAGES = [
    *_images(".jpg", _jpegs, damage.damaged_jpeg),
    *_images(".png", pngs, damage.damaged_png),
    *_images(".tif", _tiffs, damage.damaged_tiff),
    *_images(".bmp", _others, damage.damaged_bytes),
    Target("lesions.GND", lambda: [_LIST], damage.damaged_text, _read_list),
    Target("lesions.map", lambda: [_map()], damage.damaged_bytes, _read_map),
    Target("lesions.map.gz", lambda: [gzip.compress(_map())], damage.damaged_gzip, _read_map),
]  # fmt: skip
