"""Which photographs make the first model, which it is measured on, and which are the pool."""

import os
from typing import Dict, List, NamedTuple, Sequence

import cv2
import numpy as np

from data_prep import readers
from data_prep.errors import DataError
from data_prep.files import folder_written_whole
from data_prep.photographs import read_photograph
from data_prep.random_streams import Stream, random_state
from data_prep.records import Record


class Sizes(NamedTuple):
    """Photographs with exudates and healthy ones.

    first: for the first model, test: to measure on, pool: to label
    """

    first: Sequence[int] = (4, 8)
    test: Sequence[int] = (14, 28)
    pool: Sequence[int] = (18, 54)


def deal(data: str, seed: int, sizes: Sizes) -> Dict[str, List[Record]]:
    """Return {part: photographs}, at random; no patient is in two parts.

    DataError where the data set in folder `data` has too few.
    """
    by_patient: Dict[str, List[Record]] = {}
    for record in readers.read(data).records:
        by_patient.setdefault(record.patient, []).append(record)
    random = random_state(seed, Stream.PERSON, 0)
    parts: Dict[str, List[Record]] = {name: [] for name in sizes._fields}
    for healthy in (False, True):
        patients = [
            rows for rows in by_patient.values() if all(row.lesion != healthy for row in rows)
        ]
        order = random.permutation(len(patients)).tolist()
        for name, wanted in sizes._asdict().items():
            chosen: List[Record] = []
            while len(chosen) < wanted[healthy]:
                if not order:
                    kind = "healthy photographs" if healthy else "photographs with exudates"
                    raise DataError(f"{data}: has too few {kind} for {sizes}")
                chosen += patients[order.pop()]
            parts[name] += chosen[: wanted[healthy]]
    return parts


def write_dataset(records: Sequence[Record], out: str) -> None:
    """Write photographs as a data set of the plain layout, patients in patients.csv."""
    with folder_written_whole(out) as folder:
        lines = ["image,patient"]
        for name in ("images", "masks", "healthy"):
            os.mkdir(os.path.join(folder, name))
        for record in records:
            image, mask = read_photograph(record)
            name = name_of(record)
            _write(os.path.join(folder, "images" if record.lesion else "healthy", name), image)
            if mask is not None and record.lesion:
                _write(os.path.join(folder, "masks", name), mask.astype(np.uint8) * 255)
            lines.append(f"{name},{record.patient}")
        with open(os.path.join(folder, "patients.csv"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


def name_of(record: Record) -> str:
    """Return the name of a photograph's copy: a PNG."""
    return os.path.splitext(record.id)[0].replace("/", "-").replace(" ", "-") + ".png"


def _write(path: str, pixels: np.ndarray) -> None:
    if not cv2.imwrite(path, pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1]):
        raise DataError(f"{path}: cannot be written: check the disk")
