import cv2
import numpy as np
import pytest

from data_prep import phantom


def test_one_seed_one_photograph_and_the_global_state_is_left_alone(draw):
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    image, mask = draw(5)
    assert np.array_equal(before, np.random.get_state()[1])
    np.random.seed(1)
    again, mask_again = draw(5)
    assert np.array_equal(image, again) and np.array_equal(mask, mask_again)


def test_another_seed_another_photograph(lesion_images):
    for index, (image, mask) in enumerate(lesion_images):
        for other, other_mask in lesion_images[:index]:
            assert np.abs(image.astype(int) - other).mean() > 2
            assert not np.array_equal(mask, other_mask)


@pytest.mark.parametrize("size", [(96, 144), (320, 480), (400, 300), (333, 471)])
def test_shapes_and_types_for_any_size(draw, size):
    image, mask = draw(1, size=size)
    assert image.shape == size + (3,) and image.dtype == np.uint8
    assert mask.shape == size and mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 255}


def test_a_large_photograph_shows_the_same_eye_as_a_small_one(draw):
    small, small_mask = draw(9, size=(240, 360))
    large, large_mask = draw(9, size=(720, 1080))
    reduced = cv2.resize(large, (360, 240), interpolation=cv2.INTER_AREA)
    assert np.abs(reduced.astype(int) - small).mean() < 6
    reduced_mask = cv2.resize(large_mask, (360, 240), interpolation=cv2.INTER_AREA) > 127
    both = (reduced_mask & (small_mask > 0)).sum()
    assert both > 0.6 * reduced_mask.sum() > 0


def test_healthy_eyes_have_no_exudate(draw):
    for seed in range(4):
        assert not draw(seed, lesion=False)[1].any()


def test_exudates_lie_in_the_visible_field(lesion_images):
    for image, mask in lesion_images:
        seen = cv2.erode((image.max(axis=2) > 30).astype(np.uint8), np.ones((3, 3)))
        assert mask.any()
        assert seen[mask > 0].all()
        assert not mask[:5, :5].any()


def test_the_surround_is_black_and_the_middle_is_red(draw):
    image, _ = draw(2)
    assert image[:, :20].mean() < 10
    blue, green, red = image[100:220, 160:320].reshape(-1, 3).mean(axis=0)
    assert red > green > blue


def test_photographs_of_a_patient_share_the_colour_and_mirror_the_fellow_eye(draw, patient):
    right, _ = draw(4, lesion=False, patient=patient)
    left, _ = draw(4, lesion=False, patient=patient._replace(right_eye=False))
    # The optic disc is the brightest smooth spot; it lies on the nose's side.
    columns = []
    for image in (right, left):
        spot = cv2.GaussianBlur(image[..., 1], (0, 0), 8)
        columns.append(np.unravel_index(spot.argmax(), spot.shape)[1])
    assert columns[0] > 260 and columns[1] < 220
    pale, _ = draw(4, lesion=False, patient=patient._replace(colour=(0.2, 0.4, 0.8)))
    assert pale.mean() > right.mean() + 5


def test_without_a_patient_one_is_drawn():
    random = np.random.RandomState(7)
    patient = phantom.draw_patient(random)
    image, _ = phantom.draw(random, size=(160, 240), patient=patient)
    assert np.array_equal(image, phantom.draw(np.random.RandomState(7), size=(160, 240))[0])
