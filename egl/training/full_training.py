"""Training on all labelled samples by plain SGD: the baseline of the paper's Fig. 2, with what it watched throughout."""

import time
from typing import NamedTuple

import numpy as np

from egl.errors import Diverged, EglError
from egl.training.evaluation import Evaluator
from egl.training.run_folder import RunFolder, read_metrics
from egl.training.stopping import should_stop
from egl.training.trainer import Trainer, TrainerSettings


class FullTrainingSettings(NamedTuple):
    """The baseline's choices: the paper's 30 epochs, or fewer by its stopping rule."""

    trainer: TrainerSettings = TrainerSettings()
    epochs: int = 30
    stop_early: bool = True  # whether the stopping rule ends training, or is only noted
    iterations: int = 0  # end after so many SGD iterations; 0: epochs decide
    evaluate_every: int = (
        0  # SGD iterations; 0: after each epoch, which is what the stopping rule judges
    )
    keep_weights: tuple = ()  # SGD iterations after which the weights are kept for good, in RUN/weights

    def check(self):
        """Raise EglError for a value that cannot be meant."""
        if self.epochs < 1:
            raise EglError("epochs must be at least 1")
        if self.iterations < 0 or self.evaluate_every < 0:
            raise EglError("iterations and evaluate_every must be at least 0")
        if self.stop_early and self.evaluate_every:
            raise EglError(
                "the stopping rule judges epochs: with evaluate_every, give stop_early False"
            )


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
    after each epoch, or as settings.evaluate_every says; goes on from the last snapshot if the folder holds the same run's.
    Where training diverges, it ends with the evaluation before, and metrics.json says so in `diverged`; Diverged is raised
    only if there is none before.
    """
    settings.check()
    run = RunFolder(
        path,
        dict(settings._asdict(), trainer=settings.trainer._asdict(), about=about, kind="train"),
    )
    if run.finished:
        return read_metrics(path)
    began = time.time()
    samples = data.samples("train")
    size = settings.trainer.batch
    per_epoch = -(-len(samples) // size)  # the last batch of an epoch reaches into the next one
    n_patches, n_images = len(np.unique(samples[:, 0])), len(np.unique(data.image[samples[:, 0]]))
    trainer = Trainer(settings.trainer, data.mean, path)
    evaluator = Evaluator(data, trainer)
    kept = trainer.restore() or {"history": [], "rule": None, "seconds": 0.0}
    if "position" in kept:
        run.go_back_to(kept["position"])
    history, before, diverged = kept["history"], kept["seconds"], None

    def random_of(epoch):
        return np.random.RandomState([settings.trainer.seed, 10, epoch])

    source = batches(len(samples), size, random_of, trainer.iteration)
    total = settings.iterations or per_epoch * settings.epochs
    while trainer.iteration < total and not (settings.stop_early and kept["rule"]):
        losses = []
        try:
            for _ in range(min(settings.evaluate_every or per_epoch, total - trainer.iteration)):
                losses.append(trainer.step(*data.read(samples[next(source)])))
                if trainer.iteration in settings.keep_weights:
                    trainer.keep_weights()
                progress(trainer.iteration, total)
        except Diverged as error:
            if not history:
                raise
            diverged = str(error)
            break
        row, predictions, metrics = evaluator.evaluate(
            trainer.iteration, float(np.mean(losses)), n_patches, n_images
        )
        run.add_round(row, predictions)
        run.write()
        history.append([row["train_loss"], row["val_loss"], row["val_accuracy"]])
        if not settings.evaluate_every and kept["rule"] is None and should_stop(history):
            kept["rule"] = len(history)
        kept["iterations"] = trainer.iteration
        kept.update(metrics=metrics, position=run.position(), seconds=before + time.time() - began)
        trainer.snapshot(kept)
    result = {
        "iterations": kept["iterations"],
        "epochs": kept["iterations"] // per_epoch,
        "stopping_rule_epoch": kept["rule"],
        "diverged": diverged,
        "seconds": round(before + time.time() - began, 1),
    }
    run.finish(dict(kept["metrics"], **result))
    return read_metrics(path)
