"""Queries for people with arrays: any strategy and Caffe classifier, no store, no run folder."""

from typing import Optional

import numpy as np

from data_prep.normalisation import Normalisation
from data_prep.random_streams import Stream, random_state
from egl.errors import EglError
from egl.gradient_length.scorer import NetScorer
from egl.nets.arguments import described, whole_number
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
        self._seed, self._round = whole_number(seed, "seed"), whole_number(round, "round")
        for name, number in (("seed", self._seed), ("round", self._round)):
            if not 0 <= number < 2**32:
                raise EglError(f"{name} {number}: give a whole number from 0 to {2**32 - 1}")

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
    if not isinstance(model, NetScorer):
        raise EglError(f"model must be an ArrayModel, not {described(model)}")
    k = whole_number(k, "k")
    if k < 1:
        raise EglError(f"k {k}: give a number of patches from 1")
    kind = find_strategy(strategy)
    if getattr(kind, "committee", False):
        raise EglError(f"strategy {strategy!r} trains a committee; use egl select")

    def known_patches() -> np.ndarray:
        if known is None or not len(known):
            raise EglError(f"strategy {strategy!r} compares with what is labelled: give known")
        return known

    return kind(model).query_patches(patches, k, known_patches)
