"""The paper's Algorithms 1 and 2, without Caffe: what to score, choose and train on in which order.

Both take callables, so that they run against anything that trains and scores:

    train(chosen, earlier, iterations)  SGD on L_k, the samples chosen this round, and L', those chosen before; returns how
                               many iterations it took: `iterations`, or more where the chosen ones need more batches
    choose_patches(samples, k, earlier)  the k samples to label next: (places in `samples`, scores); earlier: those of L'
    choose_images(images, n, labelled)   the n images to label next: (places, scores); labelled: those that are (Algorithm 2)
    record(state, queries)     called after each round, with what was asked in it

Samples and images are integers. All that is random in a round comes from `random_of(iteration)`, a numpy RandomState
of that round's own: so the state of a run is what has been chosen so far, and nothing else needs to be kept.
"""

from typing import List, NamedTuple

import numpy as np

from egl.errors import EglError, PoolExhausted
from egl.selection.pool import Pool

AFTER_ROUND = ("accumulate", "replace")
SAMPLING = ("uniform", "stratified")


class SelectionSettings(NamedTuple):
    """The choices of the two algorithms. The paper gives the initial sizes; the rest it leaves open."""

    iterations: int = 60  # SGD iterations in all
    k: int = 32  # patches chosen a round: one batch
    after_round: str = "accumulate"  # "accumulate": a chosen sample joins L' and is not chosen again; "replace": L' is L_k alone
    candidates: int = (
        400  # samples scored a round, drawn at random from those that may be chosen; 0: all of them
    )
    sampling: str = "uniform"  # how they are drawn: all alike, or "stratified", as many from each image as can be
    candidate_images: int = 0  # Algorithm 2: images scored a round, drawn at random; 0: all
    initial_iterations: int = (
        6  # before the first choice: 6 in Fig. 2; Algorithm 1's initial model has 5
    )
    images_per_round: int = 1  # Algorithm 2: images labelled a round
    steps: int = 1  # SGD iterations a round: the first on L_k, room in a batch and further batches on random samples of L' + L_k

    def check(self):
        """Raise EglError for a value that cannot be meant."""
        if self.after_round not in AFTER_ROUND:
            raise EglError(
                "after_round {!r}: give one of {}".format(self.after_round, ", ".join(AFTER_ROUND))
            )
        if self.sampling not in SAMPLING:
            raise EglError(
                "sampling {!r}: give one of {}".format(self.sampling, ", ".join(SAMPLING))
            )
        if self.iterations < 1 or self.k < 1 or self.images_per_round < 1:
            raise EglError("iterations, k and images per round must be at least 1")
        if (
            self.initial_iterations < 1
            or self.steps < 1
            or self.candidates < 0
            or self.candidate_images < 0
        ):
            raise EglError(
                "initial iterations and steps must be at least 1, candidates and candidate images at least 0"
            )


class State(NamedTuple):
    """Where a run stands: SGD iterations done, images labelled (in order), samples chosen to train on (L', in order)."""

    iteration: int
    images: List[int]
    chosen: List[int]


class Query(NamedTuple):
    """One thing that was asked: kind "image" or "patch", which one, and the score it was chosen for (initial ones: nan)."""

    kind: str
    item: int
    score: float


def algorithm_1(
    n_samples, settings, random_of, train, choose_patches, record, stratum_of=None, state=None
):
    """Algorithm 1: choose patches. Trains on random batches first, then on the k patches that are chosen, round by round.

    n_samples: L is the samples 0 to n_samples - 1. state: where to go on (default: from the start). Returns the last State;
    ends early, with a last State of fewer iterations, when all samples have been chosen.
    """
    state = state or State(0, [], [])
    pool = Pool(range(n_samples), state.chosen if settings.after_round == "accumulate" else ())
    while state.iteration < settings.iterations:
        initial = state.iteration < settings.initial_iterations
        try:
            pool.require(settings.k)
        except PoolExhausted:
            break
        choose = None if initial else choose_patches
        queries = _choose_patches(
            np.array(pool.unlabelled),
            settings,
            random_of(state.iteration),
            choose,
            state.chosen,
            stratum_of,
        )
        state = _train_on(queries, state, settings, train)
        if settings.after_round == "accumulate":
            pool.reveal(query.item for query in queries)
        record(state, queries)
    return state


