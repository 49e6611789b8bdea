import cv2
import numpy as np

from data_prep.phantom.lesions import exudates


def test_cover_and_brightness(view):
    cover, bright = exudates(np.random.RandomState(0), view)
    assert cover.shape == bright.shape == view.size
    assert cover.min() == 0 and cover.max() == 1
    assert bright.min() == 0.25 and bright.max() < 1.5


def test_no_exudate_on_the_disc_and_all_inside_the_field(view):
    x, y = view.grid(1)
    on_disc = np.hypot(x - view.disc[0], y - view.disc[1]) < view.disc_radius
    outside = np.hypot(x, y) > 480
    for seed in range(20):
        annotated = exudates(np.random.RandomState(seed), view)[0] >= 0.5
        assert annotated.any()
        assert not annotated[on_disc].any()
        assert not annotated[outside].any()


def test_the_share_of_exudate_is_that_of_e_ophtha(lesion_images):
    """500 to 10,000 pixels of a 1440 x 960 photograph are usual; here a pixel stands for nine."""
    areas = [9 * (mask > 0).sum() for _, mask in lesion_images]
    assert 500 < np.median(areas) < 10000
    assert max(areas) < 60000


def test_exudates_are_brighter_and_yellower_than_their_surroundings(lesion_images):
    for image, mask in lesion_images:
        inside = mask > 0
        wide = cv2.dilate(mask, np.ones((15, 15))) > 0
        ring = wide & ~(cv2.dilate(mask, np.ones((5, 5))) > 0)
        blue, green, red = np.median(image[inside], axis=0) - np.median(image[ring], axis=0)
        assert green > 5 and red > 0
        assert green > blue


def test_brightness_alone_does_not_identify_exudates(lesion_images):
    """Optic disc, drusen and reflections are as bright: most such pixels lie outside the masks."""
    image = np.stack([image for image, _ in lesion_images])
    mask = np.stack([mask for _, mask in lesion_images])
    green = image[..., 1].astype(int)
    as_bright = green > np.median(green[mask > 0])
    assert (as_bright & (mask == 0)).sum() > (as_bright & (mask > 0)).sum()
