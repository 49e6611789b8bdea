"""The paper's open choices: which of them decide whether EGL is ahead of random choice (C1, C2)."""
from experiments import work
from experiments.paper import fig2
from experiments.tasks import Task

# Variant: (what changes in the selection, in the trainer, in the rest of the run, and whether random choice changes too).
VARIANTS = {
    "image score: mean": ({}, {}, {"score": "mean"}, False),
    "image score: top 5": ({}, {}, {"score": "top5"}, False),
    "L' replaced": ({"after_round": "replace"}, {}, {}, True),
    "no momentum, no decay": ({}, {"momentum": 0.0, "weight_decay": 0.0}, {}, True),
    "stride 48": ({}, {}, {"stride": 48}, False),
    "k = 16": ({"k": 16}, {}, {}, True),
    "k = 64": ({"k": 64}, {}, {}, True),
    "every patch of an image": ({}, {}, {"labelled": "grid"}, True),
}
ARMS = ("random", "egl")


def name(variant, arm, seed):
    """Return the name of an arm's run; where a variant does not touch random choice, that is Fig. 2's."""
    if arm == "random" and not VARIANTS[variant][3]:
        return fig2.name("all", arm, seed)
    words = "-".join("".join(c if c.isalnum() else " " for c in variant).lower().split())
    return f"settings-{words}-{arm}-seed{seed:02d}"


def tasks(protocol):
    """Return {name: Task}: for each variant and seed an arm by EGL and one at random; and Fig. 2's, with which they compare."""
    whole = fig2.tasks(protocol)
    result = {}
    for seed in range(1, protocol.seeds + 1):
        for arm in ARMS:
            default = whole[fig2.name("all", arm, seed)]
            result[fig2.name("all", arm, seed)] = default
            for variant, (selection, trainer, rest, _) in VARIANTS.items():
                settings = default.settings
                settings = settings._replace(
                    selection=settings.selection._replace(iterations=protocol.settings_iterations, **selection),
                    trainer=settings.trainer._replace(**trainer),
                    keep_weights=(),
                    **rest,
                )
                result.setdefault(name(variant, arm, seed), Task(work.select, "all", settings))
    return result
