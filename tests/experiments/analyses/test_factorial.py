import numpy as np
import pytest

from experiments.analyses.factorial import contrasts, design, effect

NAMES = "ABCDEFGH"


def test_the_design_is_balanced_and_of_resolution_four():
    levels = design()
    assert levels.shape == (16, 8)
    assert levels[0].tolist() == [-1] * 8
    assert len({tuple(cell) for cell in levels}) == 16
    assert (levels.sum(axis=0) == 0).all()
    assert (levels.T @ levels == 16 * np.eye(8)).all()
    # No main effect is an alias of an interaction of two: their signs are orthogonal.
    products = [levels[:, a] * levels[:, b] for a in range(8) for b in range(a)]
    assert not (np.array(products) @ levels).any()


def test_interactions_come_in_seven_groups_of_four():
    """E = BCD makes CD and BE aliases, and so on; by hand from the generators."""
    groups = [set(aliases) for aliases in contrasts(NAMES) if len(aliases) > 1]
    assert [len(group) for group in groups] == [4] * 7
    assert {"A x B", "C x G", "D x H", "E x F"} in groups
    assert {"A x E", "B x F", "C x H", "D x G"} in groups
    assert len(contrasts(NAMES)) == 8 + 7


def test_effects_are_found_whatever_else_there_is():
    levels = design()
    seeds = np.array([[1.0], [2.0], [6.0]])
    values = seeds + 0.3 * levels[:, 4] + 0.05 * levels[:, 0] * levels[:, 1]
    by_name = contrasts(NAMES)
    assert effect(by_name[("E",)], values) == pytest.approx([0.6] * 3)
    assert effect(by_name[("A",)], values) == pytest.approx([0.0] * 3)
    (group,) = (aliases for aliases in by_name if "E x F" in aliases)
    assert effect(by_name[group], values) == pytest.approx([0.1] * 3)
