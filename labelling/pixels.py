"""From any file of a photograph to its pixels: JPEG, PNG, TIFF, BMP, PPM, and DICOM."""

import os
from typing import Any, Iterator, List, Tuple

import numpy as np

from data_prep.decoding import bytes_of, read_image
from data_prep.errors import DataError
from data_prep.readers.listing import IMAGE_SUFFIXES

DICOM_SUFFIXES = (".dcm", ".dicom")
_MAGIC_AT, _MAGIC = 128, b"DICM"
# What a DICOM file says of a person, by pydicom's names.
PERSONAL = (
    "PatientName",
    "PatientBirthDate",
    "PatientAddress",
    "PatientTelephoneNumbers",
    "OtherPatientNames",
    "PatientMotherBirthName",
)


def files_below(folder: str) -> Iterator[str]:
    """Yield the absolute paths of the photographs in a tree of folders, sorted; hidden ones not.

    They are known by their suffix; files without one are DICOM if they begin like it, as those that
    archives of hospitals hand out do.
    """
    suffixes = (*IMAGE_SUFFIXES, *DICOM_SUFFIXES)

    def refuse(error: OSError) -> None:
        raise DataError(
            f"{error.filename}: the folder cannot be listed ({error.strerror}): check that it "
            "exists and that you may read it"
        ) from error

    for parent, folders, names in os.walk(os.path.abspath(folder), onerror=refuse):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name != "__MACOSX"
        )
        for name in sorted(names):
            path = os.path.join(parent, name)
            suffix = os.path.splitext(name)[1].casefold()
            if name.startswith("."):
                continue
            if suffix in suffixes or (not suffix and is_dicom(path)):
                yield path


def is_dicom(path: str) -> bool:
    """Return whether a file begins like DICOM; False for what cannot be read."""
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(_MAGIC_AT + len(_MAGIC))[_MAGIC_AT:] == _MAGIC
    except OSError:
        return False


def read_pixels(path: str) -> np.ndarray:
    """Return a photograph: uint8 H x W x 3 (BGR), as stored. DataError where it cannot be read."""
    if path.casefold().endswith(DICOM_SUFFIXES) or is_dicom(path):
        return _pixels_of(path, _dicom(path))
    return read_image(path)


def personal_data(path: str) -> List[str]:
    """Return the names of the fields of a DICOM file that hold a person's data."""
    data = _dicom(path)
    return [name for name in PERSONAL if str(getattr(data, name, "")).strip(" ^")]


def _dicom(path: str) -> Any:
    bytes_of(path)  # says what is wrong with a file that is missing, empty or a pipe
    try:
        import pydicom
    except ImportError as error:
        raise DataError(
            f"{path}: a DICOM file, which pydicom reads: install it (Debian: python3-pydicom), or "
            "save the photograph as PNG"
        ) from error
    try:
        return pydicom.dcmread(path)
    except Exception as error:  # pydicom raises many kinds for damaged files
        raise DataError(
            f"{path}: not a DICOM file, or a damaged one ({error}): export it again"
        ) from error


def _pixels_of(path: str, data: Any) -> np.ndarray:
    if int(getattr(data, "NumberOfFrames", 1) or 1) != 1:
        raise DataError(f"{path}: has several frames: export each photograph by itself")
    try:
        from pydicom.pixel_data_handlers.util import convert_color_space

        pixels = data.pixel_array
        kind = str(data.PhotometricInterpretation)
        if kind.startswith("YBR") and pixels.ndim == 3:
            pixels = convert_color_space(pixels, kind, "RGB")
        bits = int(data.BitsStored)
    except Exception as error:  # pydicom raises many kinds, such as for a compression it lacks
        raise DataError(
            f"{path}: its pixels cannot be read ({error}): export it as PNG or JPEG"
        ) from error
    kinds = ("RGB", "MONOCHROME1", "MONOCHROME2")
    if not (kind in kinds or kind.startswith("YBR")) or pixels.ndim not in (2, 3):
        raise DataError(f"{path}: pixels of the kind {kind}: export it as PNG or JPEG")
    eight_bits = _to_eight_bits(pixels, bits)
    if kind == "MONOCHROME1":  # 0 is white
        eight_bits = 255 - eight_bits
    if eight_bits.ndim == 2:
        return np.repeat(eight_bits[:, :, None], 3, axis=2)
    return np.ascontiguousarray(eight_bits[:, :, ::-1])


def _to_eight_bits(pixels: np.ndarray, bits: int) -> np.ndarray:
    if bits <= 8:
        return pixels.astype(np.uint8)
    return (pixels.astype(np.int64) >> (bits - 8)).clip(0, 255).astype(np.uint8)


def size_and_time(path: str) -> Tuple[int, int]:
    """Return a file's size and its time of change in nanoseconds. DataError where it is gone."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}): copy it again") from error
    return status.st_size, status.st_mtime_ns
