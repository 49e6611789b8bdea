"""The pieces of work that the commands share, each a function that a child process can run."""

import inspect
from typing import Any, Callable, Dict, Optional, Union

from data_prep import __version__
from data_prep.store import PatchStore
from data_prep.stored_photographs import StoredPhotographs
from egl.errors import Diverged
from egl.gradient_length.cores import CoreSlots
from egl.nets.runtime import blas_description, import_caffe
from egl.selection.run import select as run_selection
from egl.selection.settings import RunSettings
from egl.training import full_training
from egl.training.run_folder import RunFolder, read_settings
from egl.training.settings import FullTrainingSettings

Progress = Callable[[int, int], None]


def train(
    store: str, settings: FullTrainingSettings, out: str, progress: Progress
) -> Dict[str, Any]:
    """Train on everything (egl.training.full_training) and return its metrics."""
    data = PatchStore(store)
    return full_training.train(data, settings, out, _about(data), progress)


def train_or_diverge(
    store: str, settings: FullTrainingSettings, out: str, progress: Progress
) -> Dict[str, Any]:
    """Train; where training diverges before anything was measured, that is the run's result."""
    try:
        return train(store, settings, out, progress)
    except Diverged as error:
        run = RunFolder(out, read_settings(out))
        return run.finish({"diverged": str(error), "seconds": 0.0})


def select(
    store: str,
    settings: RunSettings,
    out: str,
    images: Optional[str] = None,
    workers: Union[int, CoreSlots] = 1,
    *,
    progress: Progress,
) -> Dict[str, Any]:
    """Run Algorithm 1 or 2 (egl.selection.run) and return its metrics.

    images: the data set's folder, None: where it was; workers: processes that score
    """
    data = PatchStore(store)
    photographs = StoredPhotographs(data, images)
    return run_selection(data, settings, out, photographs, _about(data), workers, progress=progress)


def on_shared_cores(
    work: Callable[..., Any], cores: CoreSlots, *arguments: Any, progress: Progress
) -> Any:
    """Return work(*arguments, progress=progress), holding a core of its own meanwhile.

    Work that takes `workers` may borrow the cores that are idle.
    """
    lent = {"workers": cores} if "workers" in inspect.signature(work).parameters else {}
    with cores.hold():
        return work(*arguments, progress=progress, **lent)


def _about(data: PatchStore) -> Dict[str, Any]:
    """Return what else decides a run's numbers: the store's settings, versions and the BLAS."""
    attributes = {
        name: value
        for name, value in sorted(data.attributes.items())
        if name not in ("folder", "notes", "left_out")
    }
    return {
        "version": __version__,
        "caffe": import_caffe().__version__,
        "blas": blas_description(),
        "store": attributes,
    }
