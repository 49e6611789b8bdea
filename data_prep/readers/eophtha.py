"""e-ophtha: e_optha_EX with exudates and healthy images, and the healthy images of e_optha_MA.

    e_optha_EX/EX/E0000043/C0000087.jpg                    with exudates; the folder is the patient
    e_optha_EX/Annotation_EX/E0000043/C0000087_EX.png      its mask
    e_optha_EX/healthy/E.../*.jpg                          images without lesion
    e_optha_MA/healthy/E.../*.jpg                          images without lesion

Give the folder that contains e_optha_EX and e_optha_MA for all of the paper's 315 images, or
e_optha_EX for its images alone. The images of e_optha_MA/MA have microaneurysms: they are not
healthy, and are not read. A folder of phantoms (data_prep.phantom) has this layout too, and is
recognised by its README.txt. Names may be in any case and spelled e_ophtha.
Source: adcis.net/en/third-party/e-ophtha.
"""

import os
from typing import List, Tuple

from data_prep.errors import DataError, Report
from data_prep.readers.listing import (
    broken_links,
    child,
    image_files,
    is_named,
    record_id,
    subfolders,
)
from data_prep.readers.pairing import distinct, pair
from data_prep.records import SYNTHETIC, Dataset, Record

LAYOUT = "e-ophtha (e_optha_EX/EX and Annotation_EX)"
LICENCE = "e-ophtha: for research, by agreement with ADCIS; the images must not be passed on"
_EX_NAMES = ("e_optha_EX", "e_ophtha_EX")
_MA_NAMES = ("e_optha_MA", "e_ophtha_MA")
# The paper's images with exudates, healthy ones of e_optha_EX, healthy ones of e_optha_MA.
_PAPER = (47, 35, 233)


def matches(folder: str) -> bool:
    """Return whether the folder contains e_optha_EX, or is it."""
    if child(folder, *_EX_NAMES):
        return True
    has_masks = child(folder, "Annotation_EX") is not None
    return child(folder, "EX") is not None and (has_masks or is_named(folder, *_EX_NAMES))


def read(folder: str, report: Report, mask_threshold: int) -> Dataset:
    """Return the data set of an e-ophtha folder.

    Problems of single images go to `report`, which may raise; the threshold goes into the records.
    """
    ex_folder = child(folder, *_EX_NAMES)
    ma_folder = child(folder, *_MA_NAMES) if ex_folder else None
    lesion = _lesion_images(ex_folder or folder, report)
    healthy_ex = _healthy_images(ex_folder or folder, report)
    healthy_ma = _healthy_images(ma_folder, report) if ma_folder else []
    records = [
        Record(record_id(image, folder), image, mask, patient, True, mask_threshold)
        for patient, image, mask in lesion
    ]
    records += [
        Record(record_id(image, folder), image, None, patient, lesion=False)
        for patient, image in healthy_ex + healthy_ma
    ]
    if _is_synthetic(folder):
        notes = ["phantoms: drawn by a program, no evidence about real eyes"]
        return Dataset("phantoms", "synthetic, free of rights", records, notes)
    notes = []
    found = (len(lesion), len(healthy_ex), len(healthy_ma))
    if found != _PAPER:
        notes.append(
            f"the paper's 315 images are {_PAPER[0]} with exudates, {_PAPER[1]} healthy ones of "
            f"e_optha_EX and {_PAPER[2]} of e_optha_MA; here they are {found[0]}, {found[1]} and "
            f"{found[2]}"
        )
    if not ex_folder and child(os.path.dirname(os.path.abspath(folder)), *_MA_NAMES):
        notes.append(
            "e_optha_MA is beside this folder and was not read: give the folder that contains both "
            "to add its healthy images"
        )
    return Dataset("e-ophtha", LICENCE, records, notes)


def _is_synthetic(folder: str) -> bool:
    path = os.path.join(folder, "README.txt")
    if not os.path.isfile(path):  # to open a pipe would wait for ever
        return False
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().strip() == SYNTHETIC
    except (OSError, UnicodeDecodeError):
        return False


def _lesion_images(ex_folder: str, report: Report) -> List[Tuple[str, str, str]]:
    """Return (patient, image, mask) of every image with exudates."""
    images = _part(ex_folder, "EX")
    masks = _part(ex_folder, "Annotation_EX")
    with_images = [os.path.basename(folder) for folder in _patient_folders(images, report)]
    with_masks = [os.path.basename(folder) for folder in subfolders(masks)]
    found = []
    for patient in sorted({*with_images, *with_masks}):
        # Some copies of the data set name a mask like its image, without _EX.
        pairs = pair(
            os.path.join(images, patient), os.path.join(masks, patient), ("_ex", ""), report
        )
        found += [(patient, image, mask) for image, mask in pairs]
    return found


def _part(ex_folder: str, name: str) -> str:
    part = child(ex_folder, name)
    if part is None:
        raise DataError(f"{ex_folder}: has no folder {name}: unpack e_optha_EX again")
    return part


def _healthy_images(part: str, report: Report) -> List[Tuple[str, str]]:
    """Return (patient, image) of every image in the folder `healthy` of a part."""
    healthy = child(part, "healthy")
    if healthy is None:
        return []
    return [
        (os.path.basename(folder), image)
        for folder in _patient_folders(healthy, report)
        for image in distinct(image_files(folder), report).values()
    ]


def _patient_folders(images: str, report: Report) -> List[str]:
    """Return the folders of the patients.

    An image outside them and a patient's folder without an image are reported.
    """
    folders = subfolders(images)
    if not folders:
        raise DataError(
            f"{images}: the folder is empty (it has no patient's folder E...): unpack the data set "
            "again"
        )
    for image in image_files(images):
        report(
            DataError(
                f"{image}: is outside the patients' folders: move it into the folder (E...) of its "
                "patient"
            )
        )
    # Those with the name of an image were just reported.
    for link in sorted({*broken_links(images)} - {*image_files(images)}):
        report(DataError(f"{link}: a link that leads nowhere: repair it, or remove it"))
    readable = []
    for folder in folders:
        try:
            if not image_files(folder):
                raise DataError(
                    f"{folder}: the patient's folder has no image: unpack the data set again, or "
                    "remove the folder"
                )
        except DataError as error:
            report(error)
        else:
            readable.append(folder)
    return readable
