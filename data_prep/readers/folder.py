"""A plain folder: images/ with their masks in masks/, optionally healthy/ and patients.csv.

    images/a.jpg        an image
    masks/a.png         its mask, of the same stem (data_prep.masks says what is exudate)
    healthy/b.jpg       an image without lesion, which needs no mask
    patients.csv        a table "image,patient"; image is a file name or its stem

An image is healthy if it is in healthy/ or if its mask has no annotated pixel, as is usual in
segmentation data sets. The number of such masks is noted, since an empty mask may also be a failed
export. Every image in images/ needs a mask. If there is a patients.csv, every image needs a row in
it; otherwise each image is taken as its own patient.
"""

import os
from typing import Dict, List, Optional, Tuple

from data_prep.errors import DataError, Report
from data_prep.masks import read_mask
from data_prep.readers.listing import child, comparable, file_named, image_files, record_id, stem
from data_prep.readers.pairing import distinct, pair
from data_prep.readers.tables import read_table
from data_prep.records import Dataset, Record

LAYOUT = "folder (images/ and masks/)"
LICENCE = "not stated: ask the owner of the images"


def matches(folder: str) -> bool:
    """Return whether the folder contains images/."""
    return child(folder, "images") is not None


def read(folder: str, report: Report, mask_threshold: int) -> Dataset:
    """Return the data set of a plain folder.

    Problems of single images go to `report`, which may raise. mask_threshold: decides which masks
    are empty.
    """
    images, healthy = child(folder, "images"), child(folder, "healthy")
    masks = child(folder, "masks")
    if images is None or masks is None:
        raise DataError(
            f"{folder}: has images/ but no folder masks/: put the mask of each image there, under "
            "the image's name"
        )
    candidates = image_files(images)
    if healthy:
        candidates += image_files(healthy)
    for part in (images, healthy):
        if part and not image_files(part):
            raise DataError(f"{part}: the folder has no image: put the images there")
    notes = []
    found, n_empty = _with_masks(images, masks, report, mask_threshold)
    if found and n_empty == len(found):
        raise DataError(
            f"{masks}: all masks are empty (no pixel has a value above {mask_threshold}), so no "
            "image has exudates: export the masks again, or give another --mask-threshold"
        )
    if n_empty:
        notes.append(
            "images of images/ that count as healthy because their mask has no annotated pixel: "
            f"{n_empty}"
        )
    if healthy:
        found += [(image, None) for image in image_files(healthy)]
    # A name in both folders would stand for two images in the table of patients.
    kept = set(distinct([image for image, _ in found], report).values())
    patient_of = _patients(folder, candidates, report)
    if patient_of is None:
        notes.append(
            "no patients.csv: each image is taken as its own patient, so the split is by image"
        )
    records = []
    for image, mask in found:
        image_id = record_id(image, folder)
        patient = image_id if patient_of is None else patient_of.get(stem(image))
        if image in kept and patient is not None:
            records.append(Record(image_id, image, mask, patient, mask is not None, mask_threshold))
    return Dataset(os.path.basename(os.path.abspath(folder)), LICENCE, records, notes)


def _with_masks(
    images: str, masks: str, report: Report, mask_threshold: int
) -> Tuple[List[Tuple[str, Optional[str]]], int]:
    """Return the pairs (image, mask or None if it is empty), and how many masks are empty."""
    found: List[Tuple[str, Optional[str]]] = []
    n_empty = 0
    for image, mask in pair(images, masks, ("",), report):
        try:
            lesion = bool(read_mask(mask, mask_threshold).any())
        except DataError as error:
            report(error)
            continue
        n_empty += not lesion
        found.append((image, mask if lesion else None))
    return found, n_empty


def _patients(folder: str, images: List[str], report: Report) -> Optional[Dict[str, str]]:
    """Return {stem: patient} by patients.csv, or None if there is none.

    An image without a row and a row without an image are reported.
    """
    table = file_named(folder, "patients.csv")
    if table is None:
        return None
    stem_of = {comparable(os.path.basename(image)): stem(image) for image in images}
    stem_of.update({stem(image): stem(image) for image in images})
    patient_of: Dict[str, str] = {}
    for row in read_table(table, ("image", "patient")):
        image_stem = stem_of.get(comparable(row["image"]))
        if image_stem is None:
            report(
                DataError(
                    f"{table}: names the image {row['image']}, which is not in {folder}: correct "
                    "or delete the row"
                )
            )
        elif patient_of.setdefault(image_stem, row["patient"]) != row["patient"]:
            raise DataError(
                f"{table}: gives {row['image']} two patients: keep one row for each image"
            )
    for image in images:
        if stem(image) not in patient_of:
            report(
                DataError(
                    f"{image}: has no row in {table}: add a row with the image and its patient"
                )
            )
    return patient_of
