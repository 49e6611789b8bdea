"""What a store file holds, read and checked before anything uses it.

Stores may be written by other programs, or be damaged: what is wrong is named when the store is
opened, not when a net has been trained on it.
"""

import math
import os
from typing import Any, Callable, Dict, List, NamedTuple, NoReturn, Tuple, Union

import h5py
import numpy as np

from data_prep import split as splits
from data_prep.hdf5 import own_values
from data_prep.patches import EXUDATE_RULES
from data_prep.stored_patches import StoredPatches, stored_patches
from data_prep.symmetry import COUNT

Fail = Callable[[str], NoReturn]

TEXTS = ("dataset", "folder", "left_out", "licence", "notes")
_OTHERS = ("augmented", "exudate_rule", "mean_bgr", "scale")


class ImageRow(NamedTuple):
    """One photograph of a store.

    source: path below the data set's folder; height, width: pixels, after scaling; lesion: whether
    it has annotated exudates; split: 0 train, 1 validation, 2 test; sha256: of the source file, in
    hexadecimal; mask_sha256: of the mask's (data_prep.masks.checksum), "" for none, and in stores
    of versions that did not take it down
    """

    id: str
    patient: str
    source: str
    height: int
    width: int
    lesion: bool
    split: int
    sha256: str
    mask_sha256: str = ""


class Contents(NamedTuple):
    """The datasets and attributes of a store file, as they are in it; columns: those of images/."""

    attributes: Dict[str, Any]
    patches: Union[StoredPatches, np.ndarray]
    labels: np.ndarray
    image: np.ndarray
    split: np.ndarray
    yx: np.ndarray
    columns: List[np.ndarray]
    png: np.ndarray
    ends: np.ndarray


def read_attributes(file: h5py.File) -> Dict[str, Any]:
    """Return the attributes of a store file as Python's own types."""
    return {name: plain(value) for name, value in file.attrs.items()}


def read_contents(file: h5py.File) -> Contents:
    """Return everything in a store file; the patches are read later."""

    def read(name: str) -> np.ndarray:
        return own_values(file, name)

    def column(name: str) -> np.ndarray:
        if name in ImageRow._field_defaults and "images/" + name not in file:
            return np.full(file["images/id"].shape, ImageRow._field_defaults[name], "S1")
        return read("images/" + name)

    return Contents(
        attributes=read_attributes(file),
        patches=stored_patches(file, "patches"),
        labels=read("labels"),
        image=read("image"),
        split=read("split"),
        yx=read("yx"),
        columns=[column(name) for name in ImageRow._fields],
        png=read("field_of_view/png"),
        ends=read("field_of_view/end"),
    )


def plain(value: Any) -> Any:
    """Return an HDF5 value as Python's own type; h5py 2 and 3 return text differently."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value


def check_datasets(contents: Contents, fail: Fail) -> None:
    """Call `fail` with a sentence unless the datasets have the types and sizes of a store."""
    patches, n = contents.patches, len(np.atleast_1d(contents.labels))
    if patches.dtype != np.uint8:
        fail(f"patches of type {patches.dtype}, not uint8 (grey levels 0 to 255)")
    if patches.ndim != 4 or len(patches) != n or patches.shape[2] != patches.shape[3]:
        fail("patches that are not square, or not as many as labels")
    for name in ("labels", "image", "split", "yx"):
        array = getattr(contents, name)
        if array.dtype.kind not in "iu":
            fail(f"{name} of type {array.dtype}, not whole numbers")
        if array.shape != ((n, 2) if name == "yx" else (n,)):
            fail(f"datasets of unequal length ({name} has the shape {array.shape})")
    n_images = {len(np.atleast_1d(column)) for column in (*contents.columns, contents.ends)}
    if len(n_images) != 1:
        fail("columns of images/ of unequal length, or not as many fields of view as images")
    ends = contents.ends
    if contents.png.dtype != np.uint8 or ends.dtype.kind not in "iu" or ends.ndim != 1:
        fail("fields of view of another type")
    if (np.diff([0, *ends.tolist()]) < 0).any() or (len(ends) and ends[-1] > len(contents.png)):
        fail("fields of view that end where there are no bytes")


def check_attributes(
    attributes: Dict[str, Any], channels: int, side: int, available: Dict[str, Tuple[int, int]],
    fail: Fail,
) -> None:  # fmt: skip
    """Call `fail` with a sentence unless the attributes that numbers depend on make sense.

    channels, side: of a patch; available: the patches of each class in each split
    """
    counts = [prefix + split for prefix in ("samples_", "n_") for split in splits.NAMES]
    missing = [name for name in (*TEXTS, *_OTHERS, *counts) if name not in attributes]
    if missing:
        fail(f"the attribute {missing[0]} is missing")
    for name in TEXTS:
        if not isinstance(attributes[name], str):
            fail(f"the attribute {name} is no text")
    mean = attributes["mean_bgr"]
    if not (_numbers(mean, channels) and all(0 <= value <= 255 for value in mean)):
        fail(f"mean_bgr {mean}, not {channels} grey levels from 0 to 255")
    if attributes["augmented"] not in (True, False):
        fail(f"augmented {attributes['augmented']}, neither true nor false")
    scale, rule = attributes["scale"], attributes["exudate_rule"]
    if not (_numbers([scale], 1) and scale > 0):
        fail(f"scale {scale}, not a number above 0")
    if rule not in EXUDATE_RULES and not (_numbers([rule], 1) and 0 < rule <= 1):
        fail(f"exudate_rule {rule}, neither {', '.join(EXUDATE_RULES)} nor a share")
    if attributes.get("side", side) != side:
        fail(f"side {attributes['side']}, but its patches have {side} pixels")
    if type(attributes.get("mask_threshold", 0)) is not int:
        fail(f"mask_threshold {attributes['mask_threshold']}, not a whole number")
    per_patch = COUNT if attributes["augmented"] else 1
    for split in splits.NAMES:
        samples, most = attributes["samples_" + split], [per_patch * n for n in available[split]]
        if not (
            _numbers(samples, 2)
            and all(type(n) is int and 1 <= n <= limit for n, limit in zip(samples, most))
        ):
            fail(f"samples_{split} {samples}, not from 1 to {most[0]} and from 1 to {most[1]}")
        if not _numbers([attributes["n_" + split]], 1):
            fail(f"n_{split} {attributes['n_' + split]}, not a number")


def _numbers(values: Any, n: int) -> bool:
    return (
        isinstance(values, list)
        and len(values) == n
        and all(type(value) in (int, float) and math.isfinite(value) for value in values)
    )


def image_rows(columns: List[np.ndarray], fail: Fail) -> List[ImageRow]:
    """Return the rows of a store's table of images; call `fail` with a sentence for a wrong one."""
    try:
        lists = [[plain(value) for value in column.tolist()] for column in columns]
    except UnicodeDecodeError:
        fail("text in images/ that is no UTF-8")
    rows = [ImageRow(*values) for values in zip(*lists)]
    for row in rows:
        for name, kind in ImageRow.__annotations__.items():
            value = getattr(row, name)
            if not isinstance(value, (bool, int) if kind is bool else kind):
                fail(f"images/{name} with {value!r}, not of type {kind.__name__}")
        if row.split not in range(len(splits.NAMES)):
            fail(f"image {row.id} in split {row.split}, not 0, 1 or 2")
        if os.path.isabs(row.source) or os.pardir in row.source.split(os.sep):
            fail(f"the source {row.source} of an image lies outside the data set")
    if len({row.id for row in rows}) < len(rows):
        fail("two images of one id")
    return rows
