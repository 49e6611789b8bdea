"""Algorithms 1 and 2 with Caffe: a trainer, the phi of its present weights, and a run folder that keeps what happened."""
import time
from typing import NamedTuple

import numpy as np

from egl.algorithms import SelectionSettings, State, algorithm_1, algorithm_2
from egl.errors import Diverged, EglError
from egl.evaluation import Evaluator
from egl.gradient_length import GradientLength
from egl.labelled import GridSamples, StoreSamples
from egl.maps import ImageScorer
from egl.ranking import check_reduction, image_score
from egl.run_folder import RunFolder, read_metrics
from egl.trainer import Trainer, TrainerSettings

STRATEGIES = ("egl", "random")
BY = ("image", "patch")
LABELLED = ("store", "grid")
SNAPSHOT_EVERY = 10  # rounds; a snapshot is 16 MB
SCORED_TOGETHER = 2048  # patches of several images, so that few batches are part empty

# What a run draws random numbers for. Each use has numbers of its own, so the two strategies begin with the same images
# and batches, and a run that goes on draws what it would have drawn.
_INITIAL, _ROUND, _PATCHES, _IMAGES, _GRID, _FILL = range(20, 26)


class RunSettings(NamedTuple):
    """One arm of an experiment. Where the paper leaves a choice open, the default is the first one named in docs/files.md."""

    by: str = "image"  # "image": Algorithm 2; "patch": Algorithm 1
    strategy: str = "egl"  # what chooses images, and patches unless patch_strategy says otherwise: "egl" or "random"
    patch_strategy: str = ""  # "egl" or "random" for the patches alone; "" as strategy
    selection: SelectionSettings = SelectionSettings()
    trainer: TrainerSettings = TrainerSettings()
    initial_images: int = 4  # mu; half of them with exudates, so that there are two classes to begin with
    stop_layer: str = "ip1"  # the backward pass ends here: the first fully connected layer
    parameters: str = "layer"  # whose gradient counts: of the stop "layer", or of all from there up, "above"
    route: str = "auto"  # how phi is computed: see egl.gradient_length
    score: str = "sum"  # of an image's phi: "sum", "mean" or "topN"
    stride: int = 24  # pixels between the patches by which an image is scored
    image_patches: int = 32  # of these, how many are scored, drawn at random once; 0: all, as in the paper
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
                raise EglError("strategy {!r}: give one of {}".format(strategy, ", ".join(STRATEGIES)))
        if self.labelled not in LABELLED:
            raise EglError("labelled {!r}: give one of {}".format(self.labelled, ", ".join(LABELLED)))
        if self.initial_images < 2 or self.stride < 1 or self.image_patches < 0 or self.evaluate_every < 1:
            raise EglError("initial images must be at least 2, stride and evaluate_every at least 1, image patches at least 0")

    def as_dict(self):
        """Return all settings as nested dicts, for JSON."""
        return dict(self._asdict(), selection=self.selection._asdict(), trainer=self.trainer._asdict())


