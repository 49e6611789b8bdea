"""Algorithms 1 and 2 with Caffe: a trainer, the phi of its present weights, and a run folder that keeps what happened."""

import time
from typing import NamedTuple

import numpy as np

from egl.errors import Diverged, EglError
from egl.selection.algorithms import SelectionSettings, State, algorithm_1, algorithm_2
from egl.selection.model import Learner
from egl.selection.samples import GridSamples, StoreSamples
from egl.strategies import STRATEGIES, WITH_COMMITTEE
from egl.strategies.committee import Committee
from egl.strategies.ranking import check_reduction
from egl.training.evaluation import Evaluator
from egl.training.run_folder import RunFolder, read_metrics
from egl.training.trainer import Trainer, TrainerSettings

BY = ("image", "patch")
LABELLED = ("store", "grid")
SNAPSHOT_EVERY = 10  # rounds; a snapshot is 16 MB

# What a run draws random numbers for. Each use has numbers of its own, so the two strategies begin with the same images
# and batches, and a run that goes on draws what it would have drawn. 22, 23, and those from 40 on, are the strategies'.
_INITIAL, _ROUND, _GRID, _FILL = 20, 21, 24, 25


class RunSettings(NamedTuple):
    """One arm of an experiment. Where the paper leaves a choice open, the default is the first one named in docs/files.md."""

    by: str = "image"  # "image": Algorithm 2; "patch": Algorithm 1
    strategy: str = "egl"  # what chooses images, and patches unless patch_strategy says otherwise: of egl.strategies.STRATEGIES
    patch_strategy: str = ""  # for the patches alone; "" as strategy
    selection: SelectionSettings = SelectionSettings()
    trainer: TrainerSettings = TrainerSettings()
    initial_images: int = (
        4  # mu; half of them with exudates, so that there are two classes to begin with
    )
    stop_layer: str = "ip1"  # the backward pass ends here: the first fully connected layer
    parameters: str = (
        "layer"  # whose gradient counts: of the stop "layer", or of all from there up, "above"
    )
    route: str = "auto"  # how phi is computed: see egl.gradient_length.phi
    score: str = "sum"  # of an image's phi: "sum", "mean" or "topN"
    stride: int = 24  # pixels between the patches by which an image is scored
    image_patches: int = (
        32  # of these, how many are scored, drawn at random once; 0: all, as in the paper
    )
    labelled: str = "store"  # the patches of a labelled image: those of the "store", or all of its "grid", by its mask
    evaluate_every: int = 1  # SGD iterations
    keep_weights: tuple = ()  # SGD iterations after which the weights are kept for good, in RUN/weights

    def check(self):
        """Raise EglError for a value that cannot be meant."""
        self.selection.check()
        check_reduction(self.score)
        if self.by not in BY:
            raise EglError("by {!r}: give one of {}".format(self.by, ", ".join(BY)))
        for strategy in (self.strategy, self.patch_strategy or self.strategy):
            if strategy not in STRATEGIES:
                raise EglError(
                    "strategy {!r}: give one of {}".format(strategy, ", ".join(STRATEGIES))
                )
        if self.labelled not in LABELLED:
            raise EglError(
                "labelled {!r}: give one of {}".format(self.labelled, ", ".join(LABELLED))
            )
        if (
            self.initial_images < 2
            or self.stride < 1
            or self.image_patches < 0
            or self.evaluate_every < 1
        ):
            raise EglError(
                "initial images must be at least 2, stride and evaluate_every at least 1, image patches at least 0"
            )

    def as_dict(self):
        """Return all settings as nested dicts, for JSON."""
        return dict(
            self._asdict(), selection=self.selection._asdict(), trainer=self.trainer._asdict()
        )


