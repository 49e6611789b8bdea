"""e-ophtha: e_optha_EX with exudates and healthy images, and the healthy images of e_optha_MA beside it.

    e_optha_EX/EX/E0000043/C0000087.jpg                    an image with exudates; the folder E... is the patient
    e_optha_EX/Annotation_EX/E0000043/C0000087_EX.png      its mask
    e_optha_EX/healthy/E.../*.jpg                          images without lesion
    e_optha_MA/healthy/E.../*.jpg                          images without lesion

Point at the folder that holds e_optha_EX and e_optha_MA for all of the paper's 315 images, or at e_optha_EX itself for
what is inside it alone. The images of e_optha_MA/MA have microaneurysms: they are no healthy images, and are not read.
A folder of phantoms (data_prep.phantom) has this layout too, and is told by its README.txt. Names may be in any case and
spelled e_ophtha. Source: adcis.net/en/third-party/e-ophtha.
"""

import os

from data_prep.errors import DataError
from data_prep.readers.listing import child, image_files, is_named, record_id, subfolders
from data_prep.readers.pairing import distinct, pair
from data_prep.records import SYNTHETIC, Dataset, Record

LAYOUT = "e-ophtha (e_optha_EX/EX and Annotation_EX)"
LICENCE = "e-ophtha: for research, by agreement with ADCIS; the images must not be passed on"
_EX_NAMES, _MA_NAMES = ("e_optha_EX", "e_ophtha_EX"), ("e_optha_MA", "e_ophtha_MA")
_PAPER = (47, 35, 233)


def matches(folder):
    """True for a folder that holds e_optha_EX, or is it."""
    return bool(child(folder, *_EX_NAMES)) or (
        bool(child(folder, "EX"))
        and (bool(child(folder, "Annotation_EX")) or is_named(folder, *_EX_NAMES))
    )


def read(folder, report):
    """Return the Dataset of an e-ophtha folder; problems of single images go to `report`, which may raise."""
    top = child(folder, *_EX_NAMES)
    exudates = top or folder
    beside = child(folder, *_MA_NAMES) if top else None
    lesion = _lesion_images(exudates, report)
    healthy_ex = _healthy_images(exudates, report)
    healthy_ma = _healthy_images(beside, report) if beside else []
    records = [
        Record(record_id(image, folder), image, mask, patient, True)
        for patient, image, mask in lesion
    ]
    records += [
        Record(record_id(image, folder), image, None, patient, False)
        for patient, image in healthy_ex + healthy_ma
    ]
    if _is_synthetic(folder):
        return Dataset(
            "phantoms",
            "synthetic, free of rights",
            records,
            ["phantoms: drawn by a program, no evidence about real eyes"],
        )
    notes = []
    found = (len(lesion), len(healthy_ex), len(healthy_ma))
    if found != _PAPER:
        notes.append(
            "the paper's 315 images are {} with exudates, {} healthy ones of e_optha_EX and {} of e_optha_MA;"
            " here they are {}, {} and {}".format(*_PAPER, *found)
        )
    if not top and child(os.path.dirname(os.path.abspath(folder)), *_MA_NAMES):
        notes.append(
            "e_optha_MA lies beside this folder and was not read: give the folder that holds both to add its healthy"
            " images"
        )
    return Dataset("e-ophtha", LICENCE, records, notes)


def _is_synthetic(folder):
    try:
        with open(os.path.join(folder, "README.txt"), encoding="utf-8") as file:
            return file.readline().strip() == SYNTHETIC
    except (OSError, UnicodeDecodeError):
        return False


def _lesion_images(exudates, report):
    images, masks = child(exudates, "EX"), child(exudates, "Annotation_EX")
    if images is None or masks is None:
        raise DataError(
            f"{exudates}: has no folder {'EX' if images is None else 'Annotation_EX'}: unpack e_optha_EX again"
        )
    patients = [os.path.basename(folder) for folder in _patient_folders(images, report)]
    unknown = [os.path.basename(folder) for folder in subfolders(masks)]
    found = []
    for patient in sorted(set(patients + unknown)):
        # Some copies of the data set name a mask like its image, without _EX.
        for image, mask in pair(
            os.path.join(images, patient), os.path.join(masks, patient), ("_ex", ""), report
        ):
            found.append((patient, image, mask))
    return found


def _healthy_images(part, report):
    healthy = child(part, "healthy")
    if healthy is None:
        return []
    return [
        (os.path.basename(folder), image)
        for folder in _patient_folders(healthy, report)
        for image in distinct(image_files(folder), report).values()
    ]


def _patient_folders(images, report):
    """Return the folders of the patients; an image outside them, or a patient's folder without an image, is reported."""
    folders = subfolders(images)
    if not folders:
        raise DataError(
            f"{images}: the folder is empty (no patient's folder E... in it): unpack the data set again"
        )
    for image in image_files(images):
        report(
            DataError(
                f"{image}: lies outside the patients' folders: move it into the folder (E...) of its patient"
            )
        )
    for folder in folders:
        if not image_files(folder):
            report(
                DataError(
                    f"{folder}: the patient's folder holds no image: unpack the data set again, or remove the folder"
                )
            )
    return folders
