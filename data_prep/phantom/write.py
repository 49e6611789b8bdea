"""A folder of synthetic photographs in the layout of e-ophtha EX, so that its reader reads them.

    FOLDER/README.txt                                           says that no eye is anyone's
    FOLDER/e_optha_EX/EX/E0000043/C0000087.jpg                  eyes with exudates
    FOLDER/e_optha_EX/Annotation_EX/E0000043/C0000087_EX.png    their masks, 0 and 255
    FOLDER/e_optha_EX/healthy/E0000044/C0000088.jpg             eyes without

The folder E... is the patient: one or two photographs, the second of the other eye.
"""

import enum
import os
from typing import List, Sequence, Tuple

import cv2
import numpy as np
from tqdm import tqdm

from data_prep.arguments import path_of, whole_number
from data_prep.errors import DataError
from data_prep.files import folder_written_whole
from data_prep.phantom.patient import Patient, draw_patient
from data_prep.phantom.photograph import draw
from data_prep.records import SYNTHETIC

_README = """{title}
================================================
Every picture in this folder was drawn by a program (data_prep.phantom). None shows anyone's eye, none was annotated
by a doctor: they serve to try the software, and are no evidence about real eyes.

The layout is that of the e-ophtha EX data set (folders EX, Annotation_EX and healthy), which they do not belong to.

seed {seed}, {n_lesion} photographs with exudates, {n_healthy} without, {height} x {width} pixels (height x width)
"""  # noqa: E501  these bytes are part of the data set


SMALLEST = 100  # pixels: less has no room for what is drawn


class _Stream(enum.IntEnum):
    """The third number of every seed: what its random numbers are drawn for."""

    PATIENT = 0
    PHOTOGRAPH = 1


def write_dataset(
    folder: str,
    n_lesion: int,
    n_healthy: int,
    seed: int,
    size: Tuple[int, int] = (960, 1440),
    progress: bool = True,
) -> None:
    """Draw a data set into a new folder.

    folder: must not exist; it appears when it is whole, and not at all after an error
    n_lesion, n_healthy: photographs of each kind, at least one with a lesion
    seed: 0 to 2**32 - 1. A photograph's bytes depend on the seed, its kind and its position in the
        series, so that a longer series begins with the shorter one
    size: height and width, pixels
    progress: whether to show a progress bar
    Raises DataError if the folder exists or a number is out of range.
    """
    folder = path_of(folder, "the folder of phantoms")
    n_lesion = whole_number(n_lesion, "the number of lesion photographs")
    n_healthy = whole_number(n_healthy, "the number of healthy photographs")
    seed = whole_number(seed, "the seed of phantoms")
    if min(size) < SMALLEST:
        raise DataError(f"phantoms of {size[0]} x {size[1]} pixels: give at least {SMALLEST} each")
    if n_lesion < 1 or n_healthy < 0:
        raise DataError(
            f"{n_lesion} lesion and {n_healthy} healthy photographs for {folder}: ask for at least "
            "one lesion photograph"
        )
    if not 0 <= seed < 2**32:
        raise DataError(f"seed {seed} for {folder}: give a whole number from 0 to {2**32 - 1}")
    with folder_written_whole(folder) as temporary:
        _write_all(temporary, n_lesion, n_healthy, seed, size, progress)


def _write_all(
    folder: str, n_lesion: int, n_healthy: int, seed: int, size: Tuple[int, int], progress: bool
) -> None:
    dataset = os.path.join(folder, "e_optha_EX")
    os.makedirs(dataset)
    readme = _README.format(
        title=SYNTHETIC,
        seed=seed,
        n_lesion=n_lesion,
        n_healthy=n_healthy,
        height=size[0],
        width=size[1],
    )
    with open(os.path.join(folder, "README.txt"), "w", encoding="utf-8") as file:
        file.write(readme)
    with tqdm(
        total=n_lesion + n_healthy,
        unit="image",
        desc="phantoms",
        disable=None if progress else True,  # None: silent where there is no terminal
    ) as bar:
        for lesion, count in ((True, n_lesion), (False, n_healthy)):
            for photograph, (number, patient) in enumerate(patients(seed, lesion, count)):
                _write_photograph(dataset, lesion, photograph, number, patient, seed, size)
                bar.update()


def patients(seed: int, lesion: bool, count: int) -> List[Tuple[int, Patient]]:
    """Return the patient of each of `count` photographs of a kind, and the patient's number.

    Every patient has one or two photographs, the second of the other eye.
    """
    shown: List[Tuple[int, Patient]] = []
    number = 0
    while len(shown) < count:
        random = np.random.RandomState([seed, int(lesion), _Stream.PATIENT, number])
        patient = draw_patient(random)
        shown.append((number, patient))
        if random.uniform() < 0.5:
            shown.append((number, patient._replace(right_eye=not patient.right_eye)))
        number += 1
    return shown[:count]


def _write_photograph(
    dataset: str,
    lesion: bool,
    photograph: int,
    number: int,
    patient: Patient,
    seed: int,
    size: Tuple[int, int],
) -> None:
    random = np.random.RandomState([seed, int(lesion), _Stream.PHOTOGRAPH, photograph])
    image, mask = draw(random, size, lesion, patient)
    # Odd numbers are eyes with exudates, even ones healthy, so that every id is unique.
    patient_id = f"E{2 * number + (1 if lesion else 2):07d}"
    name = f"C{2 * photograph + (1 if lesion else 2):07d}"
    quality = int(random.randint(80, 96))
    kind = "EX" if lesion else "healthy"
    path = os.path.join(dataset, kind, patient_id, name + ".jpg")
    _save(path, image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if lesion:
        _save(os.path.join(dataset, "Annotation_EX", patient_id, name + "_EX.png"), mask, [])


def _save(path: str, picture: np.ndarray, settings: Sequence[int]) -> None:
    """Write a picture in the format that the file's suffix names.

    Raises OSError if that fails, where cv2.imwrite would be silent.
    """
    encoded, data = cv2.imencode(os.path.splitext(path)[1], picture, settings)
    if not encoded:
        raise OSError(f"{path}: OpenCV could not encode the picture")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data.tobytes())
