"""HEI-MED (formerly DMED), the Hamilton Eye Institute Macular Edema Dataset: images with a list and a map of lesions.

    DMED/(00000003).jpg        an image
    DMED/(00000003).GND        its list of lesions (see data_prep.gnd for both formats)
    DMED/(00000003).map.gz     where each lesion is

Point at the folder with the images, or at the one that holds DMED. An image is one with exudates if its list has one; it is
healthy if its list is empty, or if it has neither list nor map, as in the data set's own Matlab class. Images with other
lesions only (microaneurysms, "other bright lesion") are neither, and are left out with a note. Each of the 169 patients has
one image.
Source: Giancardo et al., Medical Image Analysis 16(1):216, 2012; github.com/lgiancaUTH/HEI-MED.
"""

import os

from data_prep import gnd
from data_prep.errors import DataError
from data_prep.readers.listing import child, image_files, record_id, with_suffix
from data_prep.readers.pairing import distinct
from data_prep.records import Dataset, Record

LAYOUT = "HEI-MED (*.jpg with *.GND)"
LICENCE = "HEI-MED: for non-commercial research, citing Giancardo et al., Medical Image Analysis 16(1):216, 2012"


def matches(folder):
    """True for a folder with .GND files, or one that holds such a folder named DMED."""
    return bool(with_suffix(_image_folder(folder), ".gnd"))


def read(folder, report):
    """Return the Dataset of a HEI-MED folder; problems of single images go to `report`, which may raise."""
    inside = _image_folder(folder)
    images = distinct(
        (path for path in image_files(inside) if path.casefold().endswith((".jpg", ".jpeg"))),
        report,
    )
    if not images:
        raise DataError(f"{inside}: holds .GND files but no .jpg image: copy the images there")
    lists = distinct(with_suffix(inside, ".gnd"), report)
    records, other = [], 0
    for stem, image in images.items():
        ground_truth = lists.pop(stem, None)
        try:
            kinds = _kinds(image, ground_truth)
        except DataError as error:
            report(error)
            continue
        lesion = gnd.has_exudate(kinds)
        if kinds and not lesion:
            other += 1
            continue
        name = record_id(image, folder)
        records.append(
            Record(name, image, ground_truth if lesion else None, patient=name, lesion=lesion)
        )
    for ground_truth in lists.values():
        report(
            DataError(
                f"{ground_truth}: a list of lesions without its image: put the .jpg of the same name beside it"
            )
        )
    notes = [
        "HEI-MED has one image of each patient",
        "HEI-MED's exudates are hard and soft ones, not told apart",
    ]
    if other:
        notes.append(
            f"images left out since they have other lesions but no exudate, so are not healthy either: {other}"
        )
    return Dataset("HEI-MED", LICENCE, records, notes)


def _image_folder(folder):
    return folder if with_suffix(folder, ".gnd") else child(folder, "DMED") or folder


def _kinds(image, ground_truth):
    """Return the kinds of lesion of an image, [] for none. DataError where list and map do not go together."""
    numbered = gnd.map_file(os.path.splitext(ground_truth or image)[0])
    if ground_truth is None:
        if numbered and gnd.read_map(numbered).any():
            raise DataError(
                f"{image}: {numbered} shows lesions, but their list is missing: copy its .GND there"
            )
        return []
    kinds = gnd.lesion_kinds(ground_truth)
    if gnd.has_exudate(kinds) and numbered is None:
        raise DataError(
            f"{image}: {ground_truth} lists exudates, but their map is missing: copy its .map.gz there"
        )
    return kinds
