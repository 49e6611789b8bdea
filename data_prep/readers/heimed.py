"""HEI-MED (formerly DMED), the Hamilton Eye Institute Macular Edema Dataset.

    DMED/(00000003).jpg        an image
    DMED/(00000003).GND        its list of lesions (data_prep.gnd describes both formats)
    DMED/(00000003).map.gz     where each lesion is

Give the folder with the images, or the one that contains DMED. An image has exudates if its list
has one. It is healthy if its list is empty, or if it has neither list nor map, as in the data set's
own Matlab class. Images with other lesions only (microaneurysms, "other bright lesion") are
neither, and are left out with a note. Each of the 169 patients has one image.
Source: Giancardo et al., Medical Image Analysis 16(1):216, 2012; github.com/lgiancaUTH/HEI-MED.
"""

import os
from typing import List, Optional

from data_prep import gnd
from data_prep.errors import DataError, Report
from data_prep.readers.listing import child, record_id, with_suffix
from data_prep.readers.pairing import distinct
from data_prep.records import Dataset, Record

LAYOUT = "HEI-MED (*.jpg with *.GND)"
LICENCE = (
    "HEI-MED: for non-commercial research, citing Giancardo et al., "
    "Medical Image Analysis 16(1):216, 2012"
)


def matches(folder: str) -> bool:
    """Return whether the folder has .GND files, or contains a folder DMED that has some."""
    return bool(with_suffix(_image_folder(folder), ".gnd"))


def read(folder: str, report: Report, mask_threshold: int) -> Dataset:
    """Return the data set of a HEI-MED folder.

    Problems of single images go to `report`, which may raise; the threshold goes into the records.
    """
    image_folder = _image_folder(folder)
    images = distinct(with_suffix(image_folder, ".jpg", ".jpeg"), report)
    if not images:
        raise DataError(f"{image_folder}: has .GND files but no .jpg image: copy the images there")
    lists = distinct(with_suffix(image_folder, ".gnd"), report)
    records = []
    n_other = 0
    for stem, image in images.items():
        ground_truth = lists.pop(stem, None)
        try:
            kinds = _kinds(image, ground_truth)
        except DataError as error:
            report(error)
            continue
        lesion = gnd.has_exudate(kinds)
        if kinds and not lesion:
            n_other += 1
            continue
        image_id = record_id(image, folder)
        mask = ground_truth if lesion else None
        records.append(Record(image_id, image, mask, image_id, lesion, mask_threshold))
    for ground_truth in lists.values():
        report(
            DataError(
                f"{ground_truth}: a list of lesions without its image: put the .jpg of the same "
                "name beside it"
            )
        )
    notes = [
        "HEI-MED has one image of each patient",
        "HEI-MED does not distinguish hard from soft exudates",
    ]
    if n_other:
        notes.append(
            "images left out because they have other lesions but no exudate, so are not healthy "
            f"either: {n_other}"
        )
    return Dataset("HEI-MED", LICENCE, records, notes)


def _image_folder(folder: str) -> str:
    return folder if with_suffix(folder, ".gnd") else child(folder, "DMED") or folder


def _kinds(image: str, ground_truth: Optional[str]) -> List[str]:
    """Return the kinds of lesion of an image, [] for none.

    Raises DataError if list and map contradict each other.
    """
    numbered = gnd.map_file(os.path.splitext(ground_truth or image)[0])
    if ground_truth is None:
        if numbered and gnd.read_map(numbered).any():
            raise DataError(
                f"{image}: {numbered} shows lesions, but their list is missing: copy its .GND there"
            )
        return []
    kinds = gnd.lesion_kinds(ground_truth)
    if not kinds and numbered and gnd.read_map(numbered).any():
        raise DataError(
            f"{image}: {numbered} shows lesions, but {ground_truth} lists none: copy both again"
        )
    if gnd.has_exudate(kinds) and numbered is None:
        raise DataError(
            f"{image}: {ground_truth} lists exudates, but their map is missing: copy its .map.gz "
            "there"
        )
    return kinds
