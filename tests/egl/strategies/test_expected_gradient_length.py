import numpy as np

from egl.strategies.check import PureBags, PureModel
from egl.strategies.expected_gradient_length import ExpectedGradientLength


def test_every_patch_of_an_image_is_the_map_over_it():
    """With limit 0 the maps are summed; the same patches in a bag give the same sum."""
    strategy = ExpectedGradientLength(PureModel())
    by_map = strategy.image_scores([0, 3], PureBags(limit=0))
    patches = [PureBags(limit=0).patches_of(image)[0] for image in (0, 3)]
    # The bag of the check shows 5 x 5 corners, the map 5 x 7.
    assert len(patches[0]) == 25
    assert (by_map > [PureModel().phi(part).phi.sum() for part in patches]).all()


def test_patches_of_highest_phi():
    model = PureModel()
    patches = np.random.RandomState(0).randint(0, 256, (20, 3, 8, 8)).astype(np.uint8)
    choice = ExpectedGradientLength(model).query_patches(patches, 4, lambda: patches[:0])
    phi = model.phi(patches).phi
    assert choice.indices.tolist() == np.argsort(-phi)[:4].tolist()
    assert choice.scores.tolist() == sorted(phi, reverse=True)[:4]
