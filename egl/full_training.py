"""Training on all labelled samples by plain SGD: the baseline of the paper's Fig. 2, with what it watched throughout."""
import time
from typing import NamedTuple

import numpy as np

from egl.convergence import should_stop
from egl.errors import EglError
from egl.evaluation import Evaluator
from egl.run_folder import RunFolder, read_metrics
from egl.trainer import Trainer, TrainerSettings


class FullTrainingSettings(NamedTuple):
    """The baseline's choices. 30 epochs is the paper's; with `stop_early` its stopping rule may end them sooner."""

    trainer: TrainerSettings = TrainerSettings()
    epochs: int = 30
    stop_early: bool = False


def batches(n, size, random_of, start=0):
    """Yield batches, int arrays of exactly `size` sample numbers below n, from batch number `start` on, without end.

    The samples pass by in one random order an epoch, `random_of(epoch)` giving its RandomState; a batch at the end of an
    epoch is filled from the next one, as Caffe's data layers do.
    """
    first = start * size
    epoch, place = divmod(first, n)
    order = random_of(epoch).permutation(n)
    while True:
        batch = order[place : place + size]
        place += size
        while len(batch) < size:
            epoch += 1
            order = random_of(epoch).permutation(n)
            place = size - len(batch)
            batch = np.concatenate([batch, order[:place]])
        yield batch


def train(data, settings, path, about=None, progress=lambda done, total: None):
    """Train on the train split of `data` and leave the run folder `path`; return the content of its metrics.json.

    data: a patch store (see data_prep.store.PatchStore: samples, read, mean, image). about: dict that goes into
    settings.json beside the settings. progress: called with the iterations done and to do. Evaluates and takes a snapshot
    after each epoch; goes on from the last one if the folder holds the same run's.
    """
    if settings.epochs < 1:
        raise EglError("epochs must be at least 1")
    run = RunFolder(path, dict(settings._asdict(), trainer=settings.trainer._asdict(), about=about, kind="train"))
    if run.finished:
        return read_metrics(path)
    began = time.time()
    samples = data.samples("train")
    size = settings.trainer.batch
    per_epoch = -(-len(samples) // size)  # the last batch of an epoch reaches into the next one
    trainer = Trainer(settings.trainer, data.mean, path)
    evaluator = Evaluator(data, trainer)
    extra = trainer.restore() or {"history": [], "losses": [], "seconds": 0.0, "position": None, "rule": None}
    if extra["position"]:
        run.go_back_to(extra["position"])
    history, before = extra["history"], extra["seconds"]
    n_patches, n_images = len(np.unique(samples[:, 0])), len(np.unique(data.image[samples[:, 0]]))

    def random_of(epoch):
        return np.random.RandomState([settings.trainer.seed, 10, epoch])

    source = batches(len(samples), size, random_of, trainer.iteration)
    rule = extra["rule"]  # the epoch after which the paper's rule says stop
    while len(history) < settings.epochs and not (settings.stop_early and rule):
        losses = []
        for _ in range(per_epoch):
            losses.append(trainer.step(*data.read(samples[next(source)])))
            progress(trainer.iteration, per_epoch * settings.epochs)
        row, predictions, metrics = evaluator.evaluate(trainer.iteration, float(np.mean(losses)), n_patches, n_images)
        run.add_round(row, predictions)
        run.write()
        history.append([row["train_loss"], row["val_loss"], row["val_accuracy"]])
        if rule is None and should_stop(history):
            rule = len(history)
        seconds = before + time.time() - began
        trainer.snapshot({"history": history, "seconds": seconds, "position": run.position(), "rule": rule, "metrics": metrics})
        extra["metrics"] = metrics
    result = dict(extra["metrics"], iterations=trainer.iteration, epochs=len(history), stopping_rule_epoch=rule)
    run.finish(dict(result, seconds=round(before + time.time() - began, 1)))
    return read_metrics(path)
