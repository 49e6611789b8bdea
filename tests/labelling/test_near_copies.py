import cv2
import numpy as np

from labelling.near_copies import MOST_BITS, bands_of, bits_between, hash_of


def picture(seed):
    rng = np.random.RandomState(seed)
    image = cv2.GaussianBlur(rng.rand(300, 400, 3), (0, 0), 12)
    return cv2.normalize(image, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def test_a_smaller_copy_is_near_and_another_picture_is_far():
    field = np.zeros((300, 400), bool)
    field[20:280, 30:370] = True
    image = picture(1)
    small = cv2.resize(image, (200, 150), interpolation=cv2.INTER_AREA)
    own = hash_of(image, field)
    near = hash_of(small, field[::2, ::2])
    assert bits_between(own, near) <= MOST_BITS < bits_between(own, hash_of(picture(2), field)) / 2
    assert set(bands_of(own)) & set(bands_of(near))


def test_bits_and_bands():
    assert bits_between(b"\x00\xff", b"\x01\x0f") == 5
    assert bands_of(b"abcdefgh") == [b"abcd", b"efgh"]
