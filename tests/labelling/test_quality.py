import cv2
import numpy as np

from labelling.quality import quality_of


def test_dark_and_blurred_are_marked():
    rng = np.random.RandomState(0)
    field = np.zeros((400, 400), bool)
    cv2.circle(field.view(np.uint8), (200, 200), 190, 1, -1)
    noise = cv2.GaussianBlur(rng.rand(400, 400), (0, 0), 1.5)
    noise = (noise - noise.mean()) / noise.std()
    grey = (120 + 15 * noise).clip(0, 255) * field
    sharp = np.repeat(grey[:, :, None], 3, axis=2).astype(np.uint8)
    assert quality_of(sharp, field).marks == []
    assert abs(quality_of(sharp, field).brightness - 120) < 1
    assert quality_of(sharp // 4, field).marks == ["dark"]
    assert quality_of(cv2.GaussianBlur(sharp, (0, 0), 8), field).marks == ["blurred"]
