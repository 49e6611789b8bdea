"""Tiny images and masks for the tests of data_prep."""

import cv2
import numpy as np
import pytest


@pytest.fixture
def write_image():
    """write_image(path, height=20, width=30): an even photograph; returns the path as text."""

    def write(path, height=20, width=30):
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), np.full((height, width, 3), 90, np.uint8))
        return str(path)

    return write


@pytest.fixture
def write_mask():
    """write_mask(path, pixels=[(3, 4)], height=20, width=30): a mask; returns the path as text.

    It is grey, 255 at these (row, column).
    """

    def write(path, pixels=((3, 4),), height=20, width=30):
        path.parent.mkdir(parents=True, exist_ok=True)
        mask = np.zeros((height, width), np.uint8)
        for row, column in pixels:
            mask[row, column] = 255
        assert cv2.imwrite(str(path), mask)
        return str(path)

    return write
