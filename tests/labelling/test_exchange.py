import json
import os

import cv2
import numpy as np
import pytest

from data_prep.errors import DataError
from labelling.exchange import ask, take_answers
from labelling.formats import FORMATS
from labelling.pixels import read_pixels


def suggested(pool, folder, format, names):
    """Return {name: mask} as `ask` wrote them."""
    from labelling.formats import from_coco, mask_of_rle

    if format == "png":
        return {name: cv2.imread(str(folder / "masks" / name), 0) > 0 for name in names}
    if format == "coco":
        content = json.loads((folder / "annotations.json").read_text())
        return {item.name: item.mask for item in from_coco(content, "f")}
    found = {}
    for task in json.loads((folder / "tasks.json").read_text()):
        for prediction in task["predictions"]:
            (result,) = prediction["result"]
            size = result["original_height"], result["original_width"]
            found[task["data"]["image"]] = mask_of_rle(result["value"]["rle"], *size)
    return found


def draw(pool, folder, format, names):
    """Draw a mask into each file as a person would; return {name: mask}, the last one empty."""
    rng = np.random.RandomState(0)
    drawn = {}
    for name in names:
        row = pool.photographs.get(int(name[:6]))
        blocks = (rng.rand(8, 12) > 0.7).astype(np.uint8)
        drawn[name] = cv2.resize(blocks, (row.width, row.height)) > 0
    drawn[names[-1]][:] = False
    if format == "png":
        for name, mask in drawn.items():
            cv2.imwrite(str(folder / "masks" / name), mask.astype(np.uint8) * 255)
        return folder / "masks", drawn
    from labelling.formats import to_coco, to_label_studio

    path = folder / "export.json"
    if format == "coco":
        path.write_text(json.dumps(to_coco(drawn.items())))
        return path, drawn
    tasks = to_label_studio(drawn.items())
    for task in tasks:
        task["data"]["image"] = "/data/upload/1/0a1b2c3d-" + task["data"]["image"]
        results = [prediction["result"] for prediction in task.pop("predictions")]
        task["annotations"] = [{"result": results[0] if results else []}]
    path.write_text(json.dumps(tasks))
    return path, drawn


@pytest.mark.parametrize("format", FORMATS)
def test_what_was_drawn_comes_back_to_the_pixel(format, real_pool, tmp_path):
    folder = tmp_path / "asked"
    numbers = ask(real_pool, 3, format, str(folder), "ann")
    assert numbers == [1, 2, 3] and real_pool.assignments.next_for("bob") == 4
    names = sorted(os.listdir(folder / "photographs"))
    assert [name[:7] for name in names] == ["000001-", "000002-", "000003-"]
    for number, name in zip(numbers, names):
        pixels = cv2.imread(str(folder / "photographs" / name))
        np.testing.assert_array_equal(pixels, read_pixels(real_pool.photographs.get(number).path))
    path, drawn = draw(real_pool, folder, format, names)
    assert take_answers(real_pool, [str(path)], "ann", 20) == (2, 0, 1)
    assert take_answers(real_pool, [str(path)], "ann", 20, empty="healthy") == (1, 2, 0)
    for number, name in zip(numbers[:2], names):
        (answer,) = real_pool.answers.latest(number)
        assert (answer.kind, answer.who, answer.source) == ("mask", "ann", format)
        np.testing.assert_array_equal(real_pool.answers.mask(answer.id), drawn[name])
    assert real_pool.answers.latest(3)[0].kind == "healthy"
    assert real_pool.answers.seconds() == 60


def test_masks_drawn_beforehand_are_the_model_s(real_pool, tiny_model, tmp_path):
    from egl.training.model_folder import read_model
    from labelling.ranking import tasks_of
    from labelling.scoring import scorer_of

    scorer = scorer_of(tiny_model, "cpu", 8)
    (task,) = tasks_of(real_pool, [real_pool.photographs.get(1)])
    expected = scorer.probability(scorer.view(task)) > read_model(tiny_model).threshold
    for format in FORMATS:
        folder = tmp_path / format
        ask(real_pool, 1, format, str(folder), "ann", tiny_model)
        names = os.listdir(folder / "photographs")
        masks = suggested(real_pool, folder, format, names)
        np.testing.assert_array_equal(masks.get(names[0], np.zeros_like(expected)), expected)


def test_nothing_is_taken_where_one_file_cannot_be_used(real_pool, tmp_path):
    folder = tmp_path / "asked"
    ask(real_pool, 2, "png", str(folder), "ann")
    names = sorted(os.listdir(folder / "masks"))
    good, bad = (str(folder / "masks" / name) for name in names)
    cv2.imwrite(good, np.full((480, 720), 255, np.uint8))
    with pytest.raises(DataError, match=f"^{good}: a mask over 100% of the field of view"):
        take_answers(real_pool, [good], "ann")
    cv2.imwrite(good, np.eye(480, 720, dtype=np.uint8) * 255)
    cv2.imwrite(bad, np.full((100, 720), 255, np.uint8))
    with pytest.raises(DataError, match=f"^{bad}: the mask .* 720 x 100 pixels"):
        take_answers(real_pool, [good, bad], "ann")
    stranger = str(tmp_path / "000001-stranger.png")
    cv2.imwrite(stranger, np.full((480, 720), 255, np.uint8))
    for path in (stranger, str(tmp_path / "999999-x.png"), str(tmp_path / "x.png")):
        cv2.imwrite(path, np.full((480, 720), 255, np.uint8))
        with pytest.raises(DataError, match="is none of the pool's: keep the names"):
            take_answers(real_pool, [good, path], "ann")
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(DataError, match="broken.json: cannot be read as JSON"):
        take_answers(real_pool, [good, str(broken)], "ann")
    with pytest.raises(DataError, match="holds no PNG or JSON"):
        take_answers(real_pool, [str(folder)], "ann")
    assert list(real_pool.answers.all_latest()) == []


def test_nothing_left_and_bad_words(pool, tmp_path):
    for number in (1, 2, 3):
        pool.answers.add(number, "ann", "healthy")
    with pytest.raises(DataError, match="has no photograph left"):
        ask(pool, 1, "png", str(tmp_path / "out"), "ann")
    assert not (tmp_path / "out").exists()
    with pytest.raises(DataError, match="--format xml"):
        ask(pool, 1, "xml", str(tmp_path / "out"), "ann")
    with pytest.raises(DataError, match="--empty maybe"):
        take_answers(pool, [], "ann", empty="maybe")