def initial_images(lesion, n, random):
    """Return n random images of those in `lesion` (dict image -> has exudates), half of them (rounded up) with exudates.

    Where there are too few of one kind, the other fills up. Raises EglError if there are fewer than n, or none with exudates.
    """
    with_lesion = sorted(image for image in lesion if lesion[image])
    without = sorted(image for image in lesion if not lesion[image])
    if n > len(lesion) or not with_lesion:
        raise EglError(
            f"{n} initial images asked for; the store's training split has {len(lesion)}, {len(with_lesion)} with exudates"
        )
    n_lesion = min(len(with_lesion), max(n - n // 2, n - len(without)))
    return [int(x) for x in random.permutation(with_lesion)[:n_lesion]] + [
        int(x) for x in random.permutation(without)[: n - n_lesion]
    ]


class Bags:
    """Photographs as bags of the patches by which they are scored."""

    def __init__(self, photographs, stride, most, random_of):
        """most: patches of an image that are scored, drawn once by random_of(image); 0: all of its grid."""
        self._photographs, self._stride, self.most, self._random_of = (
            photographs,
            stride,
            most,
            random_of,
        )
        self._kept = {}

    def of(self, image):
        """Return (patches uint8 n x 3 x 48 x 48, how many its whole grid has) of an image, by its number."""
        if image in self._kept:
            return self._kept[image]
        bag = self._photographs.patches(image, self._stride, self.most, self._random_of(image))
        if self.most:
            self._kept[image] = bag
        return bag

    def whole(self, image):
        """Return (photograph uint8 H x W x 3, field of view bool H x W) of an image."""
        return self._photographs.view(image)


class Selection:
    """One run of Algorithm 1 or 2 on a store. Everything it changes is its own: two runs in one process share nothing."""

    def __init__(self, data, settings, path, photographs, about=None):
        """data: a patch store (data_prep.store.PatchStore); path: the run folder; about: dict for settings.json.

        photographs: the store's photographs by number (data_prep.stored_photographs.StoredPhotographs): patches(image, stride,
        most, random) by which one is scored, view(image) for the whole of it, labelled_grid(image, stride) once it is labelled.
        """
        settings.check()
        self.settings, self.data = settings, data
        self.run = RunFolder(path, dict(settings.as_dict(), about=about, kind="select"))
        self._bags = Bags(
            photographs,
            settings.stride,
            settings.image_patches,
            lambda image: self._random(_GRID, image),
        )
        self._samples = StoreSamples(data)
        if settings.labelled == "grid" and settings.by == "image":
            self._samples = GridSamples(data, photographs.labelled_grid, settings.stride)

    def _random(self, *what):
        return np.random.RandomState([self.settings.trainer.seed] + list(what))

    def execute(self, progress=lambda done, total: None):
        """Run to the end, or to where it was before and from there to the end; return the content of metrics.json.

        Where training diverges, the run ends there, with what was measured before, and metrics.json says so in `diverged`;
        Diverged is raised only if nothing was measured before.
        """
        if self.run.finished:
            return read_metrics(self.run.path)
        settings = self.settings
        self._began = time.time()
        self._trainer = Trainer(settings.trainer, self.data.mean, self.run.path)
        self._learner = Learner(self._trainer, self.data.mean, settings, self._random)
        names = {settings.strategy, settings.patch_strategy or settings.strategy}
        if names.intersection(WITH_COMMITTEE):
            self._learner.committee = Committee(settings.trainer, self.data.mean, self.run.path)
        self._strategies = {name: STRATEGIES[name](self._learner) for name in names}
        self._evaluator = Evaluator(self.data, self._trainer)
        extra = self._trainer.restore() or {
            "state": None,
            "rounds": 0,
            "seconds": 0.0,
            "choosing": 0.0,
            "metrics": None,
        }
        state = State(*extra["state"]) if extra["state"] else None
        if state:
            self.run.go_back_to(extra["position"])
            if self._learner.committee:
                self._learner.committee.restore(state.iteration)
        self._rounds, self._before, self._metrics = (
            extra["rounds"],
            extra["seconds"],
            extra["metrics"],
        )
        self._choosing = extra["choosing"]  # seconds
        self._iteration = state.iteration if state else 0
        self._progress = progress
        arguments = dict(
            settings=settings.selection,
            random_of=lambda iteration: self._random(_ROUND, iteration),
            train=self._train,
            choose_patches=self._choose_patches,
            stratum_of=self._samples.image_of,
            record=self._record,
            state=state,
        )
        try:
            self._keep(self._algorithm(arguments))
            diverged = None
        except Diverged as error:
            if self._metrics is None:
                raise
            diverged = str(error)
            self.run.write()
        seconds = {"seconds": self._seconds(), "seconds_choosing": round(self._choosing, 3)}
        self.run.finish(
            dict(
                self._metrics,
                iterations=self._iteration,
                rounds=self._rounds,
                diverged=diverged,
                **seconds,
            )
        )
        return read_metrics(self.run.path)

    def _algorithm(self, arguments):
        if self.settings.by == "patch":
            return algorithm_1(len(self._samples), **arguments)
        return algorithm_2(
            self._samples.images,
            samples_of=self._samples.of,
            initial_images=self._initial_images(),
            choose_images=self._choose_images,
            **arguments,
        )

    def _initial_images(self):
        lesion = {image: self.data.images[image].lesion for image in self._samples.images}
        return initial_images(lesion, self.settings.initial_images, self._random(_INITIAL))

    def _train(self, chosen, earlier, iterations):
        """Train on L_k = chosen and, where that leaves room in the batches of `iterations`, on random samples of L' + L_k."""
        size = self.settings.trainer.batch
        n = max(iterations, -(-len(chosen) // size))
        known = np.concatenate([earlier, chosen])
        room = self._random(_FILL, self._trainer.iteration).randint(
            len(known), size=n * size - len(chosen)
        )
        for batch in np.concatenate([chosen, known[room]]).reshape(n, size):
            self._loss = self._trainer.step(*self._samples.read(batch))
            if self._learner.committee:
                began = time.time()
                self._learner.committee.step(
                    len(known), lambda places: self._samples.read(known[places])
                )
                self._choosing += time.time() - began
            if self._trainer.iteration in self.settings.keep_weights:
                self._trainer.keep_weights()
        return n

    def _choose_patches(self, samples, k, earlier):
        began = time.time()
        strategy = self._strategies[self.settings.patch_strategy or self.settings.strategy]
        patches, _ = self._samples.read(samples)  # the label is there, and not looked at
        chosen = strategy.choose_patches(
            patches, k, lambda: self._samples.read(np.array(earlier, int))[0]
        )
        self._choosing += time.time() - began
        return chosen

    def _choose_images(self, images, n, labelled):
        began = time.time()
        chosen = self._strategies[self.settings.strategy].choose_images(
            images, n, self._bags, labelled
        )
        self._choosing += time.time() - began
        return chosen

    def _record(self, state, queries):
        self._rounds += 1
        self.run.add_queries(self._query_row(state.iteration, query) for query in queries)
        last = state.iteration >= self.settings.selection.iterations
        every = self.settings.evaluate_every
        if last or state.iteration // every > self._iteration // every:
            samples = state.chosen
            if self.settings.by == "image":
                samples = np.concatenate([self._samples.of(image) for image in state.images])
            row, predictions, self._metrics = self._evaluator.evaluate(
                state.iteration, self._loss, *self._samples.n_patches(samples)
            )
            self.run.add_round(row, predictions)
        self._iteration = state.iteration
        if self._rounds % SNAPSHOT_EVERY == 0 and not last:
            self._keep(state)
        self._progress(state.iteration, self.settings.selection.iterations)

    def _query_row(self, iteration, query):
        row = {
            "iteration": iteration,
            "kind": query.kind,
            "patch": "",
            "symmetry": "",
            "score": query.score,
        }
        if query.kind == "image":
            row.update(image=query.item, label=int(self.data.images[query.item].lesion))
        else:
            row.update(self._samples.describe(query.item))
        return dict(row, image=self.data.images[row["image"]].id)

    def _keep(self, state):
        self.run.write()
        committee = self._learner.committee
        if committee:
            committee.snapshot()
        self._trainer.snapshot(
            {
                "state": [state.iteration, state.images, state.chosen],
                "rounds": self._rounds,
                "position": self.run.position(),
                "metrics": self._metrics,
                "seconds": self._seconds(),
                "choosing": self._choosing,
            }
        )
        if committee:
            committee.forget_earlier()

    def _seconds(self):
        return round(self._before + time.time() - self._began, 1)
