import numpy as np

from egl.strategies.chance import Chance
from egl.strategies.check import PureModel


def test_random_choice_does_not_look_and_every_seed_chooses_anew():
    patches = np.random.RandomState(0).randint(0, 256, (30, 3, 8, 8)).astype(np.uint8)
    chosen = {}
    for seed in range(5):
        strategy = Chance(PureModel(seed))
        chosen[seed] = strategy.query_patches(patches, 5, lambda: patches).indices.tolist()
        blind = strategy.query_patches(np.zeros_like(patches), 5, lambda: patches)
        assert blind.indices.tolist() == chosen[seed]
    assert len({tuple(indices) for indices in chosen.values()}) == 5
