"""Where the backward pass stops: how phi, what it ranks highest, and what a net learns from its choices depend on it."""
from experiments import work
from experiments.paper import patches
from experiments.tasks import Task

# Name: (stop_layer, parameters). The paper's is ip1.
STOPS = {"ip2": ("ip2", "layer"), "ip1": ("ip1", "layer"), "conv2": ("conv2", "layer"), "conv1": ("conv1", "layer"), "all": ("conv1", "above")}


def name(stop, seed):
    """Return the name of a run of Algorithm 1 with that stop; the paper's is the EGL arm of `patches`."""
    return patches.name("egl", seed) if stop == "ip1" else f"layers-{stop}-seed{seed:02d}"


def tasks(protocol):
    """Return {name: Task}: for each stop and seed a run of Algorithm 1."""
    whole = patches.tasks(protocol)
    result = {}
    for seed in range(1, protocol.seeds + 1):
        default = whole[patches.name("egl", seed)]
        result[patches.name("egl", seed)] = default
        for stop, (layer, parameters) in STOPS.items():
            settings = default.settings._replace(stop_layer=layer, parameters=parameters, keep_weights=())
            result.setdefault(name(stop, seed), Task(work.select, "all", settings))
    return result
