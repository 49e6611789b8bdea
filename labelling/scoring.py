"""What a model makes of whole photographs, in a process of any executor.

A photograph's numbers depend on it and on the model alone, so that any number of processes gives
the same ones.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

import cv2
import numpy as np

from data_prep import patches as cutting
from data_prep.errors import DataError
from data_prep.field_of_view import from_png
from data_prep.photographs import resize_image
from data_prep.random_streams import Stream, random_state
from egl.gradient_length.maps import PhiMaps
from egl.gradient_length.scorer import NetScorer
from egl.nets.device import check_device, use_device
from egl.strategies.ranking import image_score
from egl.training.model_folder import TrainedModel, read_model
from labelling.layers import boxes_of, over_photograph
from labelling.photographs import Photograph
from labelling.pixels import read_pixels, size_and_time
from labelling.rank_settings import REDUCTIONS
from labelling.rankings import Ranked

BOXES = 8  # patches of a photograph that a person is asked to look at first
MOST_FEATURES = 64  # patches of a photograph whose features describe it


class Job(NamedTuple):
    """What the scoring of photographs depends on beside them.

    model: a model folder or a run folder; device: "cpu" or "gpu:N"; stride: pixels between patches
    of the scaled photograph; seed: of the ranking at random
    """

    model: str
    device: str
    stride: int
    seed: int = 1


class Task(NamedTuple):
    """A photograph to work on; field_png: its field of view, for the pool may be far away."""

    photograph: Photograph
    field_png: bytes


class View(NamedTuple):
    """A photograph read for scoring.

    image: as stored; field: bool, likewise; scaled, scaled_field: as the net takes them; scale:
    pixels of `scaled` for one of `image`
    """

    task: Task
    image: np.ndarray
    field: np.ndarray
    scaled: np.ndarray
    scaled_field: np.ndarray
    scale: float


class Problem(NamedTuple):
    """Why a photograph could not be scored."""

    photograph: int
    reason: str


class PhotographScorer:
    """A model that scores photographs of a pool; it is read once."""

    def __init__(self, model: TrainedModel, stride: int) -> None:
        """stride: pixels between the patches of a scaled photograph."""
        self.model, self.stride = model, stride
        self.net = NetScorer(
            model.score_prototxt, model.weights, model.normalisation, stop=model.stop_layer
        )
        self.side = self.net.input_shape[1]

    def view(self, task: Task) -> View:
        """Read a photograph. DataError where its file is gone or has changed."""
        photograph = task.photograph
        size = size_and_time(photograph.path)
        if size != (photograph.file_size, photograph.modified_ns):
            raise DataError(f"{photograph.path}: changed since it was indexed: run egl index again")
        image, field = read_pixels(photograph.path), from_png(task.field_png)
        scale = photograph.scale(self.model.field_width)
        scaled = resize_image(image, scale, photograph.path)
        scaled_field = field
        if scale != 1:
            resized = cv2.resize(
                field.astype(np.uint8), scaled.shape[1::-1], interpolation=cv2.INTER_NEAREST
            )
            scaled_field = resized > 0
        return View(task, image, field, scaled, scaled_field, scale)

    def views(self, tasks: Sequence[Task]) -> Iterator[Tuple[Task, Union[View, DataError]]]:
        """Yield each photograph, or why there is none; the next is read while one is scored."""

        def read(task: Task) -> Union[View, DataError]:
            try:
                return self.view(task)
            except (DataError, cv2.error, MemoryError) as error:
                return DataError(str(error))

        with ThreadPoolExecutor(1) as thread:
            following = thread.submit(read, tasks[0]) if tasks else None
            for number, task in enumerate(tasks):
                assert following is not None
                view = following.result()
                if number + 1 < len(tasks):
                    following = thread.submit(read, tasks[number + 1])
                yield task, view

    def maps(self, view: View) -> PhiMaps:
        """Return the PhiMaps of a photograph on the grid of the scaled one."""
        return self.net.maps(view.scaled, self.stride, view.scaled_field)

    def probability(self, view: View, maps: Optional[PhiMaps] = None) -> np.ndarray:
        """Return p(exudate) of each pixel: float32 H x W, 0 outside the field of view."""
        maps = self.maps(view) if maps is None else maps
        return self.layer(view, maps.posterior[..., 1])

    def layer(self, view: View, values: np.ndarray) -> np.ndarray:
        """Return a map of the grid as one of pixels: float32 H x W, 0 outside the field of view."""
        shape = view.image.shape[:2]
        pixels = over_photograph(values, self.stride, self.side, view.scale, shape)
        return pixels * view.field

    def ranked(self, view: View, maps: PhiMaps, seconds: float, seed: int) -> Ranked:
        """Return what a ranking keeps of a photograph."""
        phi = maps.phi[maps.inside]
        number = view.task.photograph.id
        scores = {name: image_score(phi, len(phi), name) for name in REDUCTIONS}
        scores["random"] = float(random_state(seed, Stream.RANDOM_IMAGES, number).random_sample())
        p = maps.posterior[..., 1][maps.inside]
        return Ranked(
            photograph=number,
            scores=scores,
            highest_p=float(p.max()) if len(p) else 0.0,
            patches=len(phi),
            seconds=round(seconds, 3),
            boxes=boxes_of(maps.phi, self.stride, self.side, view.scale, BOXES),
        )

    def features(self, view: View) -> np.ndarray:
        """Return the mean feature of a photograph's patches, for up to MOST_FEATURES of them."""
        yx = cutting.grid(view.scaled_field, self.stride, self.side)
        yx = yx[np.unique(np.linspace(0, len(yx) - 1, MOST_FEATURES).astype(int))]
        rows = self.net.features(cutting.cut(view.scaled, yx, self.side)).features
        return rows.mean(axis=0)


def scorer_of(model: str, device: str, stride: int) -> PhotographScorer:
    """Return a scorer on a device; a thread keeps the last one.

    Not a process: a Dask worker may have several threads, and a net serves one at a time.
    """
    key = model, device, stride
    if getattr(_last, "key", None) != key:
        use_device(check_device(device))
        _last.scorer, _last.key = PhotographScorer(read_model(model), stride), key
    scorer: PhotographScorer = _last.scorer
    return scorer


_last = threading.local()  # scorer, and the key it is kept by


def score(job: Job, tasks: Sequence[Task]) -> List[Union[Ranked, Problem]]:
    """Return what a ranking keeps of each photograph, or why there is nothing."""
    scorer = scorer_of(job.model, job.device, job.stride)
    results: List[Union[Ranked, Problem]] = []
    began = time.perf_counter()
    for task, view in scorer.views(tasks):
        if isinstance(view, DataError):
            results.append(Problem(task.photograph.id, str(view)))
        else:
            maps = scorer.maps(view)
            seconds = time.perf_counter() - began
            results.append(scorer.ranked(view, maps, seconds, job.seed))
        began = time.perf_counter()
    return results


def describe(job: Job, tasks: Sequence[Task]) -> List[Optional[np.ndarray]]:
    """Return the mean feature of each photograph, None where it cannot be read."""
    scorer = scorer_of(job.model, job.device, job.stride)
    return [
        None if isinstance(view, DataError) else scorer.features(view)
        for _, view in scorer.views(tasks)
    ]
