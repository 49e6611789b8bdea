"""Random images at EGL's share of images with exudates: what part of EGL's lead is that share?"""

import os
from dataclasses import dataclass
from functools import partial
from typing import Any, Dict, List, Sequence

import numpy as np

from data_prep.random_streams import Stream
from data_prep.store import PatchStore
from egl.selection.run import select
from egl.selection.settings import RunSettings
from egl.strategies.base import Bags, Choice, ScoringModel
from egl.strategies.chance import Chance
from egl.training.run_files import read_table
from experiments.analyses.analysis import Cores, Progress, beside

NAME = f"{__name__}:LesionShare"  # as settings.strategy: the run's settings say what chose


@dataclass(frozen=True)
class AsMany:
    """run: the settings, whose strategy is NAME; like: the run that is followed, beside this one"""

    run: RunSettings
    like: str


class LesionShare(Chance):
    """A random image with exudates whenever another run chose one with exudates, and so on.

    A comparator and no strategy to use: it knows what images show before they are labelled.
    """

    def __init__(
        self, model: ScoringModel, lesion: Sequence[bool], followed: Dict[int, bool]
    ) -> None:
        """lesion: of every image; followed: {how many images were labelled: what came next}."""
        super().__init__(model)
        self._lesion, self._followed = lesion, followed

    def query_images(
        self, images: Sequence[int], n: int, bags: Bags, labelled: Sequence[int]
    ) -> Choice:
        scores = self.model.random(Stream.RANDOM_IMAGES).random_sample(len(images))
        left, chosen = np.argsort(-scores).tolist(), []
        for number in range(min(n, len(images))):
            kind = self._followed.get(len(labelled) + number)
            same: List[int] = [index for index in left if self._lesion[images[index]] == kind]
            chosen.append((same or left)[0])
            left.remove(chosen[-1])
        return Choice(np.array(chosen, int), scores[chosen])


def select_as_many(
    store: str, settings: AsMany, out: str, progress: Progress, workers: Cores = 1
) -> Dict[str, Any]:
    """Run Algorithm 2 with random images, as many of them with exudates as the other run chose."""
    patch_store = PatchStore(store)
    lesion = [bool(row.lesion) for row in patch_store.images]
    followed = kinds_chosen(beside(out, settings.like))
    strategy = partial(LesionShare, lesion=lesion, followed=followed)
    return select(
        patch_store, settings.run, out, workers=workers, progress=progress, image_strategy=strategy
    )


def kinds_chosen(run: str) -> Dict[int, bool]:
    """Return {how many images were labelled: whether the next one had exudates} of a run."""
    rows = read_table(os.path.join(run, "queries.csv"))
    images = [row for row in rows if row["kind"] == "image"]
    return {number: row["label"] == "1" for number, row in enumerate(images)}
