"""A pool worked on by a Dask cluster of real processes, undisturbed and disturbed."""

import csv
import os
import shutil
import signal
import struct
import time

import pytest

from data_prep.errors import DataError
from egl.training.model_folder import read_model
from labelling import dask_cluster, indexing, ranking
from labelling.executors import executor_for, results_of
from labelling.index_settings import IndexSettings
from labelling.indexing import index
from labelling.pool import Pool
from labelling.predicting import predict, tasks_of_pool
from labelling.rank_settings import RankSettings
from labelling.ranking import rank, write_ranking
from labelling.scoring import Job
from tests.labelling.conftest import Here

MEMORY = 700_000_000  # bytes a worker may take; it takes 200 million with Caffe


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers of two threads each, which their nannies start anew when they die."""
    dask = pytest.importorskip("dask")
    distributed = pytest.importorskip("distributed")
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}):
        cluster = distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=2,
            processes=True,
            memory_limit=MEMORY,
            dashboard_address=None,
            local_directory=str(tmp_path_factory.mktemp("workers")),
            silence_logs=50,
        )
    with cluster:
        yield cluster.scheduler_address


def rows_of(pool):
    return [*pool.photographs.usable(), *pool.photographs.not_usable()]


def table_of(pool, ranking, path):
    """Return the rows of ranking.csv but for the seconds that each photograph took."""
    write_ranking(pool, ranking, str(path))
    with open(path, newline="") as file:
        return [{**row, "seconds": ""} for row in csv.DictReader(file)]


@pytest.fixture
def expected(real_pool, tiny_model, tmp_path):
    """The table of the ranking that one process makes."""
    done = rank(real_pool, tiny_model, RankSettings(first=2), Here())
    return table_of(real_pool, done.ranking, tmp_path / "expected.csv")


def test_a_cluster_gives_the_same_pool_ranking_and_masks(
    cluster, caffe, photographs, indexed, tiny_model, real_pool, expected, tmp_path
):
    job = Job(tiny_model, "cpu", 24)
    threshold = read_model(tiny_model).threshold
    (tmp_path / "alone").mkdir()
    predict(tasks_of_pool(real_pool), 6, job, threshold, str(tmp_path / "alone"), Here())
    with Pool(str(tmp_path / "pool.sqlite"), create=True) as pool:
        with executor_for(scheduler=cluster) as (executor, at_once):
            assert at_once == 4
            index([photographs], pool, IndexSettings(), executor, at_once)
            assert rows_of(pool) == rows_of(real_pool)
            done = rank(pool, tiny_model, RankSettings(first=2), executor, at_once)
            assert table_of(pool, done.ranking, tmp_path / "ranking.csv") == expected
            (tmp_path / "cluster").mkdir()
            predict(
                tasks_of_pool(pool), 6, job, threshold, str(tmp_path / "cluster"), executor, at_once
            )
    names = sorted(os.listdir(tmp_path / "alone"))
    assert len(names) == 3 * 6 + 1 and sorted(os.listdir(tmp_path / "cluster")) == names
    for name in names:
        alone, other = ((tmp_path / where / name).read_bytes() for where in ("alone", "cluster"))
        assert alone == other, name


def test_a_worker_killed_midway_changes_nothing(
    cluster, caffe, indexed, tiny_model, expected, tmp_path, monkeypatch
):
    monkeypatch.setattr(ranking, "CHUNK", 1)
    with Pool(str(shutil.copy(indexed, tmp_path / "killed.sqlite"))) as pool:
        with executor_for(scheduler=cluster) as (executor, at_once):
            before = executor.client.run(os.getpid)

            def kill(done, total):
                if done == 1:
                    busy = [
                        address for address, keys in executor.client.processing().items() if keys
                    ]
                    os.kill(before[busy[0]], signal.SIGKILL)

            done = rank(pool, tiny_model, RankSettings(first=2), executor, at_once, progress=kill)
            assert set(executor.client.run(os.getpid).values()) != set(before.values())
        assert table_of(pool, done.ranking, tmp_path / "killed.csv") == expected


def take_all_memory_once(path, number):
    """Take more memory than a worker may have where the file is there, which goes with it."""
    if number == 2 and os.path.exists(path):
        os.remove(path)
        taken = bytearray(b"x") * (2 * MEMORY)
        time.sleep(60)
        return len(taken)
    return number


def test_a_worker_that_ran_out_of_memory_is_started_anew(cluster, tmp_path):
    path = tmp_path / "take"
    path.touch()
    with executor_for(scheduler=cluster) as (executor, at_once):
        chunks = ((str(path), number) for number in range(6))
        assert list(results_of(executor, at_once, take_all_memory_once, chunks)) == list(range(6))
    assert not path.exists()


def write_huge_bitmap(path, side):
    """Write a black BMP of side x side pixels, which takes no room on the disk."""
    n_bytes = 3 * side**2
    header = b"BM" + struct.pack("<IHHI", 54 + n_bytes, 0, 0, 54)
    header += struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, n_bytes, 2835, 2835, 0, 0)
    with open(path, "wb") as file:
        file.write(header)
        file.truncate(54 + n_bytes)


def test_a_photograph_too_large_for_any_worker_ends_the_command_with_one_line(
    cluster, photographs, real_pool, tmp_path, monkeypatch, capfd
):
    from experiments.command_line import main

    monkeypatch.setattr(indexing, "CHUNK", 1)
    folder = shutil.copytree(photographs, tmp_path / "photographs")
    huge = os.path.join(folder, "6.bmp")
    write_huge_bitmap(huge, 16000)
    path = str(tmp_path / "pool.sqlite")
    assert main(["index", str(folder), "--out", path, "--scheduler", cluster]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"egl: index: --scheduler {cluster}: each worker that took")
    with Pool(path) as pool:
        kept = [row._replace(path=os.path.basename(row.path)) for row in pool.photographs.usable()]
        assert 2 <= len(kept) <= 6
        os.remove(huge)
        assert main(["index", str(folder), "--out", path, "--scheduler", cluster]) == 0
        found = [row._replace(path=os.path.basename(row.path)) for row in rows_of(pool)]
    wanted = [row._replace(path=os.path.basename(row.path)) for row in rows_of(real_pool)]
    assert [row._replace(modified_ns=0) for row in found] == [
        row._replace(modified_ns=0) for row in wanted
    ]
    assert kept == found[: len(kept)]


def test_workers_of_another_version_are_refused(cluster, monkeypatch):
    monkeypatch.setattr(dask_cluster, "__version__", "0.0")
    with pytest.raises(DataError, match="but this is version 0.0: start workers of the same"):
        with executor_for(scheduler=cluster):
            pass
