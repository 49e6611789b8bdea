"""Tiny images and masks for the tests of data_prep."""

import cv2
import numpy
import pytest


@pytest.fixture
def write_image():
    """write_image(path, height=20, width=30): an even photograph, its folders made; returns the path as text."""

    def write(path, height=20, width=30):
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), numpy.full((height, width, 3), 90, numpy.uint8))
        return str(path)

    return write


@pytest.fixture
def write_mask():
    """write_mask(path, pixels=[(3, 4)], height=20, width=30): a grey mask of 255 at these (row, column); returns the path."""

    def write(path, pixels=((3, 4),), height=20, width=30):
        path.parent.mkdir(parents=True, exist_ok=True)
        mask = numpy.zeros((height, width), numpy.uint8)
        for row, column in pixels:
            mask[row, column] = 255
        assert cv2.imwrite(str(path), mask)
        return str(path)

    return write
