"""The paper's experiments, a module each, as experiments.frame describes it."""

import importlib
from types import ModuleType

from egl.errors import EglError

NAMES = (
    "fig2", "patches", "baseline", "lead", "readings", "grid", "layers", "fig3", "masks", "labels",
)  # fmt: skip
# How the default for SGD was found, and what the paper compares with or builds on: by name alone.
FURTHER = ("calibration", "strategies", "detector")


def experiment(name: str) -> ModuleType:
    """Return an experiment's module: one of NAMES or FURTHER, or any other as package.module.

    EglError where there is none of that name, or it is no experiment.
    """
    if name in NAMES + FURTHER:
        return importlib.import_module("experiments.paper." + name)
    if "." not in name:
        known = ", ".join(NAMES + FURTHER)
        raise EglError(f"experiment {name!r}: give one of {known}, or a module as package.module")
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise EglError(f"experiment {name!r}: cannot be imported ({error})") from error
    lacking = [part for part in ("tasks", "measure", "draw") if not hasattr(module, part)]
    if lacking:
        raise EglError(
            f"experiment {name!r}: has no {lacking[0]}(); experiments/frame.py says what one needs"
        )
    return module
