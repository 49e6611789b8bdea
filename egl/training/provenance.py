"""A run folder opened with all that decides its numbers, kept in its settings.json."""

import os
from typing import Any, Dict, Tuple

from data_prep import __version__
from data_prep.normalisation import Normalisation
from data_prep.settings import as_dict
from data_prep.store import PatchStore
from egl.nets.runtime import blas_description, import_caffe
from egl.training.model_folder import read_model
from egl.training.run_folder import RunFolder
from egl.training.settings import TrainerSettings

_OF_NO_NUMBER = ("folder", "notes", "left_out")


def about(store: PatchStore) -> Dict[str, Any]:
    """Return the versions, the BLAS, and how the store was made."""
    attributes = {
        name: value for name, value in sorted(store.attributes.items()) if name not in _OF_NO_NUMBER
    }
    return {
        "version": __version__,
        "caffe": import_caffe().__version__,
        "blas": blas_description(),
        "store": attributes,
    }


def open_run(
    path: str, kind: str, settings: Any, trainer: TrainerSettings, store: PatchStore
) -> Tuple[RunFolder, Normalisation]:
    """Open or make the folder of a run, and return it with how the run normalises pixels.

    kind: "train" or "select"; settings: a dataclass; trainer: the part of it for SGD. Raises
    EglError where the folder holds another run.
    """
    normalisation = Normalisation.of(trainer.scaling, store.mean, trainer.factor)
    if trainer.weights is not None and not os.path.isfile(trainer.weights):
        normalisation = read_model(trainer.weights).normalisation
    kept = {
        **as_dict(settings),
        "about": about(store),
        "kind": kind,
        "normalisation": normalisation.as_dict(),
    }
    return RunFolder(path, kept), normalisation
