"""One check for every strategy, built in or anybody's: does it keep to the interface?"""

from typing import Any, Iterator, List, NamedTuple, Tuple, Type

import numpy as np

from data_prep.arguments import described
from data_prep.random_streams import Stream, random_state
from egl.errors import StrategyError
from egl.gradient_length.features import FeatureRows
from egl.gradient_length.maps import PhiMaps
from egl.gradient_length.phi import GradientLengths
from egl.strategies.base import Choice

SIDE = 8  # pixels of the patches that the check offers


class _Factors(NamedTuple):
    posterior: np.ndarray
    deltas: np.ndarray
    inputs: np.ndarray


class PureModel:
    """A model in numpy alone, a linear softmax classifier of mean colours: for checks and tests.

    It answers every question of egl.strategies.base.ScoringModel, without Caffe.
    """

    reduction, stride, rate = "sum", 4, 0.01

    def __init__(self, seed: int = 1, members: int = 3) -> None:
        random = np.random.RandomState(seed)
        self._seed = seed
        self._weights = random.randn(2, 4)
        self._members = [random.randn(2, 4) for _ in range(members)]
        self.committee = self

    def posterior(self, patches: np.ndarray) -> np.ndarray:
        return self._posterior(patches, self._weights)

    def posteriors(self, patches: np.ndarray) -> np.ndarray:
        """Return the committee's posteriors: (members, n, 2)."""
        return np.stack([self._posterior(patches, weights) for weights in self._members])

    def phi(self, patches: np.ndarray) -> GradientLengths:
        posterior, inputs = self.posterior(patches), self._inputs(patches)
        lengths = np.sqrt(2 * ((inputs**2).sum(axis=1) + 1))
        norms = posterior[:, ::-1] * lengths[:, None]
        return GradientLengths((posterior * norms).sum(axis=1), posterior, norms)

    def features(self, patches: np.ndarray) -> FeatureRows:
        inputs = self._inputs(patches)
        scores = inputs @ self._weights.T
        return FeatureRows(
            self.posterior(patches), scores.astype(np.float32), inputs.astype(np.float32)
        )

    def factors(self, patches: np.ndarray) -> _Factors:
        deltas = np.tile([-1.0, 1.0], (len(patches), 1))
        return _Factors(self.posterior(patches)[:, 1], deltas, self._inputs(patches))

    def maps_of(self, views: Any, stride: int) -> Iterator[PhiMaps]:
        for photograph, field in views:
            rows, columns = ((side - SIDE) // stride + 1 for side in field.shape)
            corners = [(y * stride, x * stride) for y in range(rows) for x in range(columns)]
            patches = [
                photograph[y : y + SIDE, x : x + SIDE].transpose(2, 0, 1) for y, x in corners
            ]
            found = self.phi(np.array(patches))
            shape = (rows, columns)
            yield PhiMaps(
                found.phi.reshape(shape),
                found.posterior.reshape(shape + (2,)),
                found.norms.reshape(shape + (2,)),
                np.ones(shape, bool),
                stride,
            )

    def random(self, stream: Stream) -> np.random.RandomState:
        return random_state(self._seed, stream, 0)

    def _inputs(self, patches: np.ndarray) -> np.ndarray:
        means = patches.reshape(len(patches), 3, -1).mean(axis=2) / 64
        return np.hstack([means, patches[:, :1, 0, 0] / 64])

    def _posterior(self, patches: np.ndarray, weights: np.ndarray) -> np.ndarray:
        scores = self._inputs(patches) @ weights.T
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


class PureBags:
    """Random pictures as bags of patches, for checks and tests."""

    def __init__(self, n: int = 6, limit: int = 5, seed: int = 2) -> None:
        self.limit = limit
        random = np.random.RandomState(seed)
        self._photographs = random.randint(0, 256, (n, 24, 32, 3)).astype(np.uint8)

    def view(self, image: int) -> Tuple[np.ndarray, np.ndarray]:
        photograph = self._photographs[image]
        return photograph, np.ones(photograph.shape[:2], bool)

    def patches_of(self, image: int) -> Tuple[np.ndarray, int]:
        photograph, corners = self._photographs[image], range(0, 17, 4)
        patches = [photograph[y : y + SIDE, x : x + SIDE] for y in corners for x in corners]
        shown = np.array(patches)[: self.limit or None].transpose(0, 3, 1, 2)
        return shown, len(patches)


def check_strategy(kind: Type[Any]) -> None:
    """Raise StrategyError, which says what is wrong, unless a strategy keeps to the interface.

    kind: the class. It is tried with a model in numpy, on patches and on images: the right number
    of indices, each in range and none twice, a score for each, the same answer to the same
    question, and no change to what it was given.
    """
    if not isinstance(kind, type):
        raise StrategyError(f"check_strategy takes a class, not {described(kind)}")
    random = np.random.RandomState(3)
    patches = random.randint(0, 256, (40, 3, SIDE, SIDE)).astype(np.uint8)
    known = random.randint(0, 256, (12, 3, SIDE, SIDE)).astype(np.uint8)
    for k in (1, 7, 40, 60):
        answers: List[Choice] = []
        for _ in range(2):
            offered = patches.copy()
            answers.append(kind(PureModel()).query_patches(offered, k, lambda: known.copy()))
            if not np.array_equal(offered, patches):
                raise StrategyError(
                    f"{kind.__name__}.query_patches changes the patches it is given"
                )
        _check_answers(f"{kind.__name__}.query_patches", answers, k, len(patches))
    for limit in (5, 0):
        for n in (1, 3):
            answers = [
                kind(PureModel()).query_images([0, 2, 3, 5], n, PureBags(limit=limit), [1, 4])
                for _ in range(2)
            ]
            _check_answers(f"{kind.__name__}.query_images", answers, n, 4)


def _check_answers(name: str, answers: List[Choice], k: int, n: int) -> None:
    indices, scores = (np.asarray(part) for part in answers[0])
    wanted = min(k, n)
    if indices.shape != (wanted,) or scores.shape != (wanted,):
        raise StrategyError(
            f"{name}: asked for {k} of {n}, gives {indices.shape} indices and {scores.shape} scores"
        )
    if not np.issubdtype(indices.dtype, np.integer) or indices.min() < 0 or indices.max() >= n:
        raise StrategyError(f"{name}: gives indices that are not in 0 to {n - 1}")
    if len(set(indices.tolist())) != len(indices):
        raise StrategyError(f"{name}: gives an index twice")
    if np.isnan(np.asarray(scores, float)).any():
        raise StrategyError(f"{name}: gives a score that is not a number")
    if not all(np.array_equal(first, second) for first, second in zip(*answers)):
        raise StrategyError(
            f"{name}: answers the same question in two ways; draw by self.model.random(stream)"
        )
