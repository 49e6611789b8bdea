"""Masks to other programs and back: PNG for any painter, COCO for CVAT, JSON for Label Studio.

PNG and both run-length forms keep every pixel. COCO's polygons, as CVAT writes them unless it is
told otherwise, go through the corners that the program chose: they are filled as drawn.
"""

import json
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from data_prep.errors import DataError

PNG, COCO, LABEL_STUDIO = "png", "coco", "labelstudio"
FORMATS = (PNG, LABEL_STUDIO, COCO)
CATEGORY = "exudate"


class Drawn(NamedTuple):
    """A mask for a photograph, by the name of its file; mask: bool H x W, None: it was not drawn.

    size: (H, W) that the program says the photograph has, None where it says nothing
    """

    name: str
    mask: Optional[np.ndarray]
    size: Optional[Tuple[int, int]]


# COCO


def counts_of(mask: np.ndarray) -> List[int]:
    """Return COCO's run lengths: down the columns, beginning with the pixels that are not set.

    >>> counts_of(np.array([[False, True], [True, True]]))
    [1, 3]
    """
    flat = mask.T.ravel().astype(np.int8)
    ends = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff(np.concatenate([[0], ends, [flat.size]]))
    return ([0] if flat.size and flat[0] else []) + [int(run) for run in runs]


def mask_of_counts(counts: Sequence[int], height: int, width: int) -> np.ndarray:
    """Return the mask, bool (height, width), of COCO's run lengths. ValueError where none fits."""
    if any(int(run) != run or run < 0 for run in counts) or sum(counts) != height * width:
        raise ValueError("run lengths that do not add up to the size of the photograph")
    flat = np.repeat(np.arange(len(counts)) % 2 == 1, np.asarray(counts, int))
    return np.ascontiguousarray(flat.reshape(width, height).T)


def mask_of_string(text: str, height: int, width: int) -> np.ndarray:
    """Return the mask of COCO's compressed run lengths (six bits a sign, after pycocotools)."""
    counts: List[int] = []
    value = shift = 0
    for sign in text:
        bits = ord(sign) - 48
        if not 0 <= bits < 64:
            raise ValueError("a sign that no compressed run length has")
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:
                value -= 1 << shift
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value = shift = 0
    return mask_of_counts(counts, height, width)


def to_coco(photographs: Iterable[Tuple[str, np.ndarray]]) -> Dict[str, Any]:
    """Return COCO's JSON of (file name, mask): each mask one annotation of run lengths."""
    images: List[Dict[str, Any]] = []
    annotations: List[Dict[str, Any]] = []
    for number, (name, mask) in enumerate(photographs, start=1):
        height, width = mask.shape
        images.append({"id": number, "file_name": name, "height": height, "width": width})
        if not mask.any():
            continue
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        box = [columns[0], rows[0], np.ptp(columns) + 1, np.ptp(rows) + 1]
        annotations.append(
            {
                "id": len(annotations) + 1,
                "image_id": number,
                "category_id": 1,
                "segmentation": {"size": [height, width], "counts": counts_of(mask)},
                "area": int(mask.sum()),
                "bbox": [int(value) for value in box],
                "iscrowd": 1,
            }
        )
    categories = [{"id": 1, "name": CATEGORY, "supercategory": ""}]
    return {"images": images, "annotations": annotations, "categories": categories}


def from_coco(content: Any, path: str) -> List[Drawn]:
    """Return the masks in COCO's JSON; all categories count. DataError, which names the file."""
    try:
        masks = {
            image["id"]: np.zeros((int(image["height"]), int(image["width"])), bool)
            for image in content["images"]
        }
        for annotation in content["annotations"]:
            mask = masks[annotation["image_id"]]
            mask |= _mask_of_segmentation(annotation["segmentation"], *mask.shape)
        return [
            Drawn(str(image["file_name"]), masks[image["id"]], masks[image["id"]].shape)
            for image in content["images"]
        ]
    except (KeyError, TypeError, ValueError, IndexError, MemoryError) as error:
        raise DataError(
            f"{path}: is no COCO file that can be read ({error!r}): export it again"
        ) from error


def _mask_of_segmentation(segmentation: Any, height: int, width: int) -> np.ndarray:
    if isinstance(segmentation, list):
        mask = np.zeros((height, width), np.uint8)
        for polygon in segmentation:
            corners = np.asarray(polygon, float).reshape(-1, 2)
            cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1)
        return mask > 0
    if list(segmentation["size"]) != [height, width]:
        raise ValueError("a mask of another size than its image")
    counts = segmentation["counts"]
    if isinstance(counts, str):
        return mask_of_string(counts, height, width)
    return mask_of_counts(counts, height, width)


# Label Studio


