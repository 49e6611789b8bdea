"""What the two algorithms need of what they work on; egl.selection.run puts it together."""

from typing import List, Protocol, Sequence, Tuple

import numpy as np

from egl.selection.pool import Numbers, TrainingSet
from egl.selection.queries import Query
from egl.selection.settings import RunSettings


class TrainableModel(Protocol):
    """A net that trains; egl.selection.model has it."""

    def update(
        self, chosen: Numbers, training: TrainingSet, earlier: Numbers, iterations: int
    ) -> None:
        """Train on L_k = chosen and L' = earlier (Algorithm 1, line 7)."""


class Oracle(Protocol):
    """Gives labels: 0 healthy, 1 exudate. Asked twice, it gives the same answer."""

    def label_patches(self, samples: Numbers) -> np.ndarray:
        """Return the label of each of the samples (Algorithm 1): int (n,)."""

    def label_image(self, image: int) -> Tuple[np.ndarray, np.ndarray]:
        """Return (samples, labels) of all labelled patches of an image (Algorithm 2), ascending."""


class RunKeeper(Protocol):
    """What goes on around a round: settings, clock, random numbers, records.

    initial_images: mu, for Algorithm 2; initial: whether the initial model is still being trained
    """

    settings: RunSettings
    initial_images: List[int]

    @property
    def initial(self) -> bool:
        """Whether the initial model is still being trained."""

    def goes_on(self) -> bool:
        """Whether there are SGD iterations left to do."""

    def random(self) -> np.random.RandomState:
        """Return the random numbers of the present round."""

    def record(self, queries: Sequence[Query]) -> None:
        """Take down what was asked in a round."""
