"""Algorithm 1: patches chosen by EGL or at random, against plain SGD on everything; by batches and by labels."""
from egl.full_training import FullTrainingSettings
from experiments import work
from experiments.tasks import Task

ARMS = ("egl", "random", "sgd")


def name(arm, seed):
    """Return the name of an arm's run."""
    return f"patches-{arm}-seed{seed:02d}"


def tasks(protocol):
    """Return {name: Task}: for each seed EGL, random choice, and plain SGD for as many iterations."""
    settings, result = protocol.patches, {}
    for seed in range(1, protocol.seeds + 1):
        trainer = settings.trainer._replace(seed=seed)
        for arm in ("egl", "random"):
            chosen = settings._replace(strategy=arm, trainer=trainer)
            if arm == "egl":
                chosen = chosen._replace(keep_weights=kept(protocol))
            result[name(arm, seed)] = Task(work.select, "all", chosen)
        plain = FullTrainingSettings(
            trainer, stop_early=False, iterations=settings.selection.iterations, evaluate_every=settings.evaluate_every
        )
        result[name("sgd", seed)] = Task(work.train, "all", plain)
    return result


def kept(protocol):
    """Return the iterations whose weights the EGL arm keeps: after the initial model, a fifth of the way, and at the end."""
    selection = protocol.patches.selection
    rounds = -(-(selection.iterations - selection.initial_iterations) // selection.steps)
    fifth = selection.initial_iterations + max(1, rounds // 5) * selection.steps
    return (selection.initial_iterations, fifth, selection.initial_iterations + rounds * selection.steps)
