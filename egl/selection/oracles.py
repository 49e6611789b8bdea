"""Who gives the labels: egl.selection.interfaces.Oracle. The algorithms ask by one visible call.

In a simulation the data set answers: its patches' labels, or the masks of its photographs. A person
answers through the same two methods: where an answer is still missing, an oracle raises, the run
ends with what it has, and the same command resumes it.
"""

from typing import Tuple

import numpy as np

from data_prep.stored_photographs import StoredPhotographs
from egl.errors import EglError
from egl.selection.pool import Numbers
from egl.selection.samples import GridSamples, StoreSamples


class StoreOracle:
    """Answers with the labels of a store's patches."""

    def __init__(self, samples: StoreSamples) -> None:
        self._samples = samples

    def label_patches(self, samples: Numbers) -> np.ndarray:
        return self._samples.labels(np.asarray(samples, int))

    def label_image(self, image: int) -> Tuple[np.ndarray, np.ndarray]:
        samples = self._samples.of(image)
        return samples, self._samples.labels(samples)


class MaskOracle:
    """Answers for a whole photograph by its mask: exudates have the small share they have there."""

    def __init__(self, photographs: StoredPhotographs, samples: GridSamples, stride: int) -> None:
        """stride: pixels between the patches of the grid."""
        self._photographs, self._samples, self._stride = photographs, samples, stride

    def label_patches(self, samples: Numbers) -> np.ndarray:
        raise EglError("--labelled grid: is for choosing images; give --by image")

    def label_image(self, image: int) -> Tuple[np.ndarray, np.ndarray]:
        grid = self._photographs.labelled_grid(image, self._stride)
        samples = self._samples.numbers(image, grid.yx)
        return samples, np.repeat(grid.labels, len(samples) // max(1, len(grid.labels)))
