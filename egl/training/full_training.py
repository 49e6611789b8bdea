"""Training on all labelled samples by plain SGD: the baseline of the paper's Fig. 2."""

import time
from typing import Any, Callable, Dict, Iterator, List, Union

import numpy as np

from data_prep.geometry import ceil_div
from data_prep.random_streams import Stream, random_state
from data_prep.settings import check_kind
from data_prep.store import PatchStore
from egl.errors import Diverged
from egl.gradient_length.scorer import NetScorer
from egl.training.evaluation import Evaluator
from egl.training.provenance import open_run
from egl.training.run_files import read_metrics
from egl.training.settings import FullTrainingSettings
from egl.training.stopping import should_stop
from egl.training.trainer import Trainer

RandomOf = Callable[[int], np.random.RandomState]


def train(
    store: Union[str, PatchStore],
    settings: FullTrainingSettings,
    path: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Dict[str, Any]:
    """Train on the train split of a store; leave the run folder `path`, return its metrics.json.

    store: the store or its file. progress: called with the iterations done and to do. Evaluates
    and takes a snapshot after each epoch, or as settings.evaluate_every says; resumes from the last
    snapshot where the folder holds the same run's. Where training diverges, it ends with the
    evaluation before, and metrics.json says so in `diverged`; Diverged is raised only if there is
    none before.
    """
    check_kind(settings, FullTrainingSettings)
    settings.check()
    if isinstance(store, str):
        store = PatchStore(store)
    trainer_settings = settings.trainer
    run, normalisation = open_run(path, "train", settings, trainer_settings, store)
    if run.finished:
        return read_metrics(path)
    began = time.monotonic()
    samples = store.samples("train")
    # The last batch of an epoch reaches into the next one.
    per_epoch = ceil_div(len(samples), trainer_settings.batch)
    n_patches = len(np.unique(samples[:, 0]))
    n_images = len(np.unique(store.image[samples[:, 0]]))
    trainer = Trainer(trainer_settings, normalisation, path)
    scorer = NetScorer(trainer.score_prototxt, trainer.solver.net, normalisation)
    evaluator = Evaluator(store, scorer.posterior)
    kept = trainer.restore() or {"history": [], "rule": None, "seconds": 0.0}
    if "position" in kept:
        run.go_back_to(kept["position"])
    history, seconds_before, diverged = kept["history"], kept["seconds"], None
    source = batches(
        len(samples),
        trainer_settings.batch,
        lambda epoch: random_state(trainer_settings.seed, Stream.EPOCH, epoch),
        trainer.iteration,
    )
    total = settings.iterations or per_epoch * settings.epochs
    while trainer.iteration < total and not (settings.stop_early and kept["rule"]):
        steps = min(settings.evaluate_every or per_epoch, total - trainer.iteration)
        losses: List[float] = []
        try:
            for _ in range(steps):
                losses.append(trainer.step(*store.read(samples[next(source)])))
                if trainer.iteration in settings.keep_weights:
                    trainer.keep_weights()
                progress(trainer.iteration, total)
        except Diverged as error:
            if not history:
                raise
            diverged = str(error)
            break
        loss = float(np.mean(losses))
        evaluation = evaluator.evaluate(trainer.iteration, loss, n_patches, n_images)
        row = evaluation.row
        run.add_round(row, evaluation.predictions)
        run.write()
        history.append([row["train_loss"], row["val_loss"], row["val_accuracy"]])
        if not settings.evaluate_every and kept["rule"] is None and should_stop(history):
            kept["rule"] = len(history)
        kept.update(
            iterations=trainer.iteration,
            metrics=evaluation.metrics,
            position=run.position(),
            seconds=seconds_before + time.monotonic() - began,
        )
        trainer.snapshot(kept)
    return run.finish(
        {
            **kept["metrics"],
            "iterations": kept["iterations"],
            "epochs": kept["iterations"] // per_epoch,
            "stopping_rule_epoch": kept["rule"],
            "diverged": diverged,
            "seconds": round(seconds_before + time.monotonic() - began, 1),
        }
    )


def batches(n: int, size: int, random_of: RandomOf, start: int = 0) -> Iterator[np.ndarray]:
    """Yield batches without end: arrays of exactly `size` sample numbers below n.

    The samples pass by in one random order an epoch; random_of(epoch) gives its RandomState. A
    batch at the end of an epoch is filled from the next one, as Caffe's data layers do it. start:
    number of the first batch.
    """
    epoch, position = divmod(start * size, n)
    order = random_of(epoch).permutation(n)
    while True:
        batch = order[position : position + size]
        position += size
        while len(batch) < size:
            epoch += 1
            order = random_of(epoch).permutation(n)
            position = size - len(batch)
            batch = np.concatenate([batch, order[:position]])
        yield batch
