import numpy as np
import pytest

from data_prep.phantom.vessels import Vessel, grow, render


@pytest.fixture
def tree(view):
    return grow(np.random.RandomState(0), view, 1.0)


def test_there_are_arteries_and_veins_with_branches(tree):
    for artery in (False, True):
        vessels = [vessel for vessel in tree if vessel.artery == artery]
        assert 20 < len(vessels) < 400
        assert all(len(vessel.points) == len(vessel.widths) for vessel in vessels)


def test_veins_are_wider(tree):
    widest = {
        kind: max(vessel.widths[0] for vessel in tree if vessel.artery == kind)
        for kind in (False, True)
    }
    assert widest[False] > widest[True]


def test_branches_spare_the_fovea_and_thin_out(tree, view):
    # A branch ends at 8% of its width, a trunk at 40%.
    branches = [vessel for vessel in tree if vessel.widths[-1] < 0.1 * vessel.widths[0]]
    assert len(branches) > 20
    for vessel in branches:
        distance = np.hypot(*(vessel.points[1:] - view.fovea).T)
        assert distance.min() >= 38
        assert (np.diff(vessel.widths) <= 0).all()


def test_a_vessel_is_painted_where_it_lies_and_as_wide(view):
    points = np.stack([np.linspace(-200, 200, 50), np.zeros(50)], axis=1)
    vein = Vessel(points, np.full(50, 12.0), artery=False)
    blood, reflex = render(view, [vein], artery=False)
    column, row = view.pixels(points[25:26])[0]
    profile = blood[:, int(column)]
    assert profile.sum() == pytest.approx(12 * view.unit, abs=1)
    assert abs(np.average(np.arange(len(profile)), weights=profile) - row) < 0.6
    assert 0 < reflex[:, int(column)].sum() < profile.sum() / 2
    arteries, _ = render(view, [vein], artery=True)
    assert not arteries.any()
