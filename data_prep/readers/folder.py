"""A plain folder: images/ with their masks in masks/, and, as far as wanted, healthy/ and patients.csv.

    images/a.jpg        an image
    masks/a.png         its mask, of the same stem; any value above 0 is exudate
    healthy/b.jpg       an image without lesion, which needs no mask (the folder may be absent)
    patients.csv        a table "image,patient"; image is a file name or its stem (the table may be absent)

An image is healthy if it lies in healthy/ or if its mask has no annotated pixel, as usual in segmentation data sets; the
number of such masks is noted, since an empty mask may also be a failed export. Every image in images/ has a mask: a missing
one is an error. With patients.csv every image has a row; without it each image is taken as its own patient.
"""

import os

from data_prep.decoding import read_mask
from data_prep.errors import DataError
from data_prep.readers.listing import child, file_named, image_files, record_id, stem
from data_prep.readers.pairing import distinct, pair
from data_prep.readers.tables import read_table
from data_prep.records import Dataset, Record

LAYOUT = "folder (images/ and masks/)"
LICENCE = "not stated: ask the owner of the images"


def matches(folder):
    """True for a folder that holds images/."""
    return bool(child(folder, "images"))


def read(folder, report):
    """Return the Dataset of a plain folder; problems of single images go to `report`, which may raise."""
    images, masks, healthy = (child(folder, name) for name in ("images", "masks", "healthy"))
    if masks is None:
        raise DataError(
            f"{folder}: has images/ but no folder masks/: put the mask of each image there, under the image's name"
        )
    for part in (images, healthy):
        if part and not image_files(part):
            raise DataError(f"{part}: the folder holds no image: put the images there")
    notes, found, empty = [], [], 0
    for image, mask in pair(images, masks, ("",), report):
        try:
            lesion = bool(read_mask(mask).any())
        except DataError as error:
            report(error)
            continue
        empty += not lesion
        found.append((image, mask if lesion else None))
    if empty:
        notes.append(
            f"images of images/ that count as healthy because their mask has no annotated pixel: {empty}"
        )
    found += [(image, None) for image in (image_files(healthy) if healthy else [])]
    # A name in both folders would stand for two images in the table of patients.
    kept = set(distinct([image for image, _ in found], report).values())
    patient_of = _patients(
        folder, [image for part in (images, healthy) if part for image in image_files(part)], report
    )
    if patient_of is None:
        notes.append(
            "no patients.csv: each image is taken as its own patient, so a split by patient is one by image"
        )
    records = []
    for image, mask in found:
        name = record_id(image, folder)
        patient = name if patient_of is None else patient_of.get(stem(image))
        if image in kept and patient is not None:
            records.append(Record(name, image, mask, patient, lesion=mask is not None))
    return Dataset(os.path.basename(os.path.abspath(folder)), LICENCE, records, notes)


def _patients(folder, images, report):
    """Return {stem: patient} by patients.csv, or None without it. An image or a row without its counterpart is reported."""
    table = file_named(folder, "patients.csv")
    if table is None:
        return None
    stem_of = {os.path.basename(image).casefold(): stem(image) for image in images}
    stem_of.update({stem(image): stem(image) for image in images})
    patient_of = {}
    for row in read_table(table, ("image", "patient")):
        image = stem_of.get(row["image"].casefold())
        if image is None:
            report(
                DataError(
                    f"{table}: names the image {row['image']}, which is not in {folder}: correct or delete the row"
                )
            )
        elif patient_of.setdefault(image, row["patient"]) != row["patient"]:
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
