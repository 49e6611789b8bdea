import numpy as np
import pytest

from egl.errors import StrategyError
from egl.strategies import STRATEGIES, check_strategy, find_strategy
from egl.strategies.base import ByScore, Choice


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_passes(name):
    check_strategy(find_strategy(name))


class Good(ByScore):
    def scores(self, patches):
        return patches.mean(axis=(1, 2, 3))


class OneTooMany(Good):
    def query_patches(self, patches, k, known):
        return Choice(np.arange(k + 1), np.zeros(k + 1))


class Twice(Good):
    def query_patches(self, patches, k, known):
        n = min(k, len(patches))
        return Choice(np.zeros(n, int), np.zeros(n))


class OutOfRange(Good):
    def query_images(self, images, n, bags, labelled):
        return Choice(np.array(images)[:n] + 1, np.zeros(n))


class Unsteady(Good):
    def scores(self, patches):
        return np.random.random_sample(len(patches))


class Vandal(Good):
    def scores(self, patches):
        patches[0] = 0
        return super().scores(patches)


class NotANumber(Good):
    def query_patches(self, patches, k, known):
        n = min(k, len(patches))
        return Choice(np.arange(n), np.full(n, np.nan))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (OneTooMany, "OneTooMany.query_patches: asked for 1 of 40, gives"),
        (Twice, "gives an index twice"),
        (OutOfRange, "OutOfRange.query_images: gives indices that are not in 0 to 3"),
        (Unsteady, "answers the same question in two ways"),
        (Vandal, "changes the patches"),
        (NotANumber, "not a number"),
    ],
)
def test_what_the_check_finds(kind, message):
    check_strategy(Good)
    with pytest.raises(StrategyError, match=message):
        check_strategy(kind)
