import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.phantom.patient import draw_patient, frame


def test_patients_are_plausible_and_differ():
    patients = [draw_patient(np.random.RandomState(seed)) for seed in range(50)]
    for patient in patients:
        blue, green, red = patient.colour
        assert 0 < blue < green < red < 1
        assert 66 <= patient.disc <= 80
    assert len({patient.colour for patient in patients}) == 50
    assert {patient.right_eye for patient in patients} == {True, False}


def test_units_are_960_across_the_field_of_view(patient):
    view = frame(np.random.RandomState(0), (960, 1440), patient)
    assert view.unit == 1
    assert frame(np.random.RandomState(0), (480, 720), patient).unit == 0.5


def test_pixels_mirror_a_left_eye(patient):
    right = frame(np.random.RandomState(0), (480, 720), patient)
    left = frame(np.random.RandomState(0), (480, 720), patient._replace(right_eye=False))
    points = np.array([[0, 0], [100, 40]])
    x, y = right.centre
    assert right.pixels(points).tolist() == [[x, y], [x + 50, y + 20]]
    assert left.pixels(points).tolist() == [[x, y], [x - 50, y + 20]]


@pytest.mark.parametrize("step", [1, 2])
def test_the_grid_is_the_inverse_of_pixels(view, step):
    x, y = view.grid(step)
    assert x.shape == y.shape == view.shape(step)
    row, column = 40, 70
    found = view.pixels(np.array([[x[row, column], y[row, column]]]))[0]
    middle = (step - 1) / 2
    np.testing.assert_allclose(found, (step * column + middle, step * row + middle), atol=1e-3)


def test_a_reduced_picture_covers_the_whole_photograph(view):
    assert view._replace(size=(321, 480)).shape(2) == (161, 240)


def test_shows_leaves_a_margin(view):
    assert view.shows((0, 0), 100)
    assert view.shows((0, 300), 100)
    assert not view.shows((0, 300), 200)
    assert not view.shows((2000, 0), 10)


def test_the_distance_from_the_disc(view):
    x, y = view.disc
    assert view.from_disc((x + 3, y - 4)) == pytest.approx(5)


def test_too_small_a_size_is_refused(patient):
    with pytest.raises(DataError, match="50 x 480 pixels is too small.* at least 96 x 96"):
        frame(np.random.RandomState(0), (50, 480), patient)
