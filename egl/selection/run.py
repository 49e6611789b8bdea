"""One run of Algorithm 1 or 2 on a store: its folder, clock, records, snapshots and divergence."""

import time
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Union

import numpy as np

from data_prep.normalisation import Normalisation
from data_prep.random_streams import Stream, random_state
from data_prep.settings import check_kind
from data_prep.store import PatchStore
from data_prep.stored_photographs import StoredPhotographs
from egl.errors import Diverged, EglError
from egl.gradient_length.cores import CoreSlots
from egl.selection.algorithms import Strategies, algorithm_1, algorithm_2
from egl.selection.bags import PhotographBags
from egl.selection.interfaces import Oracle
from egl.selection.model import Model
from egl.selection.oracles import MaskOracle, StoreOracle
from egl.selection.pool import Pool, TrainingSet
from egl.selection.queries import Query
from egl.selection.samples import GridSamples, Samples, StoreSamples
from egl.selection.settings import RunSettings
from egl.selection.start import image_pool, initial_images
from egl.strategies.base import ScoringModel, Strategy
from egl.strategies.registry import find_strategy
from egl.strategies.timed import Timed
from egl.training.evaluation import Evaluator
from egl.training.provenance import open_run
from egl.training.run_files import read_metrics
from egl.training.run_folder import RunFolder

SNAPSHOT_EVERY = 10  # rounds; a snapshot is 16 MB
Progress = Callable[[int, int], None]
MakeStrategy = Callable[[ScoringModel], Strategy]


def select(
    store: Union[str, PatchStore],
    settings: RunSettings,
    path: str,
    images: Optional[str] = None,
    workers: Union[int, CoreSlots] = 1,
    oracle: Optional[Oracle] = None,
    progress: Progress = lambda done, total: None,
    image_strategy: Optional[MakeStrategy] = None,
) -> Dict[str, Any]:
    """Run Algorithm 1 or 2 to the end, or from where it stopped; return its metrics.json.

    store: the store or its file; path: the run folder; images: the data set's folder, where it has
    moved since the store was made; workers: processes that score; oracle: who labels, the store or
    the masks by default; image_strategy: makes what chooses images, where the class that the
    settings name needs more than the model. Where training diverges, the run ends there with what
    was measured before, and metrics.json says so in `diverged`; Diverged is raised only if nothing
    was measured before.
    """
    check_kind(settings, RunSettings)
    settings.check()
    if isinstance(store, str):
        store = PatchStore(store)
    folder, normalisation = open_run(path, "select", settings.resolved(), settings.trainer, store)
    if folder.finished:
        return read_metrics(path)
    photographs = StoredPhotographs(store, images)
    run = Run(
        folder, store, settings, photographs, normalisation, workers, oracle, progress,
        image_strategy,
    )  # fmt: skip
    try:
        return run.execute()
    finally:
        run.close()


