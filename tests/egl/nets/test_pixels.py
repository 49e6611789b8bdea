"""Normalisations that fit a net, and those that do not."""

import numpy as np
import pytest

from data_prep.normalisation import Normalisation
from egl.errors import NetError
from egl.nets.classifier import Classifier
from egl.nets.pixels import check_normalisation

NET = Classifier("net.prototxt", (), *["blob"] * 6, None, None, 2, (3, 48, 48))


@pytest.mark.parametrize("mean", [None, (5.0,), (1.0, 2.0, 3.0), np.ones(3)])
def test_what_fits(mean):
    check_normalisation(Normalisation(mean), NET)


@pytest.mark.parametrize(
    "wrong, message",
    [
        (None, "must be a data_prep.normalisation.Normalisation, not None"),
        ((1.0, 2.0, 3.0), "not a tuple"),
        (Normalisation((1.0, 2.0)), "a number for each of the 3 channels"),
        (Normalisation(np.zeros((48, 48, 3))), "of a mean image, its mean over height and width"),
        (Normalisation((1.0, np.nan, 3.0)), "not finite: mean"),
        (Normalisation((1.0, 2.0, 3.0), np.inf), "not finite: .* factor inf"),
        (Normalisation(("a", "b", "c")), "wants numbers"),
        (Normalisation(None, None), "wants numbers"),
    ],
)
def test_what_does_not_fit(wrong, message):
    with pytest.raises(NetError, match=message):
        check_normalisation(wrong, NET)


def test_a_net_that_takes_no_patches():
    for shape in ((), (5,), (3, 4, 5, 6)):
        with pytest.raises(NetError, match="patches have channels, height and width"):
            check_normalisation(Normalisation(None), NET._replace(input_shape=shape))