def initial_images(lesion, n, random):
    """Return n random images of those in `lesion` (dict image -> has exudates), half of them (rounded up) with exudates.

    Where there are too few of one kind, the other fills up. Raises EglError if there are fewer than n, or none with exudates.
    """
    with_lesion = sorted(image for image in lesion if lesion[image])
    without = sorted(image for image in lesion if not lesion[image])
    if n > len(lesion) or not with_lesion:
        raise EglError(f"{n} initial images asked for; the store's training split has {len(lesion)}, {len(with_lesion)} with exudates")
    n_lesion = min(len(with_lesion), max(n - n // 2, n - len(without)))
    return [int(x) for x in random.permutation(with_lesion)[:n_lesion]] + [int(x) for x in random.permutation(without)[: n - n_lesion]]


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
        self._photographs = photographs
        self._grids = {}
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
        self._phi = GradientLength(
            self._trainer.score_prototxt, self._trainer.solver.net, settings.stop_layer, settings.parameters, route=settings.route
        )
        self._maps = None  # built when a whole image is to be scored
        self._evaluator = Evaluator(self.data, self._trainer)
        extra = self._trainer.restore() or {"state": None, "rounds": 0, "seconds": 0.0, "metrics": None}
        state = State(*extra["state"]) if extra["state"] else None
        if state:
            self.run.go_back_to(extra["position"])
        self._rounds, self._before, self._metrics = extra["rounds"], extra["seconds"], extra["metrics"]
        self._iteration = state.iteration if state else 0
        self._progress = progress
        scorers = {"egl": self._phi_of_patches, "random": self._random_scores(_PATCHES)}
        arguments = dict(
            settings=settings.selection,
            random_of=lambda iteration: self._random(_ROUND, iteration),
            train=self._train,
            score_patches=scorers[settings.patch_strategy or settings.strategy],
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
        self.run.finish(dict(self._metrics, iterations=self._iteration, diverged=diverged, seconds=self._seconds()))
        return read_metrics(self.run.path)

    def _algorithm(self, arguments):
        if self.settings.by == "patch":
            return algorithm_1(len(self._samples), **arguments)
        by_image = {"egl": self._interestingness, "random": self._random_scores(_IMAGES)}
        return algorithm_2(
            self._samples.images,
            samples_of=self._samples.of,
            initial_images=self._initial_images(),
            score_images=by_image[self.settings.strategy],
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
        room = self._random(_FILL, self._trainer.iteration).randint(len(known), size=n * size - len(chosen))
        for batch in np.concatenate([chosen, known[room]]).reshape(n, size):
            self._loss = self._trainer.step(*self._samples.read(batch))
            if self._trainer.iteration in self.settings.keep_weights:
                self._trainer.keep_weights()
        return n

    def _phi_of_patches(self, samples):
        patches, _ = self._samples.read(samples)  # the label is there, and not looked at
        return self._phi.score(self._trainer.normalise(patches)).phi

    def _random_scores(self, use):
        return lambda items: self._random(use, self._trainer.iteration).random_sample(len(items))

    def _interestingness(self, images):
        if not self.settings.image_patches:
            return np.array([self._of_whole(image) for image in images])
        together = max(1, SCORED_TOGETHER // self.settings.image_patches)
        scores = []
        for first in range(0, len(images), together):
            grids = [self._grid(image) for image in images[first : first + together]]
            phi = self._phi.score(self._trainer.normalise(np.concatenate([patches for patches, _ in grids]))).phi
            ends = np.cumsum([len(patches) for patches, _ in grids])
            for part, (_, n_grid) in zip(np.split(phi, ends[:-1]), grids):
                scores.append(image_score(part, n_grid, self.settings.score))
        return np.array(scores)

    def _grid(self, image):
        """Return (patches, n_grid) by which an image is scored, drawn once."""
        if image not in self._grids:
            settings = self.settings
            self._grids[image] = self._photographs.patches(image, settings.stride, settings.image_patches, self._random(_GRID, image))
        return self._grids[image]

    def _of_whole(self, image):
        """Return the interestingness of an image by every patch of its grid."""
        settings, trainer = self.settings, self._trainer
        if self._maps is None:
            mean = self.data.mean if settings.trainer.scaling == "mean" else None
            self._maps = ImageScorer(
                trainer.score_prototxt, trainer.solver.net, mean, settings.trainer.factor, settings.stop_layer, settings.parameters
            )
        photograph, field = self._photographs.view(image)
        maps = self._maps.maps(photograph, settings.stride, field)
        return image_score(maps.phi[maps.inside], maps.inside.sum(), settings.score)

    def _record(self, state, queries):
        self._rounds += 1
        self.run.add_queries(self._query_row(state.iteration, query) for query in queries)
        last = state.iteration >= self.settings.selection.iterations
        every = self.settings.evaluate_every
        if last or state.iteration // every > self._iteration // every:
            samples = state.chosen
            if self.settings.by == "image":
                samples = np.concatenate([self._samples.of(image) for image in state.images])
            row, predictions, self._metrics = self._evaluator.evaluate(state.iteration, self._loss, *self._samples.n_patches(samples))
            self.run.add_round(row, predictions)
        self._iteration = state.iteration
        if self._rounds % SNAPSHOT_EVERY == 0 and not last:
            self._keep(state)
        self._progress(state.iteration, self.settings.selection.iterations)

    def _query_row(self, iteration, query):
        row = {"iteration": iteration, "kind": query.kind, "patch": "", "symmetry": "", "score": query.score}
        if query.kind == "image":
            row.update(image=query.item, label=int(self.data.images[query.item].lesion))
        else:
            row.update(self._samples.describe(query.item))
        return dict(row, image=self.data.images[row["image"]].id)

    def _keep(self, state):
        self.run.write()
        self._trainer.snapshot(
            {
                "state": [state.iteration, state.images, state.chosen],
                "rounds": self._rounds,
                "position": self.run.position(),
                "metrics": self._metrics,
                "seconds": self._seconds(),
            }
        )

    def _seconds(self):
        return round(self._before + time.time() - self._began, 1)
