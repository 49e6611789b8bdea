"""The three pieces of work that the commands share, each a function that a child process can run."""

from data_prep import __version__
from data_prep.store import PatchStore
from data_prep.stored_photographs import StoredPhotographs
from egl.errors import Diverged
from egl.nets.runtime import blas_description, import_caffe
from egl.selection.run import select as run_selection
from egl.training import full_training
from egl.training.run_folder import RunFolder, read_settings


def train(store, settings, out, progress):
    """Train on everything (egl.training.full_training) and return its metrics."""
    data = PatchStore(store)
    return full_training.train(data, settings, out, _about(data), progress)


def train_or_diverge(store, settings, out, progress):
    """As train; training that diverges before anything was measured ends the run with that as its result."""
    try:
        return train(store, settings, out, progress)
    except Diverged as error:
        metrics = {"diverged": str(error), "seconds": 0.0}
        RunFolder(out, read_settings(out)).finish(metrics)
        return metrics


def select(store, settings, out, images=None, workers=1, *, progress):
    """Run Algorithm 1 or 2 (egl.selection.run) and return its metrics.

    images: the data set's folder, None: where it was; workers: processes that score
    """
    data = PatchStore(store)
    photographs = StoredPhotographs(data, images)
    return run_selection(data, settings, out, photographs, _about(data), workers, progress=progress)


def _about(data):
    """Return what else decides a run's numbers: the store's own settings, the versions, the BLAS and its threads."""
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