class Run:
    """Everything that one run has: two runs in one process share nothing.

    settings: RunSettings; initial_images: mu, for Algorithm 2
    """

    def __init__(
        self,
        folder: RunFolder,
        store: PatchStore,
        settings: RunSettings,
        photographs: StoredPhotographs,
        normalisation: Normalisation,
        workers: Union[int, CoreSlots] = 1,
        oracle: Optional[Oracle] = None,
        progress: Progress = lambda done, total: None,
        image_strategy: Optional[MakeStrategy] = None,
    ) -> None:
        self.settings = settings
        self._folder, self._store, self._progress = folder, store, progress
        self._began = time.monotonic()
        classes = [find_strategy(name) for name in settings.strategies]
        wants_committee = any(getattr(kind, "committee", False) for kind in classes)
        self.model = Model(settings, normalisation, folder.path, wants_committee, workers)
        makers: List[MakeStrategy] = [image_strategy or classes[0], classes[1]]
        self._timed = [Timed(make(self.model)) for make in makers]
        self._strategies = Strategies(*self._timed)
        self._evaluator = Evaluator(store, self.model.posterior)
        copies = settings.selection.copies
        self._store_samples = StoreSamples(store, copies)
        self._samples: Samples = self._store_samples
        self._oracle: Oracle = StoreOracle(self._store_samples)
        if settings.labelled == "grid":
            grid = GridSamples(photographs, store, settings.stride, copies)
            self._samples = grid
            self._oracle = MaskOracle(photographs, grid, settings.stride)
        self._oracle = oracle or self._oracle
        self._bags = PhotographBags(
            photographs,
            settings.stride,
            settings.image_patches,
            lambda image: random_state(settings.trainer.seed, Stream.GRID, image),
        )
        self._check_k()
        saved = self.model.restore() or {}
        self._rounds = saved.get("rounds", 0)
        self._metrics = saved.get("metrics")
        self.model.loss = saved.get("loss", self.model.loss)
        self._seconds_before = saved.get("seconds", 0.0)
        self._seconds_choosing_before = saved.get("seconds_choosing", 0.0)
        self._recorded = self.model.iteration  # the iteration after the last recorded round
        self._evaluated = saved.get("evaluated", self._recorded)
        self._random = self.model.iteration, self.model.random(Stream.ROUND)
        self._training = TrainingSet(self._samples, saved.get("chosen", []))
        if saved:
            folder.go_back_to(saved["position"])
        images: Dict[int, bool] = {}
        self.initial_images: List[int] = []
        if settings.by == "image":
            images = image_pool(store, settings.lesion_share, settings.trainer.seed)
            random = random_state(settings.trainer.seed, Stream.INITIAL_IMAGES)
            n, draw = settings.initial_images, settings.initial_draw
            self.initial_images = initial_images(images, n, draw, random)
        self._pool = self._restored_pool(images, saved.get("images", []))

    def _restored_pool(self, images: Iterable[int], labelled_images: Sequence[int]) -> Pool:
        """Return the pool as it was, its labels asked for again; images: those of Algorithm 2."""
        if self.settings.by == "image":
            for image in labelled_images:
                self._training.add(*self._oracle.label_image(image))
            return Pool(images, labelled_images)
        chosen = self._training.chosen
        self._training.add(chosen, self._oracle.label_patches(chosen))
        pool = Pool(range(len(self._store_samples)))
        if self.settings.selection.after_round == "accumulate":
            pool.reveal(chosen)
        return pool

    def _check_k(self) -> None:
        k, n = self.settings.selection.k, len(self._store_samples)
        if k > n:
            raise EglError(f"--k {k}: {self._store.path} has {n} training samples; give fewer")

    def execute(self) -> Dict[str, Any]:
        """Run to the end and return the content of metrics.json."""
        try:
            self._algorithm()
            if self._evaluated != self._recorded:  # fewer than k patches were left
                self._evaluate()
            self._save()
            diverged = None
        except Diverged as error:
            if self._metrics is None:
                raise
            diverged = str(error)
            self._folder.write()
        assert self._metrics is not None  # the last round is always evaluated
        return self._folder.finish(
            {
                **self._metrics,
                "iterations": self._recorded,
                "rounds": self._rounds,
                "diverged": diverged,
                "pool_exhausted": diverged is None and self.goes_on(),
                "seconds": self._seconds(),
                "seconds_choosing": self._seconds_choosing(),
            }
        )

    def close(self) -> None:
        """End the processes that score."""
        self.model.close()

    def _algorithm(self) -> None:
        common = self.model, self._pool, self._training, self._oracle
        if self.settings.by == "patch":
            algorithm_1(*common, self._strategies.patches, self)
        else:
            algorithm_2(*common, self._strategies, self._bags, self)

    # What the algorithms ask of the run

    def goes_on(self) -> bool:
        """Whether there are SGD iterations left to do."""
        return self.model.iteration < self.settings.selection.iterations

    @property
    def initial(self) -> bool:
        """Whether the initial model is still being trained."""
        return self.model.iteration < self.settings.initial_iterations

    def random(self) -> np.random.RandomState:
        """Return the random numbers of the present round: one state, that all of it draws from."""
        if self._random[0] != self.model.iteration:
            self._random = self.model.iteration, self.model.random(Stream.ROUND)
        return self._random[1]

    def record(self, queries: Sequence[Query]) -> None:
        """Take down a round; evaluate if it is due, and save a snapshot now and then."""
        iteration, every = self.model.iteration, self.settings.evaluate_every
        self._rounds += 1
        self._folder.add_queries(self._query_row(iteration, query) for query in queries)
        last = not self.goes_on()
        due = last or iteration // every > self._recorded // every
        self._recorded = iteration
        if due:
            self._evaluate()
        if self._rounds % SNAPSHOT_EVERY == 0 and not last:
            self._save()
        self._progress(iteration, self.settings.selection.iterations)

    def _evaluate(self) -> None:
        counts = self._samples.count(self._training.labelled)
        found = self._evaluator.evaluate(self._recorded, self.model.loss, *counts)
        self._folder.add_round(found.row, found.predictions)
        self._metrics, self._evaluated = found.metrics, self._recorded

    def _query_row(self, iteration: int, query: Query) -> Dict[str, Any]:
        row: Dict[str, Any] = {
            "iteration": iteration,
            "kind": query.kind,
            "patch": "",
            "symmetry": "",
            "score": query.score,
        }
        if query.kind == "image":
            row.update(image=query.item, label=int(self._store.images[query.item].lesion))
        else:
            row.update(self._samples.describe(query.item))
            row["label"] = self._training.label_of(query.item)
        row["image"] = self._store.images[row["image"]].id
        return row

    def _save(self) -> None:
        self._folder.write()
        by_image = self.settings.by == "image"
        self.model.snapshot(
            {
                "images": list(self._pool.labelled) if by_image else [],
                "chosen": self._training.chosen,
                "rounds": self._rounds,
                "position": self._folder.position(),
                "metrics": self._metrics,
                "evaluated": self._evaluated,
                "loss": self.model.loss,  # an evaluation may be all that is left to do
                "seconds": self._seconds(),
                "seconds_choosing": self._seconds_choosing(),
            }
        )

    def _seconds(self) -> float:
        return round(self._seconds_before + time.monotonic() - self._began, 1)

    def _seconds_choosing(self) -> float:
        """Return what the strategies took, a committee's training included."""
        now = sum(strategy.seconds for strategy in self._timed)
        return round(self._seconds_choosing_before + now + self.model.seconds_committee, 3)
