"""A model that learns from what people answered, measured on patients who are kept out."""

import os
from dataclasses import replace
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

from data_prep import split as splits
from data_prep.errors import DataError
from data_prep.prepare import prepare
from data_prep.prepare_settings import PrepareSettings
from data_prep.random_streams import Stream, random_state
from data_prep.store import PatchStore
from egl.gradient_length.scorer import NetScorer
from egl.training.evaluation import posterior_of
from egl.training.full_training import train
from egl.training.metrics import classification_metrics
from egl.training.model_folder import TrainedModel, model_of_run, read_model, write_model
from egl.training.settings import FullTrainingSettings, TrainerSettings
from labelling.learn_settings import LearnSettings
from labelling.mixing import mix
from labelling.pool import Pool

OWN = "own"  # the pool's patients in the mixture: the pool's file may be renamed
Progress = Callable[[int, int], None]


class Learnt(NamedTuple):
    """What was learnt: answers and minutes it took, measures on kept-out patients before and after.

    problems: of photographs that were left out
    """

    answers: int
    minutes: float
    before: Dict[str, float]
    after: Dict[str, float]
    n_kept_out: int
    problems: List[str]


def learn(
    pool_path: str,
    model_path: str,
    out: str,
    work: str,
    settings: LearnSettings,
    sources: Sequence[str] = (),
    device: str = "cpu",
    progress: Progress = lambda done, total: None,
) -> Learnt:
    """Go on training a model on a pool's answers; leave the new model in the folder `out`.

    model_path: a model folder or a run folder; sources: data sets to learn from as well, so that
    what is known is not forgotten; work: a folder for what is needed meanwhile, the caller's to
    remove. A patient who was once kept out for validation or test stays so. Adds a line to the
    pool's history of models. Raises DataError for a pool with too few answers, EglError for a model
    that cannot be read.
    """
    settings.check()
    parent = read_model(model_path)
    with Pool(pool_path) as pool:
        # Now: people may answer more while it learns.
        answers, minutes = pool.answers.n_teaching(), pool.minutes_used
        store, problems = _store(pool, parent, work, settings, sources)
        run = os.path.join(work, "run")
        trainer = TrainerSettings(
            solver=parent.solver,
            score_net=parent.score_prototxt,
            seed=settings.seed,
            rate=settings.rate,
            weights=os.path.abspath(model_path),
            device=device,
        )
        training = FullTrainingSettings(
            trainer,
            stop_early=False,
            iterations=settings.iterations,
            evaluate_every=settings.iterations,
        )
        metrics = train(store, training, run, progress)
        if metrics["diverged"]:
            raise DataError(f"{metrics['diverged']}: give a lower --rate")
        test = splits.NAMES.index("test")
        kept_out = sorted({row.patient for row in store.images if row.split == test})
        child = replace(
            model_of_run(run, parent.field_width),
            name=parent.name,
            licence=parent.licence,
            stop_layer=parent.stop_layer,
            kept_out=tuple(kept_out),
            about=f"{parent.about} Then trained on {answers} answered photographs, which took "
            f"people {minutes:.0f} minutes, for {settings.iterations} iterations.",
        )
        written = write_model(child, out)
        pool.rankings.add_model(
            written.sha256,
            os.path.abspath(out),
            pool.rankings.model(parent.sha256, os.path.abspath(model_path)),
            answers,
            minutes,
            metrics["test"]["f_measure"],
            metrics["test"]["auc"],
        )
    before = _measured(parent, store)
    return Learnt(answers, minutes, before, metrics["test"], len(kept_out), problems)


def _store(
    pool: Pool, parent: TrainedModel, work: str, settings: LearnSettings, sources: Sequence[str]
) -> Tuple[PatchStore, List[str]]:
    """Return a store of the answers and sources, at the model's scale."""
    problems: List[DataError] = []
    folder = os.path.join(work, "photographs")
    names = [OWN, *(f"source{number}" for number in range(1, len(sources) + 1))]
    mixed = mix([pool.path, *sources], folder, parent.field_width, problems.append, names=names)
    n_lesion = sum(mixed.lesion.values())
    if n_lesion < len(splits.NAMES):
        raise DataError(
            f"{pool.path}: {n_lesion} patients with exudates were answered, and three are needed, "
            "for training, validation and test: answer more, or give a data set with --with"
        )
    random = random_state(settings.seed, Stream.SPLIT)
    split_of = splits.deal_out_more(pool.fact("splits", {}), mixed.lesion, random)
    pool.note("splits", {**pool.fact("splits", {}), **split_of})
    store, left_out = prepare(
        folder,
        os.path.join(work, "store.h5"),
        PrepareSettings(seed=settings.seed),
        skip_bad=True,
        progress=False,
        split_of=split_of,
    )
    return store, [str(problem) for problem in problems + left_out]


def _measured(model: TrainedModel, store: PatchStore) -> Dict[str, Any]:
    """Return the measures of a model on the test samples of a store."""
    samples = store.samples("test")
    scorer = NetScorer(model.score_prototxt, model.weights, model.normalisation)
    posterior = posterior_of(store, samples, scorer.posterior)
    return classification_metrics(posterior, store.labels[samples[:, 0]])