def algorithm_2(
    images,
    samples_of,
    initial_images,
    settings,
    random_of,
    train,
    choose_images,
    choose_patches,
    record,
    stratum_of=None,
    state=None,
):
    """Algorithm 2: choose images. Trains on the initial images' patches, then adds the image that is chosen each round,
    and trains on the k patches that Algorithm 1 chooses from all labelled images.

    images: all of them; samples_of(image): its labelled samples, asked for once it is labelled; an image's samples are labelled
    together. initial_images: the mu images of the start. state: where to go on. When every image is labelled, training
    goes on with patches alone; when fewer than k patches of the labelled images are left to choose, L' starts over and all of
    them may be chosen again. Returns the last State.
    """
    state = state or State(0, [], [])
    pool = Pool(images, state.images)
    while state.iteration < settings.iterations:
        initial = state.iteration < settings.initial_iterations
        random = random_of(state.iteration)
        queries = []
        if not pool.labelled:
            queries = [Query("image", image, float("nan")) for image in initial_images]
        elif not initial:
            queries = _choose_images(pool, settings, random, choose_images)
        pool.reveal(query.item for query in queries)
        state = state._replace(images=list(pool.labelled))
        labelled = np.concatenate([samples_of(image) for image in pool.labelled])
        if settings.after_round == "accumulate":
            left = np.setdiff1d(labelled, state.chosen)
            if len(left) < settings.k:
                state, left = state._replace(chosen=[]), labelled
            labelled = left
        choose = None if initial else choose_patches
        chosen = _choose_patches(
            np.sort(labelled), settings, random, choose, state.chosen, stratum_of
        )
        state = _train_on(chosen, state, settings, train)
        record(state, queries + chosen)
    return state


def sample_pool(items, n, random, strata=None):
    """Return n of `items` (m,), ascending, drawn at random: the remedy for a pool too large to be scored whole. n = 0: all.

    strata: (m,) labels; then each stratum gives as equal a number as it can. random: numpy RandomState.
    """
    if not 0 < n < len(items):
        return np.sort(items)
    shuffled = random.permutation(len(items))
    if strata is not None:
        # The first of every stratum, then the second of every one, and so on.
        turn = np.empty(len(items), int)
        for stratum in np.unique(strata):
            here = shuffled[strata[shuffled] == stratum]
            turn[here] = np.arange(len(here))
        shuffled = shuffled[np.argsort(turn[shuffled], kind="stable")]
    return np.sort(items[shuffled[:n]])


def _choose_images(pool, settings, random, choose):
    """Lines 4 to 9 of Algorithm 2: the images of highest interestingness."""
    if not pool.unlabelled:
        return []
    n = settings.candidate_images and max(settings.candidate_images, settings.images_per_round)
    candidates = sample_pool(np.array(pool.unlabelled), n, random)
    places, scores = choose(
        [int(image) for image in candidates], settings.images_per_round, list(pool.labelled)
    )
    return [
        Query("image", int(candidates[place]), float(score)) for place, score in zip(places, scores)
    ]


def _choose_patches(samples, settings, random, choose, earlier, stratum_of):
    """Lines 3 to 6 of Algorithm 1: shuffle, score, take the k highest. Without `choose` (the initial model): k at random."""
    if choose is None:
        return [
            Query("patch", int(sample), float("nan"))
            for sample in random.permutation(samples)[: settings.k]
        ]
    strata = stratum_of(samples) if settings.sampling == "stratified" else None
    candidates = sample_pool(
        samples, settings.candidates and max(settings.candidates, settings.k), random, strata
    )
    places, scores = choose(candidates, settings.k, earlier)
    return [
        Query("patch", int(candidates[place]), float(score)) for place, score in zip(places, scores)
    ]


def _train_on(queries, state, settings, train):
    """Line 7 of Algorithm 1. A round of the initial model is one iteration, whatever a later round has."""
    chosen = [query.item for query in queries if query.kind == "patch"]
    earlier = state.chosen if settings.after_round == "accumulate" else []
    iterations = 1 if state.iteration < settings.initial_iterations else settings.steps
    done = train(np.array(chosen, int), np.array(earlier, int), iterations)
    return state._replace(iteration=state.iteration + done, chosen=state.chosen + chosen)
