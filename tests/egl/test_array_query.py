import numpy as np
import pytest

import egl
from data_prep.normalisation import Normalisation
from egl.errors import EglError
from egl.nets.definition import prototxt_path

LENET = prototxt_path("lenet_score.prototxt")


@pytest.fixture
def model(trained):
    return egl.ArrayModel(LENET, trained.net, Normalisation((100.0, 100.0, 100.0)), seed=3)


@pytest.fixture(scope="module")
def pixels():
    return np.random.RandomState(1).randint(85, 115, (40, 3, 48, 48)).astype(np.uint8)


def test_the_k_highest_by_the_reference_route(trained, model, pixels):
    reference = egl.GradientLength(LENET, trained.net, route="param-diff")
    phi = reference.score(Normalisation((100.0, 100.0, 100.0)).apply(pixels)).phi
    choice = egl.query(model, pixels, 5)
    assert choice.indices.tolist() == np.argsort(-phi, kind="stable")[:5].tolist()
    assert choice.scores == pytest.approx(phi[choice.indices], rel=1e-4)


def test_known_patches_are_asked_for_where_they_are_needed(model, pixels):
    with pytest.raises(EglError, match="give known"):
        egl.query(model, pixels, 2, "core-set")
    chosen = egl.query(model, pixels, 2, "core-set", known=pixels[:3]).indices
    assert not set(chosen) & {0, 1, 2}  # at no distance from what is known


def test_a_committee_needs_a_run(model, pixels):
    with pytest.raises(EglError, match="egl select"):
        egl.query(model, pixels, 2, "vote-entropy")


def test_public_names_are_all_there_and_a_wrong_one_is_not():
    for name in egl.__all__:
        assert getattr(egl, name) is not None
    assert set(egl.__all__) <= set(dir(egl))
    with pytest.raises(AttributeError, match="no attribute 'qery'"):
        egl.qery  # noqa: B018
