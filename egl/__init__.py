"""Expected gradient length with Caffe: the method of Otálora, Perdomo, González, Müller (2017).

The public names; importing them does not need Caffe, using most of them does.
"""

import importlib
from typing import Any, List

_WHERE = {
    "ArrayModel": "egl.array_query",
    "CaffeMissing": "egl.errors",
    "Diverged": "egl.errors",
    "EglError": "egl.errors",
    "GradientLength": "egl.gradient_length",
    "GradientLengths": "egl.gradient_length",
    "ImageScorer": "egl.gradient_length.maps",
    "NetError": "egl.errors",
    "NetScorer": "egl.gradient_length.scorer",
    "RunSettings": "egl.selection.settings",
    "SelectionSettings": "egl.selection.settings",
    "StrategyError": "egl.errors",
    "TrainerSettings": "egl.training.settings",
    "FullTrainingSettings": "egl.training.settings",
    "check_strategy": "egl.strategies",
    "find_strategy": "egl.strategies",
    "prototxt_path": "egl.nets.definition",
    "query": "egl.array_query",
    "read_model": "egl.training.model_folder",
    "select": "egl.selection.run",
    "strategy_names": "egl.strategies",
    "train": "egl.training.full_training",
    "weights_at": "egl.training.snapshots",
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `import egl` is quick."""
    if name not in _WHERE:
        raise AttributeError(f"module 'egl' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> List[str]:
    return __all__
