"""Plain SGD on all labels: loss and accuracy over time, and what the net can do in the end."""
from egl.full_training import FullTrainingSettings
from experiments import work
from experiments.tasks import Task

KEPT = (30, 100, 300, 1000, 3000, 10000)  # iterations whose weights are kept, for Fig. 3


def name(seed):
    """Return the name of a seed's run."""
    return f"baseline-seed{seed:02d}"


def tasks(protocol):
    """Return {name: Task}, one a seed. The paper's stopping rule is noted, and does not end a run."""
    result = {}
    for seed in range(1, protocol.baseline_seeds + 1):
        trainer = protocol.images.trainer._replace(seed=seed)
        settings = FullTrainingSettings(trainer, protocol.epochs, stop_early=False, keep_weights=KEPT)
        result[name(seed)] = Task(work.train, "all", settings)
    return result
