"""Make the store that selecting's runs choose from: a pool of photographs as large as IDRiD's.

    python3 -m benchmarks.pool FOLDER     where Caffe is; FOLDER holds sizes.json, and gets
    photographs/ and store.h5

Drawing a phantom of this size takes seconds, so one in four is drawn. The others are its mirror
images, which count as photographs of other patients.
"""

import os
import sys
from typing import Iterator

import cv2

from benchmarks.sizes import read_sizes
from data_prep import phantom
from data_prep.prepare import PrepareSettings, prepare

FLIPS = {"h": 1, "v": 0, "b": -1}  # OpenCV's codes: left to right, top to bottom, both


def main(folder: str) -> None:
    photographs = draw_photographs(folder)
    train, validation, test = read_sizes(folder).samples
    settings = PrepareSettings(n_train=train, n_validation=validation, n_test=test)
    prepare(photographs, os.path.join(folder, "store.h5"), settings, progress=False)


def draw_photographs(folder: str) -> str:
    """Draw FOLDER/photographs, and return its path."""
    sizes = read_sizes(folder)
    photographs = os.path.join(folder, "photographs")
    with_exudates, healthy = sizes.drawn
    phantom.write_dataset(
        photographs, with_exudates, healthy, seed=1, size=sizes.image, progress=False
    )
    mirror(photographs)
    return photographs


def mirror(photographs: str) -> None:
    """Add the mirror images of every picture below `photographs`, in folders of other patients."""
    for path in list(_pictures(photographs)):
        folder, name = os.path.split(path)
        number, ending = name[:8], name[8:]  # C0000087 and .jpg, or _EX.png for its mask
        picture = cv2.imread(path, cv2.IMREAD_UNCHANGED)
        for letter, code in FLIPS.items():
            os.makedirs(folder + letter, exist_ok=True)
            target = os.path.join(folder + letter, number + letter + ending)
            if not cv2.imwrite(target, cv2.flip(picture, code)):
                raise OSError(f"{target}: OpenCV could not write the picture")


def _pictures(folder: str) -> Iterator[str]:
    for parent, _, files in os.walk(folder):
        for name in files:
            if name.endswith((".jpg", ".png")):
                yield os.path.join(parent, name)


if __name__ == "__main__":
    main(sys.argv[1])
