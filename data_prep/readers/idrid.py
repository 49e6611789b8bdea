"""IDRiD, the Indian Diabetic Retinopathy Image Dataset.

Part A has exudate masks, part B healthy images (grade 0).

    A. Segmentation/1. Original Images/a. Training Set/IDRiD_01.jpg
    A. Segmentation/2. All Segmentation Groundtruths/a. Training Set/3. Hard Exudates/
        IDRiD_01_EX.tif
    B. Disease Grading/1. Original Images/a. Training Set/IDRiD_001.jpg
    B. Disease Grading/2. Groundtruths/a. IDRiD_Disease Grading_Training Labels.csv

and the same with "b. Testing Set" and "Testing Labels"; every set that is there is read. Give the
folder that contains A and B; without B (or with A alone) there are no healthy images. All 81 images
of part A come with a hard-exudate mask (idrid.grand-challenge.org/Data), so an image without one
means an incomplete copy. Images of B of other grades are not read: they have lesions that nobody
outlined. Source: Porwal et al., Data 3(3):25, 2018.
"""

from typing import Dict, List, Tuple

from data_prep.errors import DataError, Report
from data_prep.readers.listing import child, file_named, image_files, record_id, stem
from data_prep.readers.pairing import distinct, pair
from data_prep.readers.tables import read_table
from data_prep.records import Dataset, Record

LAYOUT = "IDRiD ('A. Segmentation' and 'B. Disease Grading')"
LICENCE = "CC BY 4.0 (IDRiD: Porwal et al., Data 3(3):25, 2018)"
_IMAGES = "1. Original Images"
_MASKS = "2. All Segmentation Groundtruths"
_LABELS = "2. Groundtruths"
_SETS = {
    "a. Training Set": "a. IDRiD_Disease Grading_Training Labels.csv",
    "b. Testing Set": "b. IDRiD_Disease Grading_Testing Labels.csv",
}
_NAME, _GRADE = "image name", "retinopathy grade"


def matches(folder: str) -> bool:
    """Return whether the folder contains 'A. Segmentation', or is it."""
    if child(folder, "A. Segmentation"):
        return True
    return child(folder, _IMAGES) is not None and child(folder, _MASKS) is not None


def read(folder: str, report: Report, mask_threshold: int) -> Dataset:
    """Return the data set of an IDRiD folder.

    Problems of single images go to `report`, which may raise; the threshold goes into the records.
    """
    segmentation = child(folder, "A. Segmentation") or folder
    grading = child(folder, "B. Disease Grading")
    notes = [
        "IDRiD names no patients: each image is taken as its own patient, so the split is by image"
    ]
    lesion = _lesion_images(segmentation, report)
    healthy = []
    if grading:
        healthy = _healthy_images(grading, report, notes)
    else:
        notes.append(
            "no folder 'B. Disease Grading': there are no healthy images, only healthy patches of "
            "lesion images"
        )
    records = []
    for image, mask in [*lesion, *((image, None) for image in healthy)]:
        image_id = record_id(image, folder)
        records.append(Record(image_id, image, mask, image_id, mask is not None, mask_threshold))
    return Dataset("IDRiD", LICENCE, records, notes)


def _lesion_images(segmentation: str, report: Report) -> List[Tuple[str, str]]:
    """Return (image, mask) of every image of part A."""
    masks = child(segmentation, _MASKS)
    if masks is None:
        raise DataError(
            f"{segmentation}: has no folder '{_MASKS}': unpack all of 'A. Segmentation' again"
        )
    pairs = []
    for name, images in _sets(segmentation):
        mask_set = child(masks, name)
        exudates = child(mask_set, "3. Hard Exudates") if mask_set else None
        if exudates is None:
            raise DataError(
                f"{masks}: has no folder '{name}/3. Hard Exudates': unpack 'A. Segmentation' again"
            )
        pairs += pair(images, exudates, ("_ex",), report)
    return pairs


def _healthy_images(grading: str, report: Report, notes: List[str]) -> List[str]:
    """Return the images of part B of grade 0; missing ones are added to `notes`."""
    labels = child(grading, _LABELS)
    if labels is None:
        raise DataError(
            f"{grading}: has no folder '{_LABELS}' with the tables of grades: unpack "
            "'B. Disease Grading' again"
        )
    healthy = []
    for name, folder in _sets(grading):
        table = file_named(labels, _SETS[name])
        if table is None:
            raise DataError(
                f"{labels}: has no table '{_SETS[name]}' for {folder}: unpack 'B. Disease Grading' "
                "again"
            )
        grades = _grades(table)
        images = distinct(image_files(folder), report)
        for image_stem, image in images.items():
            if image_stem not in grades:
                report(
                    DataError(
                        f"{image}: has no row in {table}: add its grade there, or move the image "
                        "away"
                    )
                )
            elif grades[image_stem] == 0:
                healthy.append(image)
        n_missing = sum(
            grade == 0 and image_stem not in images for image_stem, grade in grades.items()
        )
        if n_missing:
            notes.append(
                f"the copy is incomplete: images of grade 0 in '{_SETS[name]}' that are not in "
                f"'{name}': {n_missing}"
            )
    return healthy


def _sets(part: str) -> List[Tuple[str, str]]:
    """Return (official name, path) of the image sets of a part.

    Raises DataError if there is none, or if one is empty.
    """
    images = child(part, _IMAGES)
    found = []
    for name in _SETS:
        folder = child(images, name) if images else None
        if folder:
            found.append((name, folder))
    if not found:
        raise DataError(
            f"{part}: has no images in '{_IMAGES}/a. Training Set' or 'b. Testing Set': unpack all "
            "of it again"
        )
    for _, folder in found:
        if not image_files(folder):
            raise DataError(
                f"{folder}: the folder has no image: unpack it again, or remove the folder"
            )
    return found


def _grades(table: str) -> Dict[str, int]:
    """Return {stem of the image: grade of retinopathy, 0 to 4}."""
    grades: Dict[str, int] = {}
    for row in read_table(table, (_NAME, _GRADE)):
        name, grade = row[_NAME], row[_GRADE]
        if grade not in ("0", "1", "2", "3", "4"):
            raise DataError(
                f"{table}: the grade '{grade}' of {name} is not one of 0 to 4: correct the table, "
                "or unpack it again"
            )
        # A stem as of a file, so that the table may name the image with or without its suffix.
        if grades.setdefault(stem(name), int(grade)) != int(grade):
            raise DataError(
                f"{table}: {name} has two grades: correct the table, or unpack it again"
            )
    return grades
