"""The paper's experiments, a module each: tasks(protocol) says what is to be run, section(results) what came out."""

import importlib

NAMES = ("fig2", "patches", "baseline", "grid", "layers", "fig3", "masks", "settings", "labels")
FURTHER = (
    "strategies",
    "detector",
)  # what the paper compares with or builds on; run when asked for by name


def experiment(name):
    """Return the module of one of NAMES or FURTHER."""
    return importlib.import_module("experiments.paper." + name)
