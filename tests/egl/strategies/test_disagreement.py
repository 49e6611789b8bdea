import numpy as np
import pytest

from egl.strategies.disagreement import mean_divergence, vote_entropy


def test_a_committee_of_four():
    one = np.array([[0.8, 0.2]])
    other = one[:, ::-1]
    assert vote_entropy([one, one, other, other]) == pytest.approx([np.log(2)])
    assert vote_entropy([one] * 4) == pytest.approx([0])
    assert mean_divergence([one] * 4) == pytest.approx([0])
    # consensus (0.5, 0.5): KL of each member is 0.8 log 1.6 + 0.2 log 0.4
    assert mean_divergence([one, other]) == pytest.approx([0.8 * np.log(1.6) + 0.2 * np.log(0.4)])
