"""The pieces of work that the commands share, each a function that a child process can run."""

import inspect
from typing import Any, Callable, Dict

from egl.errors import Diverged
from egl.gradient_length.cores import CoreSlots
from egl.selection.run import select
from egl.training.full_training import train
from egl.training.run_folder import RunFolder, read_settings
from egl.training.settings import FullTrainingSettings

__all__ = ["on_shared_cores", "select", "train", "train_or_diverge"]

Progress = Callable[[int, int], None]


def train_or_diverge(
    store: str, settings: FullTrainingSettings, out: str, progress: Progress
) -> Dict[str, Any]:
    """Train; where training diverges before anything was measured, that is the run's result."""
    try:
        return train(store, settings, out, progress)
    except Diverged as error:
        run = RunFolder(out, read_settings(out))
        return run.finish({"diverged": str(error), "seconds": 0.0})


def on_shared_cores(
    work: Callable[..., Any], cores: CoreSlots, *arguments: Any, progress: Progress
) -> Any:
    """Return work(*arguments, progress=progress), holding a core of its own meanwhile.

    Work that takes `workers` may borrow the cores that are idle.
    """
    lent = {"workers": cores} if "workers" in inspect.signature(work).parameters else {}
    with cores.hold():
        return work(*arguments, progress=progress, **lent)
