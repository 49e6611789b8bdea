import numpy as np
import pytest

from labelling.page.agreement import agreements, dice


def test_dice_by_hand():
    a, b = np.zeros((2, 4), bool), np.zeros((2, 4), bool)
    a[0, :3] = True
    b[0, 1:] = True
    assert dice(a, b) == pytest.approx(2 * 2 / 6)
    assert dice(a, a) == 1 and dice(a, None) == 0 and dice(None, None) == 1


def test_pairs_of_people(pool):
    mask = np.zeros((20, 30), bool)
    mask[:2] = True
    for who, kind in (("ann", "mask"), ("bob", "healthy"), ("cem", "cannot grade")):
        pool.answers.add(1, who, kind, mask=mask if kind == "mask" else None)
    pairs = agreements(pool, pool.answers.latest(1))
    assert [(pair["who"], pair["dice"]) for pair in pairs] == [
        (["ann", "bob"], 0.0), (["ann", "cem"], None), (["bob", "cem"], None)
    ]  # fmt: skip
