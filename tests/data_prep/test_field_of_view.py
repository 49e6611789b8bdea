import cv2
import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.field_of_view import find_field_of_view, from_png, to_png, width_of


def eye(height=400, width=600, centre=(300, 200), radius=180, surround=4, brightness=120):
    """A flat orange disc on a dark surround, with noise."""
    random = np.random.RandomState(0)
    image = np.full((height, width, 3), surround, np.uint8)
    cv2.circle(image, centre, radius, (brightness // 4, brightness // 2, brightness), -1)
    return np.clip(image + random.randint(-3, 4, image.shape), 0, 255).astype(np.uint8)


def disc(height, width, centre, radius):
    y, x = np.ogrid[:height, :width]
    return (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius**2


def test_a_disc_minus_its_rim():
    found = find_field_of_view(eye())
    assert not (found & ~disc(400, 600, (300, 200), 180)).any()
    assert found[disc(400, 600, (300, 200), 172)].all()


def test_notches_and_text_in_the_surround_are_left_out():
    image = eye()
    image[195:205, 470:490] = 120  # a tab 10 pixels high at the disc's right edge
    cv2.putText(image, "OD 12", (10, 390), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), 3)
    assert not (find_field_of_view(image) & ~disc(400, 600, (300, 200), 180)).any()


def test_a_dark_fovea_is_inside():
    image = eye()
    cv2.circle(image, (320, 210), 40, (1, 1, 3), -1)
    assert find_field_of_view(image)[disc(400, 600, (300, 200), 172)].all()


def test_the_frame_is_no_edge():
    """Many cameras cut the disc at the top and bottom: there the eye extends to the last row."""
    found = find_field_of_view(eye(centre=(300, 200), radius=260))
    assert found[0, 250:350].all()
    assert found[-1, 250:350].all()


def test_a_dim_eye_on_a_noisy_surround():
    found = find_field_of_view(eye(brightness=45, surround=6))
    assert not (found & ~disc(400, 600, (300, 200), 180)).any()
    assert found[disc(400, 600, (300, 200), 170)].all()


@pytest.mark.parametrize("image", [np.zeros((300, 400, 3), np.uint8), eye(radius=40)])
def test_no_eye(image):
    with pytest.raises(DataError, match="no field of view"):
        find_field_of_view(image)


def test_a_dark_wedge_at_the_frame_is_outside():
    """A dark wedge at the frame belongs to the surround, however large the eye around it."""
    image = eye(radius=260)
    image[:60, 280:320] = 2
    found = find_field_of_view(image)
    assert not found[:50, 285:315].any()
    assert found[100:300, 200:400].all()


def test_a_field_of_view_survives_as_png():
    field = np.random.RandomState(0).uniform(size=(37, 53)) > 0.5
    assert (from_png(to_png(field)) == field).all()
    assert to_png(field) == to_png(field)
    assert len(to_png(disc(1424, 2144, (1072, 712), 700))) < 10000


@pytest.mark.parametrize("png", [b"", b"no image"])
def test_bytes_that_are_no_png(png):
    with pytest.raises(ValueError, match="not a PNG"):
        from_png(png)


def test_real_eyes_fill_their_disc(real_data):
    """IDRiD's field of view is two thirds of the frame in all images, whatever the eye's colour."""
    images = sorted((real_data / "idrid-half").glob("*/1. Original Images/*/*.jpg"))[::12]
    shares = [find_field_of_view(cv2.imread(str(path))).mean() for path in images]
    assert 0.67 < min(shares) <= np.median(shares) < 0.68


def test_a_strip_is_no_photograph():
    with pytest.raises(DataError, match="no field of view found: 30000 x 20 pixels"):
        find_field_of_view(np.full((20, 30000, 3), 90, np.uint8))


def test_width_of():
    field = np.zeros((9, 20), bool)
    assert width_of(field) == 0
    field[4, 3], field[5, 12] = True, True
    assert width_of(field) == 10
