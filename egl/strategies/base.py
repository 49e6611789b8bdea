"""What a strategy is: it queries, that is, it names the patches or photographs to label next.

A strategy is made for one model, whose present weights decide what it asks for. It never sees a
label.

    class Gini(ByScore):
        def scores(self, patches):
            return 1 - (self.model.posterior(patches) ** 2).sum(axis=1)
"""

from typing import Any, Callable, Iterator, NamedTuple, Protocol, Sequence, Tuple

import numpy as np

from data_prep.random_streams import Stream
from egl.strategies.ranking import image_score, top_k

TOGETHER = 8192  # patches of several images that are scored together, so that batches are full


class Choice(NamedTuple):
    """indices: (k,) into what was offered, best first; scores: (k,) that they were chosen for."""

    indices: np.ndarray
    scores: np.ndarray


class ScoringModel(Protocol):
    """What a strategy may ask of the net. Patches are uint8 N x C x H x W, as in the store.

    reduction: how an image's score comes from its patches' ("sum", "mean", "topN")
    stride: pixels between the patches of a photograph
    committee: nets trained on bootstrap samples; None unless the strategy has `committee = True`
    """

    reduction: str
    stride: int
    committee: Any

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""

    def posterior(self, patches: np.ndarray) -> np.ndarray:
        """Return p(y | x), float64 (N, C)."""

    def phi(self, patches: np.ndarray) -> Any:
        """Return the GradientLengths of patches (Eq. 1)."""

    def features(self, patches: np.ndarray) -> Any:
        """Return the FeatureRows of patches: the last layer's input and output."""

    def factors(self, patches: np.ndarray) -> Any:
        """Return the GradientFactors of patches: the two factors of one layer's gradient."""

    def maps_of(self, views: Any, stride: int) -> Iterator[Any]:
        """Yield the PhiMaps of each (photograph, field of view)."""

    def random(self, stream: Stream) -> np.random.RandomState:
        """Return random numbers for one use in the present round."""


class Bags(Protocol):
    """Photographs as bags of the patches by which they are scored; egl.selection.bags has them.

    limit: patches of an image that are scored, drawn once; 0: all of its grid
    """

    limit: int

    def patches_of(self, image: int) -> Tuple[np.ndarray, int]:
        """Return (patches uint8 n x C x H x W, how many the image's whole grid has)."""

    def view(self, image: int) -> Tuple[np.ndarray, np.ndarray]:
        """Return (photograph uint8 H x W x C, field of view bool H x W)."""


class Strategy:
    """The interface of all strategies. A subclass has both verbs."""

    committee = False  # whether the model must train a committee beside the net

    def __init__(self, model: ScoringModel) -> None:
        self.model = model

    def query_patches(self, patches: np.ndarray, k: int, known: Callable[[], np.ndarray]) -> Choice:
        """Return the k patches to label next.

        patches: uint8 n x C x H x W, the candidates; known(): the patches trained on so far, for
        strategies that look at them. At most n are chosen.
        """
        raise NotImplementedError

    def query_images(
        self, images: Sequence[int], n: int, bags: Bags, labelled: Sequence[int]
    ) -> Choice:
        """Return the n images to label next.

        images: the numbers of the candidates; labelled: those of the images that are labelled.
        """
        raise NotImplementedError


class ByScore(Strategy):
    """Takes what has the highest score. A subclass says what the score of a patch is."""

    def scores(self, patches: np.ndarray) -> np.ndarray:
        """Return the scores (n,) of patches, uint8 n x C x H x W."""
        raise NotImplementedError

    def query_patches(self, patches: np.ndarray, k: int, known: Callable[[], np.ndarray]) -> Choice:
        return highest(self.scores(patches), k)

    def query_images(
        self, images: Sequence[int], n: int, bags: Bags, labelled: Sequence[int]
    ) -> Choice:
        return highest(self.image_scores(images, bags), n)

    def image_scores(self, images: Sequence[int], bags: Bags) -> np.ndarray:
        """Return the score (m,) of each image: a reduction of its patches' scores."""
        reduction = self.model.reduction
        rows = rows_of_bags(images, bags, self.scores)
        return np.array([image_score(scores, n_grid, reduction) for scores, n_grid in rows])


def highest(scores: np.ndarray, k: int) -> Choice:
    """Return the k highest scores as a Choice; of equal ones, the lowest index first."""
    indices = top_k(scores, k)
    return Choice(indices, scores[indices])


def rows_of_bags(
    images: Sequence[int], bags: Bags, measure: Callable[[np.ndarray], np.ndarray]
) -> Iterator[Tuple[np.ndarray, int]]:
    """Yield (measure's rows of an image's patches, how many patches its whole grid has).

    Several images are measured together, so that batches are full.
    """
    together = max(1, TOGETHER // bags.limit) if bags.limit else 1
    for first in range(0, len(images), together):
        chunk = [bags.patches_of(image) for image in images[first : first + together]]
        rows = measure(np.concatenate([patches for patches, _ in chunk]))
        ends = np.cumsum([len(patches) for patches, _ in chunk])
        for image_rows, (_, n_grid) in zip(np.split(rows, ends[:-1]), chunk):
            yield image_rows, n_grid


def mean_rows(
    images: Sequence[int], bags: Bags, measure: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Return the mean of measure's rows over each image's patches: (images, d)."""
    return np.stack([rows.mean(axis=0) for rows, _ in rows_of_bags(images, bags, measure)])
