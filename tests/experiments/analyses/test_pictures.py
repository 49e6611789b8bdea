import numpy as np

from experiments.analyses.pictures import small_picture


def test_a_picture_is_the_box_of_the_field_of_view():
    truth = np.zeros((60, 90), np.uint8)
    truth[10:30, 20:70] = 1
    pixels = np.arange(60 * 90).reshape(60, 90).astype(np.float32)
    assert (small_picture(pixels, truth) == pixels[10:30, 20:70]).all()


def test_a_large_picture_is_shrunk():
    truth = np.ones((700, 1400), np.uint8)
    pixels = np.zeros((700, 1400, 3), np.uint8)
    pixels[::2] = 100
    small = small_picture(pixels, truth)
    assert small.shape == (350, 700, 3)
    assert (small == 50).all()  # the mean of two rows
