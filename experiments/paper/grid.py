"""Learning rates and batch sizes: the same number of samples for all, F on the test patches (the paper's grid search)."""
from egl.full_training import FullTrainingSettings
from experiments import work
from experiments.tasks import Task


def name(rate, batch, seed):
    """Return the name of a cell's run."""
    return f"grid-rate{rate:g}-batch{batch}-seed{seed:02d}"


def tasks(protocol):
    """Return {name: Task}: for each rate, batch size and seed a plain SGD run over the same number of samples."""
    samples = protocol.grid_epochs * 2 * protocol.prepare.n_train
    result = {}
    for seed in range(1, protocol.seeds + 1):
        for rate in protocol.grid_rates:
            for batch in protocol.grid_batches:
                trainer = protocol.images.trainer._replace(seed=seed, rate=rate, batch=batch)
                n = max(1, round(samples / batch))
                settings = FullTrainingSettings(trainer, stop_early=False, iterations=n, evaluate_every=n)
                result[name(rate, batch, seed)] = Task(work.train_or_diverge, "all", settings)
    return result
