"""Photographs that several tests look at."""

import numpy as np
import pytest

from data_prep import phantom

SIZE = (320, 480)


@pytest.fixture(scope="session")
def draw():
    """draw(seed, ...): a photograph and its mask, 320 x 480 pixels unless `size` says otherwise."""

    def drawn(seed, size=SIZE, **settings):
        return phantom.draw(np.random.RandomState(seed), size=size, **settings)

    return drawn


@pytest.fixture(scope="session")
def lesion_images(draw):
    """12 photographs with exudates, and their masks."""
    return [draw(seed) for seed in range(12)]


@pytest.fixture
def patient():
    """A patient of middle age, by hand."""
    return phantom.Patient(
        colour=(0.1, 0.3, 0.7),
        pigment=0.5,
        age=0.5,
        disc=74,
        cup=0.4,
        tortuosity=1.0,
        right_eye=True,
        field=1.0,
        notch=False,
    )


@pytest.fixture
def view(patient):
    """The view of that patient in a photograph of 320 x 480 pixels."""
    from data_prep.phantom.patient import frame

    return frame(np.random.RandomState(0), SIZE, patient)
