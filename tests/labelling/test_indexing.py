import os
import shutil

import cv2
import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.field_of_view import find_field_of_view, width_of
from labelling.executors import executor_for
from labelling.index_settings import IndexSettings
from labelling.indexing import index
from labelling.pool import Pool
from tests.labelling.conftest import Here


@pytest.fixture(scope="module")
def tree(phantoms, tmp_path_factory):
    """A tree with three phantoms a, b, c, and what can go wrong."""
    folder = tmp_path_factory.mktemp("photographs")
    found = sorted(
        os.path.join(parent, name)
        for parent, _, names in os.walk(phantoms)
        for name in names
        if name.endswith(".jpg")
    )
    os.makedirs(folder / "z")
    for patient, path in zip("pqr", found):
        os.makedirs(folder / patient)
        shutil.copy(path, folder / patient / f"{patient}.jpg")
    shutil.copy(found[0], folder / "z" / "copy.jpg")
    image = cv2.imread(found[1])
    small = cv2.resize(image, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(folder / "z" / "near.jpg"), small, [cv2.IMWRITE_JPEG_QUALITY, 70])
    cv2.imwrite(str(folder / "z-black.png"), np.zeros((60, 80, 3), np.uint8))
    cv2.imwrite(str(folder / "y-Smith_John.png"), cv2.imread(found[3]) // 6)
    (folder / "z-text.jpg").write_text("no image")
    (folder / "z-empty.tif").touch()
    (folder / "notes.txt").write_text("not looked at")
    return str(folder)


def run(tree, pool, settings=IndexSettings(), executor=None):
    return index([tree], pool, settings, executor or Here())


@pytest.fixture
def new_pool(tmp_path):
    with Pool(str(tmp_path / "new.sqlite"), create=True) as pool:
        yield pool


def by_name(pool, rows):
    return {os.path.basename(row.path): row for row in rows}


def test_what_is_found(tree, new_pool):
    done = run(tree, new_pool, IndexSettings(patient_folder=1))
    assert (done.read, done.known, done.moved) == (9, 0, 0)
    usable = by_name(new_pool, new_pool.photographs.usable())
    assert sorted(usable) == ["p.jpg", "q.jpg", "r.jpg", "y-Smith_John.png"]
    row = usable["q.jpg"]
    image = cv2.imread(row.path)
    field = find_field_of_view(image)
    np.testing.assert_array_equal(new_pool.photographs.field(row.id), field)
    assert (row.height, row.width) == image.shape[:2] and row.field_width == width_of(field)
    assert row.patient == "q" and row.marks == "" and row.warning == ""
    dark = usable["y-Smith_John.png"]
    assert "dark" in dark.marks and dark.warning == "its name" and dark.patient is None
    others = by_name(new_pool, new_pool.photographs.not_usable())
    assert others["copy.jpg"][-4:-2] == (usable["p.jpg"].id, "copy")
    assert others["near.jpg"][-4:-2] == (usable["q.jpg"].id, "near")
    assert others["z-black.png"].marks == "dark, no field of view"
    assert "not an image" in others["z-text.jpg"].problem
    assert others["z-empty.tif"].problem.startswith("the file is empty")


def test_a_second_run_reads_new_files_alone(tree, new_pool, tmp_path):
    copy = shutil.copytree(tree, tmp_path / "tree")
    run(str(copy), new_pool)
    before = list(new_pool.photographs.usable())
    executor = Here()
    done = run(str(copy), new_pool, IndexSettings(scale=0.5), executor)
    assert (done.read, done.known, executor.chunks) == (0, 9, [])
    after = list(new_pool.photographs.usable())
    assert after == [row._replace(given_scale=0.5) for row in before]
    os.rename(copy / "p" / "p.jpg", copy / "moved.jpg")
    os.utime(copy / "q" / "q.jpg")
    assert run(str(copy), new_pool)[:3] == (1, 7, 1)
    moved = new_pool.photographs.at(str(copy / "moved.jpg"))
    assert moved.id == next(row.id for row in before if row.path.endswith("p.jpg"))


def test_a_photograph_that_changed_after_its_answer_is_not_used(tree, new_pool, tmp_path):
    copy = shutil.copytree(tree, tmp_path / "tree")
    run(str(copy), new_pool)
    path = str(copy / "q" / "q.jpg")
    row = new_pool.photographs.at(path)
    new_pool.answers.add(row.id, "ann", "healthy")
    cv2.imwrite(path, cv2.imread(path)[:, ::-1])
    run(str(copy), new_pool)
    assert new_pool.photographs.at(path).problem.startswith("changed after it was answered")
    assert new_pool.photographs.at(path).id == row.id


def test_patients_come_from_a_table(tree, new_pool, tmp_path):
    table = tmp_path / "patients.csv"
    table.write_text("image,patient\nP.JPG,Ann\nq/q.jpg,Bob\nr,Cat\n")
    run(tree, new_pool, IndexSettings(patients=str(table)))
    usable = by_name(new_pool, new_pool.photographs.usable())
    assert [usable[f"{name}.jpg"].patient for name in "pqr"] == ["Ann", "Bob", "Cat"]


def test_two_processes_find_what_one_does(tree, tmp_path):
    rows = []
    with executor_for(2) as (processes, _):
        for number, executor in enumerate((Here(), processes), start=1):
            with Pool(str(tmp_path / f"{number}.sqlite"), create=True) as pool:
                index([tree], pool, IndexSettings(), executor, number)
                rows.append([*pool.photographs.usable(), *pool.photographs.not_usable()])
    assert rows[0] == rows[1]


def test_bad_folders_and_tables(tree, new_pool, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match="no such folder"):
        run(str(tmp_path / "none"), new_pool)
    with pytest.raises(DataError, match="no photograph was found"):
        run(str(empty), new_pool)
    table = tmp_path / "patients.csv"
    table.write_text("image,patient\na,b\nA,c\n")
    with pytest.raises(DataError, match="gives A two patients"):
        run(tree, new_pool, IndexSettings(patients=str(table)))
    assert len(new_pool.photographs) == 0