class _Bits:
    """Numbers of some bits each, read one after another."""

    def __init__(self, values: Sequence[int]) -> None:
        bits = np.unpackbits(np.asarray(values, np.uint8)) + np.uint8(ord("0"))
        self._bits = bits.tobytes().decode("ascii")
        self._position = 0

    def next(self, n: int) -> int:
        taken = self._bits[self._position : self._position + n]
        if len(taken) < n:
            raise ValueError("run lengths that end too early")
        self._position += n
        return int(taken, 2)


_WORD, _SIZES = 8, (3, 4, 8, 16)  # bits of a value, and of a run's length, as Label Studio has them


def rle_of(mask: np.ndarray) -> List[int]:
    """Return a mask (bool H x W) as Label Studio's `brush` run lengths, of red, green, blue, alpha.

    Format of @thi.ng/rle-pack, which Label Studio uses: 32 bits for how many values follow, 5 for
    the bits of a value less 1, four times 4 for the bits of a run's length less 1; then runs: a bit
    whether the value repeats, 2 bits for which length, the length less 1, the value or the values.
    """
    runs = _runs(np.repeat(mask.ravel(), 4))
    bits = [f"{mask.size * 4:032b}", f"{_WORD - 1:05b}", *(f"{size - 1:04b}" for size in _SIZES)]
    for value, length in runs:
        while length:
            part = min(length, 2 ** _SIZES[-1])
            which = next(n for n, size in enumerate(_SIZES) if part <= 2**size)
            bits.append(f"1{which:02b}{part - 1:0{_SIZES[which]}b}{255 if value else 0:08b}")
            length -= part
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return np.packbits(np.frombuffer(text.encode(), np.uint8) - ord("0")).tolist()


def _runs(flat: np.ndarray) -> List[Tuple[bool, int]]:
    ends = np.concatenate([[0], np.flatnonzero(np.diff(flat.astype(np.int8))) + 1, [flat.size]])
    return [(bool(flat[start]), int(end - start)) for start, end in zip(ends[:-1], ends[1:])]


def mask_of_rle(rle: Sequence[int], height: int, width: int) -> np.ndarray:
    """Return the mask of Label Studio's `brush` run lengths. ValueError where none fits."""
    bits = _Bits(rle)
    n = bits.next(32)
    if n != 4 * height * width:
        raise ValueError("run lengths of another size than the photograph")
    word = bits.next(5) + 1
    sizes = [bits.next(4) + 1 for _ in range(4)]
    values = np.empty(n, np.uint8)
    position = 0
    while position < n:
        repeated = bits.next(1)
        length = bits.next(sizes[bits.next(2)]) + 1
        end = min(position + length, n)
        if repeated:
            values[position:end] = bits.next(word) & 255
        else:
            values[position:end] = [bits.next(word) & 255 for _ in range(end - position)]
        position = end
    return values.reshape(height, width, 4)[:, :, 3] > 0


def to_label_studio(photographs: Iterable[Tuple[str, np.ndarray]]) -> List[Dict[str, Any]]:
    """Return Label Studio's tasks of (file name, mask): each mask a prediction to correct."""
    tasks = []
    for name, mask in photographs:
        height, width = mask.shape
        result = {
            "from_name": "tag",
            "to_name": "image",
            "type": "brushlabels",
            "original_width": width,
            "original_height": height,
            "image_rotation": 0,
            "value": {"format": "rle", "rle": rle_of(mask), "brushlabels": [CATEGORY]},
        }
        predictions = [{"result": [result]}] if mask.any() else []
        tasks.append({"data": {"image": name}, "predictions": predictions})
    return tasks


def from_label_studio(content: Any, path: str) -> List[Drawn]:
    """Return the masks in Label Studio's JSON export: each task's last annotation.

    A task without an annotation was not drawn. Raises DataError, which names the file.
    """
    try:
        return [_of_task(task) for task in content]
    except (KeyError, TypeError, ValueError, IndexError, MemoryError) as error:
        raise DataError(
            f"{path}: is no export of Label Studio that can be read ({error!r}): export it as JSON"
        ) from error


def _of_task(task: Dict[str, Any]) -> Drawn:
    name = str(task["data"]["image"])
    annotations = [item for item in task.get("annotations", []) if not item.get("was_cancelled")]
    if not annotations:
        return Drawn(name, None, None)
    mask: Optional[np.ndarray] = None
    for result in annotations[-1]["result"]:
        if result.get("type") != "brushlabels":
            continue
        size = int(result["original_height"]), int(result["original_width"])
        if mask is not None and mask.shape != size:
            raise ValueError("results of different sizes")
        drawn = mask_of_rle(result["value"]["rle"], *size)
        mask = drawn if mask is None else mask | drawn
    # An annotation with nothing drawn: nothing is there.
    return Drawn(name, np.zeros((0, 0), bool) if mask is None else mask, None)


def read_json(path: str) -> Any:
    """Return the content of a JSON file. DataError where it is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as JSON ({error}): export it again") from error
