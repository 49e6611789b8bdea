"""The paper's experiments, a module each: tasks(protocol) says what is to be run, section(results) what came out."""
import importlib

NAMES = ("fig2", "patches", "baseline", "grid", "layers", "fig3", "masks", "settings", "labels")


def experiment(name):
    """Return the module of one of NAMES."""
    return importlib.import_module("experiments.paper." + name)
