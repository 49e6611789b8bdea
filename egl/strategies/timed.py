"""How long a strategy takes."""

import time
from typing import Any, Callable, Sequence

import numpy as np

from egl.strategies.base import Bags, Choice, Strategy


class Timed(Strategy):
    """A strategy with a clock around its two verbs. seconds: what its queries took so far."""

    def __init__(self, strategy: Any) -> None:
        super().__init__(strategy.model)
        self._strategy = strategy
        self.seconds = 0.0

    def query_patches(self, patches: np.ndarray, k: int, known: Callable[[], np.ndarray]) -> Choice:
        began = time.monotonic()
        choice = self._strategy.query_patches(patches, k, known)
        self.seconds += time.monotonic() - began
        return choice

    def query_images(
        self, images: Sequence[int], n: int, bags: Bags, labelled: Sequence[int]
    ) -> Choice:
        began = time.monotonic()
        choice = self._strategy.query_images(images, n, bags, labelled)
        self.seconds += time.monotonic() - began
        return choice
