import csv
import os

import cv2
import pytest

from data_prep.errors import DataError
from labelling.executors import executor_for
from labelling.gallery import write_gallery
from labelling.pool import Pool
from labelling.rank_settings import RankSettings
from labelling.ranking import rank, write_ranking
from labelling.scoring import Job
from tests.labelling.conftest import Here


def order_of(pool, ranking):
    return [row.photograph for row in pool.rankings.in_order(ranking)]


def test_the_most_interesting_comes_first_and_an_answered_one_does_not(real_pool, tiny_model):
    real_pool.answers.add(2, "ann", "healthy", 30)
    done = rank(real_pool, tiny_model, RankSettings(strategy="egl", score="mean"), Here())
    rows = {row.photograph: row for row in real_pool.rankings.all(done.ranking)}
    assert sorted(rows) == [1, 3, 4, 5, 6] and done.n_ranked == 5
    order = order_of(real_pool, done.ranking)
    assert order == sorted(rows, key=lambda number: -rows[number].scores["mean"])
    assert real_pool.assignments.next_for("bob") == order[0]
    # 30 seconds each, as the answer took: a budget of 1.6 minutes is for three.
    settings = RankSettings(strategy="egl", budget=1.6)
    assert rank(real_pool, tiny_model, settings, Here()).first == 3


def test_any_number_of_processes_gives_the_same_ranking(real_pool, indexed, tiny_model, tmp_path):
    settings = RankSettings(first=2)
    alone = rank(real_pool, tiny_model, settings, Here())
    other = Pool(str(tmp_path / "two.sqlite"), create=True)
    with open(indexed, "rb") as file, open(other.path, "wb") as copy:
        other.close()
        copy.write(file.read())
    with executor_for(2) as (executor, at_once):
        two = rank(other, tiny_model, settings, executor, at_once)
    paths = []
    for pool, done in ((real_pool, alone), (other, two)):
        paths.append(tmp_path / f"{len(paths)}.csv")
        write_ranking(pool, done.ranking, str(paths[-1]))
    tables = []
    for path in paths:
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
        tables.append([{key: row[key] for key in row if key != "seconds"} for row in rows])
    assert tables[0] == tables[1] and len(tables[0]) == 6
    assert [row["place"] for row in tables[0]] == list("123456")


def test_an_interrupted_ranking_goes_on(real_pool, tiny_model):
    class Interrupted(Here):
        def submit(self, work, *arguments):
            if self.chunks:
                raise KeyboardInterrupt
            return super().submit(work, *arguments)

    with pytest.raises(KeyboardInterrupt):
        rank(real_pool, tiny_model, RankSettings(strategy="egl"), Interrupted())
    assert real_pool.rankings.newest() is None
    executor = Here()
    done = rank(real_pool, tiny_model, RankSettings(strategy="egl"), executor)
    assert sorted(order_of(real_pool, done.ranking)) == [1, 2, 3, 4, 5, 6]


def test_random_differs_from_seed_to_seed(real_pool, tiny_model):
    orders = []
    for seed in (1, 2):
        settings = RankSettings(strategy="random", seed=seed)
        orders.append(order_of(real_pool, rank(real_pool, tiny_model, settings, Here()).ranking))
    assert sorted(orders[0]) == sorted(orders[1]) and orders[0] != orders[1]


def test_a_pool_with_nothing_to_rank(pool, tiny_model):
    with pytest.raises(DataError, match="no photograph could be scored; the first: /a: cannot be"):
        rank(pool, tiny_model, RankSettings(), Here())
    for number in (1, 2, 3):
        pool.answers.add(number, "ann", "healthy")
    with pytest.raises(DataError, match="has no photograph to rank"):
        rank(pool, tiny_model, RankSettings(), Here())


def test_the_gallery_is_one_file_that_asks_nothing_of_other_machines(
    real_pool, tiny_model, tmp_path
):
    done = rank(real_pool, tiny_model, RankSettings(strategy="egl"), Here())
    job = Job(tiny_model, "cpu", 24)
    write_gallery(real_pool, done.ranking, 2, job, str(tmp_path), Here())
    page = (tmp_path / "gallery.html").read_text()
    assert "http" not in page.replace("http-equiv", "")
    assert "Research use; not a medical device." in page
    assert page.count("data:image/jpeg;base64,") == 4 and "place" not in page.split("<script>")[1]
    first = real_pool.photographs.get(order_of(real_pool, done.ranking)[0])
    assert f"1. {os.path.basename(first.path)}" in page
    names = ["0001-marked.jpg", "0001-phi.jpg", "0002-marked.jpg", "0002-phi.jpg"]
    assert sorted(os.listdir(tmp_path / "overlays")) == names
    marked = cv2.imread(str(tmp_path / "overlays" / names[0]))
    assert marked.shape[:2] == (first.height, first.width)
    assert cv2.imread(str(tmp_path / "contact-sheet.jpg")) is not None
    write_gallery(real_pool, done.ranking, 1, job, str(tmp_path), Here())
    assert sorted(os.listdir(tmp_path / "overlays")) == names[:2]
