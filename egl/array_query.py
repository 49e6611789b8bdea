"""Queries for people with arrays: any strategy and Caffe classifier, no store, no run folder."""

from typing import Optional

import numpy as np

from data_prep.normalisation import Normalisation
from data_prep.random_streams import Stream, random_state
from egl.errors import EglError
from egl.gradient_length.scorer import NetScorer
from egl.strategies.base import Choice
from egl.strategies.registry import find_strategy


class ArrayModel(NetScorer):
    """A net with weights, as a strategy sees it.

    seed: of the strategies that draw random numbers; round: tells the queries of one seed apart;
    rate: the learning rate of the next step, for output-change
    """

    reduction, stride, committee = "sum", 24, None

    def __init__(
        self,
        prototxt: str,
        weights: str,
        normalisation: Normalisation,
        seed: int = 1,
        round: int = 0,
        rate: float = 0.01,
    ) -> None:
        super().__init__(prototxt, weights, normalisation)
        self.rate = rate
        self._seed, self._round = seed, round

    def random(self, stream: Stream) -> np.random.RandomState:
        """Return random numbers for one use in the present round."""
        return random_state(self._seed, stream, self._round)


def query(
    model: ArrayModel,
    patches: np.ndarray,
    k: int,
    strategy: str = "egl",
    known: Optional[np.ndarray] = None,
) -> Choice:
    """Return the k patches to label next: their indices, best first, and their scores.

    patches: uint8 N x C x H x W, of the net's own size; strategy: a name, or module:Class; known:
    patches labelled so far, which core-set wants. Raises EglError for a strategy that needs what is
    not given.
    """
    kind = find_strategy(strategy)
    if getattr(kind, "committee", False):
        raise EglError(f"strategy {strategy!r} trains a committee; use egl select")

    def known_patches() -> np.ndarray:
        if known is None or not len(known):
            raise EglError(f"strategy {strategy!r} compares with what is labelled: give known")
        return known

    return kind(model).query_patches(patches, k, known_patches)
