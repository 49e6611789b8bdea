"""The paper's strategy: expected gradient length (Eq. 1), summed over an image's patches."""

from typing import Callable, Sequence

import numpy as np

from egl.strategies.base import Bags, ByScore, Choice, highest
from egl.strategies.ranking import image_score


class ExpectedGradientLength(ByScore):
    """phi of a patch; an image's interestingness by the reduction of the settings."""

    def query_patches(self, patches: np.ndarray, k: int, known: Callable[[], np.ndarray]) -> Choice:
        """Return the k patches of greatest phi (Algorithm 1, lines 3 to 6)."""
        return highest(self.model.phi(patches).phi, k)

    def scores(self, patches: np.ndarray) -> np.ndarray:
        return self.model.phi(patches).phi

    def image_scores(self, images: Sequence[int], bags: Bags) -> np.ndarray:
        if bags.limit:
            return super().image_scores(images, bags)
        # Every patch of every image: the maps share the convolutions of overlapping patches.
        maps = self.model.maps_of((bags.view(image) for image in images), self.model.stride)
        reduction = self.model.reduction
        return np.array(
            [image_score(found.phi[found.inside], found.inside.sum(), reduction) for found in maps]
        )
