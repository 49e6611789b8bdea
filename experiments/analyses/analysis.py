"""What all analyses share: a run folder that is filled once, and the trained run they look at."""

import os
import time
from functools import wraps
from typing import Any, Callable, Dict, Iterable, List, Optional, Union

from data_prep.settings import as_dict
from data_prep.split import NAMES
from data_prep.store import PatchStore
from egl.gradient_length.cores import CoreSlots
from egl.gradient_length.scorer import NetScorer
from egl.gradient_length.workers import Workers
from egl.nets.definition import prototxt_path
from egl.training.run_files import read_metrics, read_normalisation
from egl.training.run_folder import RunFolder
from egl.training.snapshots import find_snapshot, weights_at

Progress = Callable[[int, int], None]
Cores = Union[int, CoreSlots]
Analysis = Callable[..., Optional[Dict[str, Any]]]
Work = Callable[..., Dict[str, Any]]  # what experiments.tasks.Task runs


def analysis(kind: str) -> Callable[[Analysis], Work]:
    """Return a decorator that makes an analysis the work of a Task, done once.

    kind: what settings.json calls it. The analysis gets the store, its settings (a dataclass), its
    run folder and a progress(done, total); it leaves files in the folder, and what it returns is
    added to metrics.json. One that takes `workers` may borrow idle cores. The work returns the
    content of metrics.json.
    """

    def decorate(analyse: Analysis) -> Work:
        @wraps(analyse)
        def work(
            store: str, settings: Any, out: str, progress: Progress, **lent: Cores
        ) -> Dict[str, Any]:
            folder = RunFolder(out, dict(as_dict(settings), kind=kind))
            if not folder.finished:
                began = time.monotonic()
                found = analyse(PatchStore(store), settings, folder, progress, **lent) or {}
                seconds = round(time.monotonic() - began, 1)
                return folder.finish({"diverged": None, **found, "seconds": seconds})
            return read_metrics(out)

        return work

    return decorate


def beside(run: str, name: str) -> str:
    """Return the folder of another run of the same experiments; run: this one's."""
    return os.path.join(os.path.dirname(run), name)


def images_of(store: PatchStore, split: str) -> List[int]:
    """Return the indices in store.images of the photographs of a split."""
    number = NAMES.index(split)
    return [index for index, row in enumerate(store.images) if row.split == number]


class TrainedRun:
    """A finished run: its weights, scored with the normalisation that they were trained with.

    last: the iterations it was trained for
    """

    def __init__(self, folder: str) -> None:
        """Raise EglError where `folder` holds no finished run."""
        self.folder = folder
        self.last: int = read_metrics(folder)["iterations"]
        self._normalisation = read_normalisation(folder)

    def reached(self, iterations: Iterable[int]) -> List[int]:
        """Return those of the iterations that the run reached."""
        return [iteration for iteration in iterations if iteration <= self.last]

    def times(self, kept: Iterable[int]) -> List[int]:
        """Return the iterations whose weights the run still has.

        They are the kept ones that it reached, and its last. A selection that diverged has no
        snapshot of its last iteration.
        """
        last = [self.last] if find_snapshot(self.folder, self.last) else []
        return sorted({*self.reached(kept), *last})

    def scorer(
        self,
        iteration: int,
        stop: Optional[str] = None,
        parameters: str = "layer",
        workers: Cores = 1,
    ) -> Union[NetScorer, Workers]:
        """Return a scorer with the weights of an iteration, in so many processes.

        Raises EglError where the weights are missing.
        """
        settings: Dict[str, Any] = {
            "prototxt": prototxt_path("lenet_score.prototxt"),
            "normalisation": self._normalisation,
            "stop": stop,
            "parameters": parameters,
        }
        weights = weights_at(self.folder, iteration)
        if workers == 1:
            return NetScorer(weights=weights, **settings)
        return Workers(weights, settings, workers)
