"""Photographs handed out to be labelled in another program, and the masks that come back."""

import os
import re
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from data_prep.errors import DataError
from data_prep.files import folder_written_whole, write_json, write_text
from data_prep.masks import read_mask
from labelling.answers import HEALTHY, MASK
from labelling.formats import (
    COCO,
    FORMATS,
    LABEL_STUDIO,
    PNG,
    Drawn,
    from_coco,
    from_label_studio,
    read_json,
    to_coco,
    to_label_studio,
)
from labelling.photographs import Photograph
from labelling.pixels import read_pixels
from labelling.pool import Pool
from labelling.predicting import name_of
from labelling.ranking import tasks_of
from labelling.scoring import scorer_of

LEASE = 7 * 24 * 3600.0  # seconds that photographs stay with the person they were written for
STRIDE = 8  # of the maps from which masks are drawn beforehand
SKIP = "skip"
EMPTY = (SKIP, HEALTHY)  # what a mask with nothing in it may mean
_NAME = re.compile(r"(\d{6,})-[^/]*$")
_LABEL_STUDIO_CONFIG = """<View>
  <Image name="image" value="$image" zoom="true"/>
  <BrushLabels name="tag" toName="image"><Label value="exudate" background="#ffff00"/></BrushLabels>
</View>
"""


class Taken(NamedTuple):
    """How many answers were added, were there already, and were empty and left out."""

    added: int
    known: int
    empty: int


def ask(
    pool: Pool, n: int, format: str, out: str, who: str, model: Optional[str] = None,
    device: str = "cpu",
) -> List[int]:  # fmt: skip
    """Write the next n photographs into the new folder `out`, with masks drawn by a model.

    They are assigned to that person for a week. model: a model folder or a run folder; None: the
    masks are empty. Returns the photographs. Raises DataError where none is left.
    """
    if format not in FORMATS:
        raise DataError(f"--format {format}: give one of {', '.join(FORMATS)}")
    with folder_written_whole(out) as folder, pool.together():
        numbers = pool.assignments.take(who, n, wanted=1, lease=LEASE)
        if not numbers:
            raise DataError(f"{pool.path}: has no photograph left to ask about")
        rows = [pool.photographs.get(number) for number in numbers]
        os.mkdir(os.path.join(folder, "photographs"))

        def written() -> Iterator[Tuple[str, np.ndarray]]:
            for row in rows:
                name = name_of(row) + ".png"
                image, mask = _drawn(pool, row, model, device)
                _write(os.path.join(folder, "photographs", name), image)
                yield name, mask

        if format == PNG:
            os.mkdir(os.path.join(folder, "masks"))
            for name, mask in written():
                _write(os.path.join(folder, "masks", name), mask.astype(np.uint8) * 255)
        elif format == COCO:
            write_json(os.path.join(folder, "annotations.json"), to_coco(written()))
        else:
            write_json(os.path.join(folder, "tasks.json"), to_label_studio(written()))
            write_text(os.path.join(folder, "label_config.xml"), _LABEL_STUDIO_CONFIG)
    return numbers


def _drawn(
    pool: Pool, row: Photograph, model: Optional[str], device: str
) -> Tuple[np.ndarray, np.ndarray]:
    """Return a photograph and the mask that a model suggests for it."""
    if model is None:
        image = read_pixels(row.path)
        return image, np.zeros(image.shape[:2], bool)
    scorer = scorer_of(os.path.abspath(model), device, STRIDE)
    (task,) = tasks_of(pool, [row])
    view = scorer.view(task)
    return view.image, scorer.probability(view) > scorer.model.threshold


def _write(path: str, pixels: np.ndarray) -> None:
    if not cv2.imwrite(path, pixels):
        raise DataError(f"{path}: cannot be written: check the disk")


def take_answers(
    pool: Pool, paths: Sequence[str], who: str, seconds: float = 0.0, empty: str = SKIP
) -> Taken:
    """Add the masks in files to a pool: all of them, or none where one cannot be used.

    paths: PNGs that are named as `ask` names them, COCO's JSON, Label Studio's JSON export, or
    folders of these; seconds: that each photograph took; empty: what a mask means in which nothing
    is drawn, "healthy" or "skip": it is no answer. An answer that a person has given already is not
    added again. Raises DataError, which names the file.
    """
    if empty not in EMPTY:
        raise DataError(f"--empty {empty}: give one of {', '.join(EMPTY)}")
    counts: Dict[str, int] = dict.fromkeys(Taken._fields, 0)
    with pool.together():
        for path in _files(paths):
            source, drawn = _read(path)
            for item in drawn:
                row = _photograph(pool, item.name, path)
                counts[_take(pool, row, item, path, source, who, seconds, empty)] += 1
    return Taken(**counts)


def _files(paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        names = sorted(os.listdir(path))
        found = [name for name in names if name.casefold().endswith((".png", ".json"))]
        if not found:
            raise DataError(f"{path}: holds no PNG or JSON file: give masks, or an export")
        yield from (os.path.join(path, name) for name in found)


def _read(path: str) -> Tuple[str, List[Drawn]]:
    if not path.casefold().endswith(".json"):
        return PNG, [Drawn(os.path.basename(path), read_mask(path), None)]
    content = read_json(path)
    if isinstance(content, dict):
        return COCO, from_coco(content, path)
    return LABEL_STUDIO, from_label_studio(content, path)


def _photograph(pool: Pool, name: str, path: str) -> Photograph:
    """Return the photograph that a name stands for; programs may write something before it."""
    match = _NAME.search(name.replace("\\", "/"))
    row = None
    if match:
        row = pool.photographs.find(int(match.group(1)))
    if match is None or row is None or os.path.splitext(match.group(0))[0] != name_of(row):
        raise DataError(
            f"{path}: the name {name} is none of the pool's: keep the names that egl ask gave"
        )
    return row


def _take(
    pool: Pool, row: Photograph, item: Drawn, path: str, source: str, who: str, seconds: float,
    empty: str,
) -> str:  # fmt: skip
    """Add an answer, unless there is no need; return which of Taken it counts as."""
    mask = item.mask
    if mask is None or (not mask.any() and empty == SKIP):
        return "empty"
    kind = MASK if mask.any() else HEALTHY
    if mask.size and mask.shape != (row.height, row.width):
        raise DataError(
            f"{path}: the mask of {item.name} has {mask.shape[1]} x {mask.shape[0]} pixels, the "
            f"photograph {row.width} x {row.height} (width x height): export it at full size"
        )
    for answer in pool.answers.latest(row.id):
        if answer.who == who and answer.kind == kind:
            if kind == HEALTHY or np.array_equal(pool.answers.mask(answer.id), mask):
                return "known"
    drawn = mask if kind == MASK else None
    try:
        pool.answers.add(row.id, who, kind, seconds, drawn, source)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    return "added"
