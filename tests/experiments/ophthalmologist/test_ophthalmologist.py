import os
import shutil

import numpy as np
import pandas as pd
import pytest

from data_prep import readers
from data_prep.errors import DataError
from data_prep.photographs import read_photograph
from experiments.ophthalmologist import course
from experiments.ophthalmologist.dealing import Sizes, deal, name_of, write_dataset
from experiments.ophthalmologist.figure import at_minutes, draw, summary
from experiments.ophthalmologist.person import LOOK, OUTLINE, answer, strokes_of
from labelling.page.settings import LabelSettings
from labelling.page.work import Work
from labelling.pool import Pool
from tests.labelling.conftest import found

SIZES = Sizes((1, 1), (2, 2), (2, 2))


def test_no_patient_is_in_two_parts_and_seeds_differ(phantoms):
    parts = deal(phantoms, 1, SIZES)
    for name, (lesion, healthy) in SIZES._asdict().items():
        lesions = [record.lesion for record in parts[name]]
        assert (sum(lesions), len(lesions)) == (lesion, lesion + healthy)
    patients = [{record.patient for record in records} for records in parts.values()]
    assert not (patients[0] & patients[1] or patients[1] & patients[2] or patients[0] & patients[2])
    assert deal(phantoms, 1, SIZES) == parts and deal(phantoms, 2, SIZES) != parts
    with pytest.raises(DataError, match="too few photographs with exudates"):
        deal(phantoms, 1, SIZES._replace(pool=(50, 2)))


def test_a_written_data_set_has_the_same_photographs_and_masks(phantoms, tmp_path):
    records = deal(phantoms, 1, SIZES)["pool"]
    write_dataset(records, str(tmp_path / "pool"))
    written = readers.read(str(tmp_path / "pool")).records
    assert sorted(row.patient for row in written) == sorted(row.patient for row in records)
    by_name = {name_of(row): row for row in records}
    assert len(by_name) == len(written) == len(records)
    for row in written:
        image, mask = read_photograph(row)
        wanted, wanted_mask = read_photograph(by_name[os.path.basename(row.image)])
        np.testing.assert_array_equal(image, wanted)
        assert (mask is None) == (not row.lesion)
        if row.lesion:
            np.testing.assert_array_equal(mask, wanted_mask)


@pytest.fixture
def work(tmp_path):
    with Pool(str(tmp_path / "pool.sqlite"), create=True) as pool:
        pool.photographs.put(found("/a", 60, 80))
        yield Work(pool, LabelSettings())


def test_the_answer_is_the_mask_but_for_the_outermost_pixels_and_takes_its_time(work):
    mask = np.zeros((60, 80), bool)
    mask[5:25, 10:40] = mask[40, 50] = mask[50:52, 60:70] = True
    assert answer(work, 1, "ann", mask) == LOOK + 3 * OUTLINE
    (row,) = work.pool.answers.latest(1)
    assert (row.kind, row.source, row.seconds) == ("mask", "page", LOOK + 3 * OUTLINE)
    drawn = work.pool.answers.mask(row.id)
    inner = np.zeros_like(mask)
    inner[6:24, 11:39] = True
    assert drawn[inner].all() and drawn[40, 50] and drawn[50:52, 60:70].any()
    from scipy.ndimage import binary_dilation

    assert not drawn[~binary_dilation(mask)].any()


def test_a_healthy_photograph_takes_a_look(work):
    assert answer(work, 1, "ann", None) == LOOK
    (row,) = work.pool.answers.latest(1)
    assert (row.kind, work.pool.minutes_used) == ("healthy", LOOK / 60)
    assert strokes_of(np.zeros((4, 4), bool)) == []


def table():
    rows = [
        (seed, order, photographs, minutes, f + 0.1 * seed)
        for seed in (1, 2)
        for order, course in (
            ("ranked", ((0, 0, 0.1), (10, 20, 0.5), (20, 40, 0.7))),
            ("random", ((0, 0, 0.1), (10, 10, 0.3), (20, 20, 0.6))),
        )
        for photographs, minutes, f in course
    ]
    return pd.DataFrame(rows, columns=["seed", "order", "photographs", "minutes", "f_measure"])


def test_the_curve_is_linear_between_learnings(tmp_path):
    found = at_minutes(table(), "ranked", np.array([0, 10, 30, 50]))
    np.testing.assert_allclose(found, [[0.2, 0.4, 0.7, 0.8], [0.3, 0.5, 0.8, 0.9]])
    assert summary(table())[1] == (
        "10 photographs: 20 minutes ranked, 10 at random; F-measure ranked minus random +0.200 ± "
        "0.000 (2 seeds)"
    )
    draw(table(), str(tmp_path / "curve.png"))
    assert sorted(os.listdir(tmp_path)) == ["curve.png", "curve.svg"]


def test_a_course_labels_in_both_orders_and_goes_on_where_it_was(
    tiny_model, small_store, phantoms, tmp_path, monkeypatch
):
    """A first model and a store that are there are not made; learning, tested elsewhere, copies."""
    learnt = []

    def copy_model(work, arguments, folder):
        _, model, out, _, settings, sources, _ = arguments
        assert settings.iterations == 7 and sources == [str(tmp_path / "seed" / "first")]
        learnt.append(os.path.basename(out))
        shutil.copytree(model, out)

    monkeypatch.setattr(course, "run_in_child", copy_model)
    folder = tmp_path / "seed"
    shutil.copytree(tiny_model, folder / "model")
    shutil.copy(small_store.path, folder / "store.h5")
    plan = course.Plan(Sizes((1, 1), (1, 1), (2, 1)), 2, 1, 1, 7, 48)
    rows = course.rows_of_seed(phantoms, 1, str(folder), plan)
    assert [(row["order"], row["photographs"]) for row in rows] == [
        ("ranked", 0), ("ranked", 1), ("ranked", 2), ("random", 0), ("random", 1), ("random", 2)
    ]  # fmt: skip
    assert learnt == ["model-1", "model-2"] * 2
    assert len({row["auc"] for row in rows}) == 1 and 0.5 < rows[0]["auc"] <= 1
    with Pool(str(folder / "ranked" / "pool.sqlite")) as pool:
        first = next(pool.rankings.in_order(1)).photograph
        (row,) = pool.answers.latest(first)
        assert row.seconds == 60 * rows[1]["minutes"]
        assert pool.answers.counts()["mask"] == rows[2]["exudates"]
    shutil.rmtree(folder / "random" / "model-2")
    os.remove(folder / "random" / "model-2.json")
    assert course.rows_of_seed(phantoms, 1, str(folder), plan) == rows
    assert learnt[4:] == ["model-2"]
