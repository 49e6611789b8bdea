"""A pool of phantoms worked on by one process, by two, and by two workers of a Dask cluster."""

import contextlib
import os
import shutil
import tempfile
import time
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np

from benchmarks.material import SCORE, Material
from data_prep.field_of_view import find_field_of_view, width_of
from egl.nets.definition import prototxt_path
from egl.training.model_folder import TrainedModel, write_model
from labelling.executors import executor_for
from labelling.index_settings import IndexSettings
from labelling.indexing import index
from labelling.pool import Pool
from labelling.predicting import predict, tasks_of_pool
from labelling.rank_settings import RankSettings
from labelling.ranking import rank
from labelling.scoring import Job, View, scorer_of

ALONE, TWO, DASK = "1 process", "2 processes", "2 Dask workers"
AT_ONCE = {ALONE: 1, TWO: 2, DASK: 2}


@contextlib.contextmanager
def executors(folder: str) -> Iterator[Dict[str, Any]]:
    """Yield {name: executor}; they cost nothing while they have nothing to do."""
    from distributed import LocalCluster

    with contextlib.ExitStack() as stack:
        workers = tempfile.mkdtemp(prefix="dask-", dir=folder)
        cluster = LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
            local_directory=workers, silence_logs=50,
        )  # fmt: skip
        address = stack.enter_context(cluster).scheduler_address
        yield {
            ALONE: stack.enter_context(executor_for(1))[0],
            TWO: stack.enter_context(executor_for(2))[0],
            DASK: stack.enter_context(executor_for(scheduler=address))[0],
        }


class PoolWork:
    """The first photographs below FOLDER/photographs, and the model of benchmarks.inputs."""

    def __init__(self, material: Material, n: int, scale: Optional[float] = 1.0) -> None:
        """n: how many photographs; scale: of IndexSettings."""
        self.n = n
        self._settings = IndexSettings(scale=scale)
        self._folder = tempfile.mkdtemp(prefix="pool-", dir=material.folder)
        self.photographs = os.path.join(self._folder, "photographs")
        os.mkdir(self.photographs)
        for number, path in enumerate(_pictures(os.path.join(material.folder, "photographs"), n)):
            os.link(path, os.path.join(self.photographs, f"{number:06d}.jpg"))
        self.model = os.path.join(self._folder, "model")
        width = width_of(find_field_of_view(material.image))
        model = TrainedModel(
            "bench", material.weights, SCORE, prototxt_path("lenet_solver.prototxt"),
            material.normalisation, 0.5, float(width), "none",
        )  # fmt: skip
        write_model(model, self.model)
        self.pool = self._new("pool.sqlite")
        with executor_for(1) as (executor, at_once), Pool(self.pool, create=True) as pool:
            index([self.photographs], pool, self._settings, executor, at_once)
            assert pool.photographs.n_usable() == n, "phantoms taken for copies of each other"

    def warm_up(self, executor: Any, at_once: int, stride: int) -> None:
        """Let every process start, and build its nets."""
        for future in [executor.submit(_warm_up, self.model, stride) for _ in range(at_once)]:
            future.result()

    def index(self, executor: Any, at_once: int) -> int:
        """Index all photographs into a new pool; return how many."""
        path = self._new("other.sqlite")
        with Pool(path, create=True) as pool:
            index([self.photographs], pool, self._settings, executor, at_once)
        return self.n

    def rank(self, executor: Any, at_once: int, stride: int) -> int:
        """Rank all photographs by the sum of phi; return how many."""
        settings = RankSettings(strategy="egl", stride=stride)
        with Pool(self.pool) as pool:
            rank(pool, self.model, settings, executor, at_once)
        return self.n

    def scores(self) -> List[Tuple[int, Dict[str, float]]]:
        """Return (photograph, scores) of the newest ranking, in order."""
        with Pool(self.pool) as pool:
            newest = pool.rankings.newest()
            assert newest is not None
            return [(row.photograph, row.scores) for row in pool.rankings.in_order(newest)]

    def predict(self, executor: Any, at_once: int, stride: int) -> int:
        """Write the masks of all photographs into a new folder; return how many."""
        out = self.masks = self._new("masks")
        os.mkdir(out)
        job = Job(self.model, "cpu", stride)
        with Pool(self.pool) as pool:
            predict(tasks_of_pool(pool), self.n, job, 0.5, out, executor, at_once)
        return self.n

    def views(self) -> List[View]:
        """Return the photographs as the net takes them, all in memory."""
        scorer = scorer_of(self.model, "cpu", 24)
        with Pool(self.pool) as pool:
            return [scorer.view(task) for task in tasks_of_pool(pool)]

    def dense(self, views: List[View], stride: int) -> int:
        """Score photographs that are in memory by the dense route alone; return how many."""
        scorer = scorer_of(self.model, "cpu", stride)
        for view in views:
            scorer.maps(view)
        return len(views)

    def _new(self, name: str) -> str:
        path = os.path.join(self._folder, name)
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.exists(path):
            os.remove(path)
        return path


def _warm_up(model: str, stride: int) -> None:
    scorer_of(model, "cpu", stride).net.maps(np.zeros((96, 96, 3), np.uint8), stride)
    time.sleep(2)  # so that each process gets one


def _pictures(folder: str, n: int) -> List[str]:
    """Return n of the photographs in a tree, of as many patients as there are, in sorted order."""
    found = sorted(
        os.path.join(parent, name)
        for parent, _, names in os.walk(folder)
        for name in names
        if name.endswith(".jpg")
    )
    if len(found) < n:
        raise SystemExit(f"{folder}: has {len(found)} photographs, and {n} are wanted")
    return found[:: len(found) // n][:n]
