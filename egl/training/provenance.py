"""What else decides the numbers of a run, beside its settings; kept in its settings.json."""

from typing import Any, Dict

from data_prep import __version__
from data_prep.store import PatchStore
from egl.nets.runtime import blas_description, import_caffe

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
