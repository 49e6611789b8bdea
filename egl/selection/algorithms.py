"""The paper's Algorithms 1 and 2. The numbers at the margin are the paper's lines.

    model      trains on labelled samples, scores patches and photographs   egl.selection.model
    pool       what is labelled and what is not                             egl.selection.pool
    oracle     gives the labels                                             egl.selection.oracles
    strategy   names what to label next: EGL, random choice, ...            egl.strategies

Samples (patches) and images are integers. `run` keeps the clock, the records and the snapshots; all
that is random in a round comes from run.random(), so the state of a run is what was chosen so far.
"""

from typing import List, NamedTuple, Optional

import numpy as np

from egl.selection.interfaces import Oracle, RunKeeper, TrainableModel
from egl.selection.pool import Pool, TrainingSet
from egl.selection.queries import UNSCORED, Query
from egl.strategies.base import Bags, Choice, Strategy


class Strategies(NamedTuple):
    """What chooses images, and what chooses patches."""

    images: Strategy
    patches: Strategy


def algorithm_1(
    model: TrainableModel,
    pool: Pool,
    training: TrainingSet,
    oracle: Oracle,
    strategy: Strategy,
    run: RunKeeper,
) -> None:
    """Choose patches to label, from the pool L, and train on them.

    The first rounds make the initial model, on random patches. Ends early when fewer than k patches
    are left.
    """
    settings = run.settings.selection
    while run.goes_on() and pool.has(settings.k):  # 1  while not converged
        samples = np.array(pool.unlabelled, int)
        queries = choose_patches(samples, training, strategy, run)  # 2-6  L_k
        chosen = [query.item for query in queries]
        training.add(chosen, oracle.label_patches(chosen))  # the expert labels L_k
        update(model, chosen, training, run)  # 7  update M using L' + L_k
        if settings.after_round == "accumulate":
            pool.reveal(chosen)
        run.record(queries)


def algorithm_2(
    model: TrainableModel,
    pool: Pool,
    training: TrainingSet,
    oracle: Oracle,
    strategies: Strategies,
    bags: Bags,
    run: RunKeeper,
) -> None:
    """Choose images to label, from the pool T, and train on the patches that Algorithm 1 chooses.

    When every image is labelled, training goes on with patches alone. When fewer than k patches of
    the labelled images are left to choose, L' starts over and all of them may be chosen again.
    """
    settings = run.settings.selection
    while run.goes_on():  # 3  while not converged
        images: List[Query] = []
        if not pool.labelled:  # 1-2  mu random images
            images = [Query("image", image, UNSCORED) for image in run.initial_images]
        elif not run.initial and pool.unlabelled:  # 4-8  those of highest interestingness
            images = choose_images(pool, strategies.images, bags, run)
        for query in images:  # 9  the labelled patches of the image join L_mu
            training.add(*oracle.label_image(query.item))
            pool.reveal([query.item])
        samples = training.labelled
        if settings.after_round == "accumulate":
            samples = np.setdiff1d(samples, training.chosen)
            if len(samples) < settings.k:
                training.chosen, samples = [], training.labelled
        # 10  update M with the k patches that Algorithm 1 selects from L_mu
        patches = choose_patches(samples, training, strategies.patches, run)
        update(model, [query.item for query in patches], training, run)
        run.record(images + patches)


def choose_patches(
    samples: np.ndarray, training: TrainingSet, strategy: Strategy, run: RunKeeper
) -> List[Query]:
    """Lines 2 to 6 of Algorithm 1: shuffle, score, and take the k highest, L_k.

    samples: ascending, those that may be chosen. For the initial model, k at random.
    """
    settings, random = run.settings.selection, run.random()
    if run.initial:
        drawn = random.permutation(samples)[: settings.k]
        return [Query("patch", int(sample), UNSCORED) for sample in drawn]
    strata = training.image_of(samples) if settings.sampling == "stratified" else None
    limit = _limit(settings.candidates, settings.k)
    candidates = sample_pool(samples, limit, random, strata)
    choice = strategy.query_patches(
        training.patches(candidates), settings.k, lambda: training.patches(training.chosen)
    )
    return _queries("patch", candidates, choice)


def choose_images(pool: Pool, strategy: Strategy, bags: Bags, run: RunKeeper) -> List[Query]:
    """Lines 4 to 8 of Algorithm 2: score every image not labelled yet, and take the highest."""
    settings = run.settings.selection
    limit = _limit(settings.candidate_images, settings.images_per_round)
    candidates = sample_pool(np.array(pool.unlabelled, int), limit, run.random())
    choice = strategy.query_images(
        candidates.tolist(), settings.images_per_round, bags, list(pool.labelled)
    )
    return _queries("image", candidates, choice)


def update(model: TrainableModel, chosen: List[int], training: TrainingSet, run: RunKeeper) -> None:
    """Line 7 of Algorithm 1. A round of the initial model is one iteration, as it has no choice.

    L' accumulates what was chosen before; with after_round "replace" it is empty.
    """
    settings = run.settings.selection
    earlier = training.chosen if settings.after_round == "accumulate" else []
    model.update(chosen, training, earlier, 1 if run.initial else settings.steps)
    training.chosen = training.chosen + chosen


def sample_pool(
    items: np.ndarray, n: int, random: np.random.RandomState, strata: Optional[np.ndarray] = None
) -> np.ndarray:
    """Return n of `items` (m,) drawn at random, ascending; n = 0: all of them.

    It makes a pool that is too large to be scored whole small enough. strata: (m,) labels; each
    stratum then gives as equal a number as it can.
    """
    if not 0 < n < len(items):
        return np.sort(items)
    shuffled = random.permutation(len(items))
    if strata is not None:
        # The first of every stratum, then the second of every stratum, and so on.
        turn = np.empty(len(items), int)
        for stratum in np.unique(strata):
            members = shuffled[strata[shuffled] == stratum]
            turn[members] = np.arange(len(members))
        shuffled = shuffled[np.argsort(turn[shuffled], kind="stable")]
    return np.sort(items[shuffled[:n]])


def _limit(candidates: int, wanted: int) -> int:
    """Return how many candidates are scored, never fewer than are wanted; 0: all."""
    return max(candidates, wanted) if candidates else 0


def _queries(kind: str, candidates: np.ndarray, choice: Choice) -> List[Query]:
    return [
        Query(kind, int(candidates[index]), float(score))
        for index, score in zip(choice.indices, choice.scores)
    ]
