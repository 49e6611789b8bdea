import json

import numpy as np
import pytest

from data_prep.errors import DataError
from labelling.formats import (
    counts_of,
    from_coco,
    from_label_studio,
    mask_of_counts,
    mask_of_rle,
    mask_of_string,
    rle_of,
    to_coco,
    to_label_studio,
)


def masks():
    rng = np.random.RandomState(0)
    some = np.zeros((7, 9), bool)
    some[2:4, 3:8] = True
    noise = rng.rand(20, 31) > 0.5
    large = np.zeros((300, 400), bool)
    large[5:250, 10:300] = True
    return [some, noise, ~noise, large, np.ones((5, 6), bool), np.zeros((5, 6), bool)]


@pytest.mark.parametrize("mask", masks())
def test_both_run_lengths_give_every_pixel_back(mask):
    np.testing.assert_array_equal(mask_of_counts(counts_of(mask), *mask.shape), mask)
    np.testing.assert_array_equal(mask_of_rle(rle_of(mask), *mask.shape), mask)


def test_coco_s_run_lengths_go_down_the_columns():
    mask = np.array([[0, 1], [1, 1], [0, 0]], bool)
    assert counts_of(mask) == [1, 1, 1, 2, 1]
    assert counts_of(np.array([[1, 0]], bool)) == [0, 1, 1]


def test_compressed_run_lengths():
    # 1 1 1 2 1 as pycocotools writes it: each but the first three less the one two before.
    mask = np.array([[0, 1], [1, 1], [0, 0]], bool)
    np.testing.assert_array_equal(mask_of_string("11110", 3, 2), mask)
    # 40 has two signs: 8 + 32 with the mark that more follows, then 1.
    assert mask_of_string(chr(8 + 32 + 48) + chr(1 + 48) + "2", 6, 7).sum() == 2


def test_label_studio_s_header_and_first_run():
    # 4 values: 32 bits; word 8, sizes 3, 4, 8, 16, each less 1; a repeated run of 4 times 255.
    bits = f"{4:032b}{7:05b}{2:04b}{3:04b}{7:04b}{15:04b}1{0:02b}{3:03b}{255:08b}"
    bits += "0" * (-len(bits) % 8)
    expected = [int(bits[start : start + 8], 2) for start in range(0, len(bits), 8)]
    assert rle_of(np.ones((1, 1), bool)) == expected


def test_label_studio_s_runs_of_single_values():
    bits = f"{8:032b}{7:05b}{2:04b}{3:04b}{7:04b}{15:04b}0{0:02b}{7:03b}"
    bits += "".join(f"{value:08b}" for value in (0, 0, 0, 0, 9, 9, 9, 255))
    bits += "0" * (-len(bits) % 8)
    rle = [int(bits[start : start + 8], 2) for start in range(0, len(bits), 8)]
    assert mask_of_rle(rle, 1, 2).tolist() == [[False, True]]


def test_coco_there_and_back():
    pairs = [(f"{number:06d}-a.png", mask) for number, mask in enumerate(masks(), start=1)]
    found = from_coco(json.loads(json.dumps(to_coco(pairs))), "f")
    assert [item.name for item in found] == [name for name, _ in pairs]
    for item, (_, mask) in zip(found, pairs):
        np.testing.assert_array_equal(item.mask, mask)


def test_coco_polygons():
    image = {"id": 3, "file_name": "a", "height": 10, "width": 12}
    square = {"image_id": 3, "segmentation": [[2, 3, 6, 3, 6, 7, 2, 7]]}
    (item,) = from_coco({"images": [image], "annotations": [square]}, "f")
    expected = np.zeros((10, 12), bool)
    expected[3:8, 2:7] = True
    np.testing.assert_array_equal(item.mask, expected)


def test_label_studio_there_and_back():
    pairs = [(f"{number:06d}-a.png", mask) for number, mask in enumerate(masks(), start=1)]
    tasks = json.loads(json.dumps(to_label_studio(pairs)))
    for task in tasks:  # as Label Studio exports it when each was accepted
        results = [prediction["result"] for prediction in task.pop("predictions")]
        task["annotations"] = [{"result": results[0] if results else []}]
    found = from_label_studio(tasks, "f")
    for item, (name, mask) in zip(found, pairs):
        assert item.name == name and item.mask.any() == mask.any()
        if mask.any():
            np.testing.assert_array_equal(item.mask, mask)
    assert from_label_studio([{"data": {"image": "a"}}], "f")[0].mask is None


@pytest.mark.parametrize("content", [{}, [], {"images": [{}], "annotations": []}, "x"])
def test_damaged_files_are_named(content):
    image = {"id": 1, "file_name": "a", "height": 2, "width": 2}
    with pytest.raises(DataError, match="f.json: is no COCO file"):
        from_coco(content, "f.json")
    for segmentation in ({"size": [2, 2], "counts": [5]}, {"size": [9, 9], "counts": [81]}, 7):
        annotation = {"image_id": 1, "segmentation": segmentation}
        with pytest.raises(DataError, match="f.json"):
            from_coco({"images": [image], "annotations": [annotation]}, "f.json")
    result = {
        "type": "brushlabels", "original_width": 2, "original_height": 2, "value": {"rle": [1, 2]}
    }  # fmt: skip
    for tasks in ([{}], [3], [{"data": {"image": "a"}, "annotations": [{"result": [result]}]}]):
        with pytest.raises(DataError, match="f.json: is no export of Label Studio"):
            from_label_studio(tasks, "f.json")
