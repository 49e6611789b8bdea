"""A picture for the tests of maps."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def image():
    """Light and shade with noise, uint8; its sides are multiples of no stride."""
    rng = np.random.RandomState(6)
    height, width = 191, 213
    y, x = np.mgrid[:height, :width]
    light = 90 + 60 * np.sin(x / 40.0) * np.cos(y / 30.0)
    noise = rng.uniform(-40, 40, (height, width, 3))
    return (light[..., None] + noise).clip(0, 255).astype(np.uint8)
