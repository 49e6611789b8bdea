"""The pool of phantoms and their mirror images."""

import cv2
import numpy as np

from benchmarks import pool
from benchmarks.sizes import SMALL, write_sizes
from data_prep.store import PatchStore


def test_every_phantom_has_three_mirror_images_of_other_patients(tmp_path):
    write_sizes(str(tmp_path), SMALL)
    pool.main(str(tmp_path))
    images = PatchStore(str(tmp_path / "store.h5")).images
    lesions = [image.lesion for image in images]
    patients = {image.patient for image in images}
    drawn = sum(SMALL.drawn)
    assert (len(lesions), sum(lesions)) == (4 * drawn, 4 * SMALL.drawn[0])
    assert len(patients) % 4 == 0 and len(patients) <= 4 * drawn
    base = tmp_path / "photographs" / "e_optha_EX" / "Annotation_EX"
    mask = cv2.imread(str(base / "E0000001" / "C0000001_EX.png"), cv2.IMREAD_UNCHANGED)
    mirrored = cv2.imread(str(base / "E0000001h" / "C0000001h_EX.png"), cv2.IMREAD_UNCHANGED)
    assert mask.any()
    np.testing.assert_array_equal(mirrored, mask[:, ::-1])
