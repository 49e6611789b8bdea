"""Random choice: what every strategy has to beat."""

from typing import Callable, Sequence

import numpy as np

from data_prep.random_streams import Stream
from egl.strategies.base import Bags, Choice, Strategy, highest


class Chance(Strategy):
    """Gives everything a random score."""

    def query_patches(self, patches: np.ndarray, k: int, known: Callable[[], np.ndarray]) -> Choice:
        scores = self.model.random(Stream.RANDOM_PATCHES).random_sample(len(patches))
        return highest(scores, k)

    def query_images(
        self, images: Sequence[int], n: int, bags: Bags, labelled: Sequence[int]
    ) -> Choice:
        scores = self.model.random(Stream.RANDOM_IMAGES).random_sample(len(images))
        return highest(scores, n)
