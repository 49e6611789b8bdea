"""A folder of synthetic photographs in the layout of e-ophtha EX, so that the same reader serves.

    FOLDER/README.txt                                           says that no photograph is of anyone's eye
    FOLDER/e_optha_EX/EX/E0000043/C0000087.jpg                  eyes with exudates
    FOLDER/e_optha_EX/Annotation_EX/E0000043/C0000087_EX.png    their masks, 0 and 255
    FOLDER/e_optha_EX/healthy/E0000044/C0000088.jpg             eyes without

The folder E... is the patient: one or two photographs, the second of the other eye.
"""

import os
import shutil
import tempfile

import cv2
import numpy as np
from tqdm import tqdm

from data_prep.errors import DataError
from data_prep.phantom.patient import draw_patient
from data_prep.phantom.photograph import draw
from data_prep.records import SYNTHETIC

_README = f"""{SYNTHETIC}
================================================
Every picture in this folder was drawn by a program (data_prep.phantom). None shows anyone's eye, none was annotated
by a doctor: they serve to try the software, and are no evidence about real eyes.

The layout is that of the e-ophtha EX data set (folders EX, Annotation_EX and healthy), which they do not belong to.

seed %d, %d photographs with exudates, %d without, %d x %d pixels (height x width)
"""

# The third number of every seed, so that no two streams of random numbers are the same.
_PATIENT, _PHOTOGRAPH = 0, 1


def write_dataset(folder, n_lesion, n_healthy, seed, size=(960, 1440), progress=True):
    """Draw a data set into a new folder.

    folder: must not exist; it appears under its name when it is whole, and not at all after an error
    n_lesion, n_healthy: photographs of each kind, at least one with a lesion
    seed: 0 to 2**32 - 1. A photograph's bytes depend on the seed, its kind and its place in the series, so that a longer
    series begins with the shorter one
    size: height and width, pixels
    progress: whether to show a progress bar
    DataError where the folder exists or a number is out of range.
    """
    folder = os.path.abspath(folder)
    if os.path.lexists(folder):
        raise DataError(f"{folder} exists already: remove it, or name a folder that does not exist")
    if n_lesion < 1 or n_healthy < 0:
        raise DataError(
            f"{n_lesion} lesion and {n_healthy} healthy photographs for {folder}: ask for at least one lesion photograph"
        )
    if not 0 <= seed < 2**32:
        raise DataError(f"seed {seed} for {folder}: give a whole number from 0 to 4294967295")
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    # A sibling, so that the last step is a rename within one file system.
    partial = tempfile.mkdtemp(
        prefix=f".{os.path.basename(folder)}-partial-", dir=os.path.dirname(folder)
    )
    try:
        whole = os.path.join(partial, "whole")  # not `partial` itself, which nobody else may read
        _write_all(whole, n_lesion, n_healthy, seed, size, progress)
        os.rename(whole, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_all(folder, n_lesion, n_healthy, seed, size, progress):
    base = os.path.join(folder, "e_optha_EX")
    os.makedirs(base)
    with open(os.path.join(folder, "README.txt"), "w", encoding="utf-8") as out:
        out.write(_README % (seed, n_lesion, n_healthy, size[0], size[1]))
    with tqdm(
        total=n_lesion + n_healthy, unit="image", desc="phantoms", disable=not progress
    ) as bar:
        for lesion, count in ((True, n_lesion), (False, n_healthy)):
            for photograph, (number, patient) in enumerate(_patients(seed, lesion, count)):
                _write_one(base, lesion, photograph, number, patient, seed, size)
                bar.update()


def _patients(seed, lesion, count):
    """For each photograph of a kind, in order: its patient's number and the `Patient`, one or two photographs each."""
    shown = []
    number = 0
    while len(shown) < count:
        random = np.random.RandomState([seed, int(lesion), _PATIENT, number])
        patient = draw_patient(random)
        shown.append((number, patient))
        if random.uniform() < 0.5:
            shown.append((number, patient._replace(right_eye=not patient.right_eye)))
        number += 1
    return shown[:count]


def _write_one(base, lesion, photograph, number, patient, seed, size):
    random = np.random.RandomState([seed, int(lesion), _PHOTOGRAPH, photograph])
    image, mask = draw(random, size, lesion, patient)
    # Odd numbers are eyes with exudates, even ones healthy: no id comes twice.
    person = "E%07d" % (2 * number + (1 if lesion else 2))
    name = "C%07d" % (2 * photograph + (1 if lesion else 2))
    quality = int(random.randint(80, 96))
    path = os.path.join(base, "EX" if lesion else "healthy", person, name + ".jpg")
    _save(path, image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if lesion:
        _save(os.path.join(base, "Annotation_EX", person, name + "_EX.png"), mask, [])


def _save(path, picture, settings):
    """Write a picture; the file's ending names the format. OSError where that fails (cv2.imwrite would be silent)."""
    done, data = cv2.imencode(os.path.splitext(path)[1], picture, settings)
    if not done:
        raise OSError(f"{path}: OpenCV could not encode the picture")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(data.tobytes())
