"""The pieces of work that the commands share, each a function that a child process can run."""

from typing import Any, Callable, Dict

from egl.errors import Diverged
from egl.selection.run import select
from egl.training.full_training import train
from egl.training.run_files import read_settings
from egl.training.run_folder import RunFolder
from egl.training.settings import FullTrainingSettings

__all__ = ["select", "train", "train_or_diverge"]

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
