import numpy as np
import pytest

from egl.strategies.uncertainty import entropy, least_confidence, margin

P = np.array([[0.5, 0.5], [0.9, 0.1], [0.0, 1.0]])


def test_uncertainty():
    assert least_confidence(P) == pytest.approx([0.5, 0.1, 0])
    assert margin(P) == pytest.approx([0, -0.8, -1])
    assert entropy(P) == pytest.approx([np.log(2), -0.9 * np.log(0.9) - 0.1 * np.log(0.1), 0])
    assert margin([[0.2, 0.5, 0.3]]) == pytest.approx([-0.2])
