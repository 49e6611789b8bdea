"""Data sets and the answers of pools in one folder, whose cameras are brought to one scale.

The folder has the plain layout (data_prep.readers.folder), so that everything that takes a data set
takes it: images/ and masks/ for photographs with exudates, healthy/, and patients.csv.
"""

import os
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from data_prep import readers
from data_prep.errors import DataError, Report
from data_prep.field_of_view import find_field_of_view, width_of
from data_prep.files import folder_written_whole, write_csv, write_text
from data_prep.photographs import read_photograph, resize_image, resize_mask
from data_prep.readers.listing import stem
from data_prep.records import Record
from labelling.answers import MASK, TEACHING, Answer
from labelling.photographs import Photograph
from labelling.pixels import read_pixels, size_and_time
from labelling.pool import Pool, is_pool

FIELD_WIDTH = 1400.0  # pixels: between the 900 and 1500 of e-ophtha, as the detector has it
Progress = Callable[[int, int], None]


class Mixed(NamedTuple):
    """What went into a folder. lesion: {patient: whether a photograph of hers has exudates}."""

    n_photographs: int
    lesion: Dict[str, bool]


class _Item(NamedTuple):
    """A photograph of a source: read() gives pixels, mask (None: healthy) and its scale."""

    name: str
    patient: str
    read: Callable[[], Tuple[np.ndarray, Optional[np.ndarray], float]]


def mix(
    sources: Sequence[str],
    out: str,
    field_width: float = FIELD_WIDTH,
    report: Report = readers.strict,
    mask_threshold: int = 0,
    progress: Progress = lambda done, total: None,
    names: Optional[Sequence[str]] = None,
) -> Mixed:
    """Write the photographs of data sets and the answered ones of pools to the new folder `out`.

    Each is scaled so that its field of view is `field_width` pixels wide. Patients of two sources
    are two patients, and one who is not known is the photograph's own. Of several people's masks,
    a pixel is an exudate where at least half of them say so. report, mask_threshold: as for
    readers.read; names: of the sources, before those of their patients; None: their files' names.
    Raises DataError where a source holds nothing that can be used.
    """
    names = names or _names(sources)
    items: List[_Item] = []
    notices = []
    pools: List[Pool] = []
    try:
        for source, name in zip(sources, names):
            if is_pool(source):
                pools.append(Pool(source))
                items += list(_of_pool(pools[-1], name))
                notices.append(f"{name}: answers of the pool {os.path.abspath(source)}")
            else:
                dataset = readers.read(source, report, mask_threshold)
                items += [_of_record(record, name) for record in dataset.records]
                notices.append(f"{name}: {dataset.name}, {dataset.licence or 'licence unknown'}")
        if not items:
            raise DataError(f"{', '.join(sources)}: no photograph has an answer to learn from")
        return _write(items, out, field_width, notices, report, progress)
    finally:
        for pool in pools:
            pool.close()


def _names(sources: Sequence[str]) -> List[str]:
    """Return a short name for each source; two of one name are numbered."""
    names: List[str] = []
    for source in sources:
        name = stem(os.path.normpath(source)).replace(" ", "-")
        count = sum(1 for other in names if other.split("~")[0] == name)
        names.append(f"{name}~{count + 1}" if count else name)
    return names


def _of_record(record: Record, name: str) -> _Item:
    def read() -> Tuple[np.ndarray, Optional[np.ndarray], float]:
        image, mask = read_photograph(record)
        try:
            width = width_of(find_field_of_view(image))
        except DataError as error:
            raise DataError(f"{record.image}: {error}; remove it, or give --skip-bad") from error
        return image, mask, float(width)

    plain = os.path.splitext(record.id)[0].replace("/", "-")
    return _Item(f"{name}-{plain}", f"{name}/{record.patient}", read)


def _of_pool(pool: Pool, name: str) -> Iterator[_Item]:
    by_photograph: Dict[int, List[Answer]] = {}
    for answer in pool.answers.all_latest():
        if answer.kind in TEACHING:
            by_photograph.setdefault(answer.photograph, []).append(answer)
    for number, answers in by_photograph.items():
        row = pool.photographs.get(number)
        if row.problem or not row.field_width:
            continue
        plain = os.path.splitext(os.path.basename(row.path))[0]
        patient = f"{name}/{row.patient}" if row.patient else f"{name}/{number}"

        def read(
            row: Photograph = row, answers: Sequence[Answer] = tuple(answers)
        ) -> Tuple[np.ndarray, Optional[np.ndarray], float]:
            if size_and_time(row.path) != (row.file_size, row.modified_ns):
                raise DataError(f"{row.path}: changed since it was indexed: run egl index again")
            return read_pixels(row.path), agreed_mask(pool, answers), row.field_width

        yield _Item(f"{name}-{number:06d}-{plain}", patient, read)


def agreed_mask(pool: Pool, answers: Sequence[Answer]) -> Optional[np.ndarray]:
    """Return where at least half of the people see an exudate: bool H x W; None: nowhere."""
    votes = [pool.answers.mask(answer.id) for answer in answers if answer.kind == MASK]
    if not votes:
        return None
    agreed: np.ndarray = 2 * np.sum(votes, axis=0) >= len(answers)
    return agreed if agreed.any() else None


def _write(
    items: Sequence[_Item], out: str, field_width: float, notices: Sequence[str], report: Report,
    progress: Progress,
) -> Mixed:  # fmt: skip
    lesion: Dict[str, bool] = {}
    rows: List[Tuple[str, str]] = []
    with folder_written_whole(out) as folder:
        for name in ("images", "masks", "healthy"):
            os.mkdir(os.path.join(folder, name))
        for number, item in enumerate(items, start=1):
            try:
                image, mask, width = item.read()
                scale = field_width / width
                image = resize_image(image, scale, item.name)
            except (DataError, cv2.error, MemoryError) as error:
                report(
                    error if isinstance(error, DataError) else DataError(f"{item.name}: {error}")
                )
                continue
            if mask is not None:
                mask = resize_mask(mask, image.shape[1::-1])
                _write_png(os.path.join(folder, "masks", item.name), mask.astype(np.uint8) * 255)
            kind = "healthy" if mask is None else "images"
            _write_png(os.path.join(folder, kind, item.name), image)
            rows.append((item.name, item.patient))
            lesion[item.patient] = lesion.get(item.patient, False) or mask is not None
            progress(number, len(items))
        if not any(lesion.values()):
            raise DataError(
                f"{', '.join(notices)}: no photograph with exudates could be used: answer more"
            )
        if len(os.listdir(os.path.join(folder, "healthy"))) == 0:
            os.rmdir(os.path.join(folder, "healthy"))  # an empty one would be an error
        write_csv(os.path.join(folder, "patients.csv"), ("image", "patient"), rows)
        text = f"Fields of view scaled to a width of {field_width:g} pixels.\n"
        write_text(os.path.join(folder, "README.txt"), text + "\n".join(notices) + "\n")
    return Mixed(len(rows), lesion)


def _write_png(stem_path: str, pixels: np.ndarray) -> None:
    if not cv2.imwrite(stem_path + ".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1]):
        raise DataError(f"{stem_path}.png: cannot be written: check the disk")
