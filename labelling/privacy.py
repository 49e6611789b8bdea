"""Whether a file's name or header looks like a person's data. It warns; it cannot promise."""

import os
import re
from typing import List

from data_prep.image_headers import opened
from labelling.pixels import DICOM_SUFFIXES, is_dicom, personal_data

# Two capitalised words, as in Smith_John; a date of birth; "name" or "patient" with a word.
_NAMES = (
    re.compile(r"(?<![A-Za-z])[A-Z][a-z]{2,}[ _,.-]+[A-Z][a-z]{2,}(?![A-Za-z])"),
    re.compile(r"(?<!\d)(?:19|20)\d\d[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:0[1-9]|[12]\d|3[01])(?!\d)"),
    re.compile(r"(?<!\d)(?:0[1-9]|[12]\d|3[01])[-_.](?:0[1-9]|1[0-2])[-_.](?:19|20)\d\d(?!\d)"),
)
_EXIF = 0x8769  # the part of the header that cameras fill
# Fields of EXIF and TIFF in which cameras and people write names, by their number.
_FIELDS = {
    270: "ImageDescription",
    315: "Artist",
    37510: "UserComment",
    40091: "XPTitle",
    40092: "XPComment",
    40093: "XPAuthor",
    40095: "XPSubject",
    42032: "CameraOwnerName",
}


def warning_of(path: str) -> str:
    """Return what looks like a person's data in a file, "" for nothing. A DICOM file is read."""
    name = os.path.splitext(os.path.basename(path))[0]
    found = ["its name" for pattern in _NAMES if pattern.search(name)][:1]
    is_of_dicom = path.casefold().endswith(DICOM_SUFFIXES) or is_dicom(path)
    fields = personal_data(path) if is_of_dicom else _filled(path)
    return ", ".join(found + fields)


def _filled(path: str) -> List[str]:
    with opened(path) as image:
        if image is None:
            return []
        try:
            tags = dict(image.tag_v2 if image.format == "TIFF" else image.getexif())
            if image.format != "TIFF":
                tags.update(image.getexif().get_ifd(_EXIF))
            values = {name: tags.get(number) for number, name in _FIELDS.items()}
        except Exception:  # damaged EXIF says nothing
            return []
    return [name for name, value in values.items() if _says_something(value)]


def _says_something(value: object) -> bool:
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value or "")
    # Programs write their own words as JSON, or blanks.
    return bool(re.search(r"[^\W\d_]{3}", text.replace("\x00", ""))) and "{" not in text
