import numpy as np

from labelling.layers import boxes_of, heat, over_photograph, with_boxes, with_outline


def test_a_patch_s_value_lies_at_its_centre_and_is_linear_between():
    values = np.array([[0.0, 1.0], [0.5, np.nan]])
    pixels = over_photograph(values, stride=8, side=5, scale=1.0, shape=(20, 24))
    # The centre of the patch (i, j) is the pixel (8 i + 2, 8 j + 2).
    assert pixels[2, 2] == 0 and pixels[2, 10] == 1 and pixels[10, 2] == 0.5
    assert abs(pixels[2, 6] - 0.5) < 0.01 and abs(pixels[6, 2] - 0.25) < 0.01
    assert pixels[10, 10] == 0 and pixels[19, 23] == 0


def test_scaled_photographs_have_the_map_where_the_patches_are():
    # Scaled by one half: the centre of the patch (0, 1), pixel 8 + 2 there, is at 20.5 here.
    pixels = over_photograph(np.array([[0.0, 1.0]]), 8, 5, 0.5, (12, 40))
    row = pixels[4]
    assert abs(row[20] - row[21]) < 0.01 and row[20] == row.max() > 0.9
    assert over_photograph(np.zeros((0, 0)), 8, 5, 1.0, (3, 4)).shape == (3, 4)


def test_boxes_do_not_overlap_and_are_in_the_photograph_s_own_pixels():
    phi = np.array([[1.0, 9.0, 8.0, 2.0], [np.nan, 3.0, 7.0, 4.0]])
    assert boxes_of(phi, stride=24, side=48, scale=0.5, k=3) == [
        (0, 48, 96, 9.0), (0, 144, 96, 2.0)
    ] or boxes_of(phi, 24, 48, 0.5, 3) == [(0, 48, 96, 9.0), (48, 144, 96, 4.0)]  # fmt: skip
    assert boxes_of(np.full((2, 2), np.nan), 8, 48, 1.0, 3) == []
    assert boxes_of(np.zeros((0, 0)), 8, 48, 1.0, 3) == []


def test_pictures_keep_what_lies_outside_outline_and_boxes():
    image = np.full((100, 100, 3), 90, np.uint8)
    mask = np.zeros((100, 100), bool)
    mask[40:60, 40:60] = True
    drawn = with_outline(image, mask)
    assert (drawn[40, 50] == (255, 255, 0)).all()
    assert (drawn[50, 50] == 90).all() and (drawn[:30] == 90).all()
    boxed = with_boxes(image, [(30, 40, 20, 1.0)])
    assert (boxed[30, 59] == (0, 255, 0)).all() and (boxed[70:] == 90).all()
    assert heat(np.array([[0.0, 5.0]]), 1.0).tolist() != heat(np.array([[0.0, 0.5]]), 1.0).tolist()
