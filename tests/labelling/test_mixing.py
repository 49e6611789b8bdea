import os
import shutil

import cv2
import numpy as np
import pytest

from data_prep import readers
from data_prep.errors import DataError
from data_prep.field_of_view import find_field_of_view, width_of
from data_prep.photographs import read_photograph
from labelling.mixing import agreed_mask, mix


def block(pool, number):
    """Return a mask of 30 x 30 pixels in the middle of a photograph."""
    row = pool.photographs.get(number)
    mask = np.zeros((row.height, row.width), bool)
    mask[row.height // 2 :, row.width // 2 :][:30, :30] = True
    return mask


def test_a_pool_and_a_data_set_become_one_of_one_scale(real_pool, phantoms, tmp_path):
    real_pool.answers.add(1, "ann", "mask", mask=block(real_pool, 1))
    real_pool.answers.add(2, "ann", "healthy")
    real_pool.answers.add(3, "ann", "cannot grade")
    real_pool.answers.add(6, "ann", "mask", mask=block(real_pool, 6))
    out = str(tmp_path / "mixed")
    mixed = mix([phantoms, real_pool.path], out, 300)
    assert mixed.n_photographs == 15 and sum(mixed.lesion.values()) >= 3
    dataset = readers.read(out)
    assert len(dataset.records) == 15
    assert {record.patient for record in dataset.records} == set(mixed.lesion)
    of_pool = [record for record in dataset.records if record.patient.startswith("indexed/")]
    assert [(record.patient, record.lesion) for record in of_pool] == [
        ("indexed/2", False), ("indexed/1", True), ("indexed/6", True)
    ]  # fmt: skip
    for record in of_pool[1:]:
        image, mask = read_photograph(record)
        assert abs(width_of(find_field_of_view(image)) - 300) <= 4
        row = real_pool.photographs.get(int(record.patient.split("/")[1]))
        side = 30 * 300 / row.field_width
        assert mask.sum() == pytest.approx(side**2, rel=0.15)


def test_of_several_people_half_must_agree(pool):
    one, two = np.zeros((20, 30), bool), np.zeros((20, 30), bool)
    one[:10], two[5:15] = True, True
    for who, mask in (("a", one), ("b", two)):
        pool.answers.add(1, who, "mask", mask=mask)
    np.testing.assert_array_equal(agreed_mask(pool, pool.answers.latest(1)), one | two)
    pool.answers.add(1, "c", "healthy")
    np.testing.assert_array_equal(agreed_mask(pool, pool.answers.latest(1)), one & two)
    for who in "de":
        pool.answers.add(1, who, "healthy")
    assert agreed_mask(pool, pool.answers.latest(1)) is None


def test_nothing_to_learn_from(real_pool, tmp_path):
    out = str(tmp_path / "mixed")
    with pytest.raises(DataError, match="no photograph has an answer to learn from"):
        mix([real_pool.path], out)
    real_pool.answers.add(1, "ann", "healthy")
    with pytest.raises(DataError, match="no photograph with exudates could be used"):
        mix([real_pool.path], out)
    assert not os.path.exists(out)


def test_a_photograph_that_changed_is_left_out_or_an_error(real_pool, photographs, tmp_path):
    row = real_pool.photographs.get(1)
    copy = str(shutil.copy(row.path, tmp_path / "copy.jpg"))
    status = os.stat(copy)
    real_pool.photographs.move(1, copy, status.st_size, status.st_mtime_ns)
    for number in (1, 2):
        real_pool.answers.add(number, "ann", "mask", mask=block(real_pool, number))
    cv2.imwrite(copy, cv2.imread(copy)[::-1])
    with pytest.raises(DataError, match="copy.jpg: changed since it was indexed"):
        mix([real_pool.path], str(tmp_path / "mixed"))
    problems = []
    mixed = mix([real_pool.path], str(tmp_path / "mixed"), report=problems.append)
    assert mixed.n_photographs == 1 and len(problems) == 1
