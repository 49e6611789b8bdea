"""From folders of photographs to a pool: each file is read once."""

import os
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import cv2

from data_prep.errors import DataError, one_line
from data_prep.field_of_view import find_field_of_view, to_png, width_of
from data_prep.files import sha256_of
from data_prep.image_headers import orientation_of
from data_prep.readers.listing import comparable
from data_prep.readers.tables import read_table
from labelling.executors import Executor, in_chunks, results_of
from labelling.index_settings import IndexSettings
from labelling.near_copies import MOST_BITS, bands_of, bits_between, hash_of
from labelling.photographs import NO_FIELD, Found, Photograph
from labelling.pixels import files_below, read_pixels, size_and_time
from labelling.pool import Pool
from labelling.privacy import warning_of
from labelling.quality import quality_of

CHUNK = 8  # photographs: some seconds of work
Progress = Callable[[int, int], None]


class Indexed(NamedTuple):
    """How many files were read, how many were in the pool already, unchanged, and how many moved.

    What the pool holds afterwards is in the pool.
    """

    read: int
    known: int
    moved: int


def index(
    folders: Sequence[str],
    pool: Pool,
    settings: IndexSettings,
    executor: Executor,
    at_once: int = 1,
    progress: Progress = lambda done, total: None,
) -> Indexed:
    """Enter the photographs in trees of folders into a pool; see IndexSettings.

    executor, at_once: as from executors.executor_for. Files that the pool has, of the same size and
    time, are not read again, so that an interrupted call goes on where it was; a file that cannot
    be used is entered with the reason. Memory does not grow with the number of photographs. Raises
    DataError for a folder that cannot be listed and a table of patients that cannot be read.
    """
    check_input(folders, settings)
    patients = _Patients(settings)
    paths = [os.path.abspath(folder) for folder in folders]
    total = sum(1 for path in paths for _ in files_below(path))
    pool.note("folders", sorted({*pool.fact("folders", []), *paths}))
    known = moved = read = 0

    def new_files() -> Iterator[Tuple[str, Optional[str]]]:
        nonlocal known
        for folder in paths:
            for path in files_below(folder):
                patient = patients.of(path, folder)
                if _is_known(pool, path, patient, settings.scale):
                    known += 1
                    progress(known + read, total)
                else:
                    yield path, patient

    chunks = ((chunk, settings.scale) for chunk in in_chunks(new_files(), CHUNK))
    for results in results_of(executor, at_once, read_files, chunks):
        with pool.together():
            for found in results:
                moved += enter(pool, found)
        read += len(results)
        progress(known + read, total)
    return Indexed(read - moved, known, moved)


def check_input(folders: Sequence[str], settings: IndexSettings) -> None:
    """Raise for what `index` would refuse before it reads any photograph."""
    settings.check()
    _Patients(settings)
    paths = [os.path.abspath(folder) for folder in folders]
    for path in paths:
        if not os.path.isdir(path):
            raise DataError(f"{path}: no such folder: give a folder of photographs")
    if not any(True for path in paths for _ in files_below(path)):
        raise DataError(
            f"{', '.join(paths)}: no photograph was found: give a folder with JPEG, PNG, TIFF or "
            "DICOM files in it or below"
        )


def _is_known(pool: Pool, path: str, patient: Optional[str], scale: Optional[float]) -> bool:
    """Return whether the pool has a file as it is; what it is told of it now is taken down."""
    photograph = pool.photographs.at(one_line(path))
    if photograph is None:
        return False
    try:
        if size_and_time(path) != (photograph.file_size, photograph.modified_ns):
            return False
    except DataError:
        return False
    if (photograph.patient, photograph.given_scale) != (patient, scale):
        pool.photographs.tell(photograph.id, patient, scale)
    return True


def enter(pool: Pool, found: Found) -> bool:
    """Enter what was found in a file; return whether it is one of the pool's that has moved.

    A photograph whose content changed after somebody answered it cannot be used any more.
    """
    before = pool.photographs.at(found.path)
    if before is None:
        for twin in pool.photographs.of_sha256(found.sha256) if found.sha256 else []:
            if not os.path.exists(twin.path):
                pool.photographs.move(twin.id, found.path, found.file_size, found.modified_ns)
                return True
    elif found.sha256 != before.sha256 and pool.answers.history(before.id):
        found = found._replace(
            problem="changed after it was answered: put the old file back, or save the new one "
            "under another name"
        )
    pool.photographs.put(found, _duplicate(pool, found, before))
    if found.hash:
        entered = pool.photographs.at(found.path)
        assert entered is not None
        pool.photographs.set_bands(entered.id, bands_of(found.hash))
    return False


def _duplicate(pool: Pool, found: Found, before: Optional[Photograph]) -> Tuple[Optional[int], str]:
    """Return the photograph that this one repeats, and how: the first one that was entered."""
    if found.problem:
        return None, ""
    own = before.id if before else None
    for twin in pool.photographs.of_sha256(found.sha256):
        if twin.id != own and twin.duplicate_of is None and not twin.problem:
            return twin.id, "copy"
    if found.hash:
        for other, hash in pool.photographs.sharing_a_band(bands_of(found.hash)):
            if other != own and bits_between(hash, found.hash) <= MOST_BITS:
                return other, "near"
    return None, ""


def read_files(files: Sequence[Tuple[str, Optional[str]]], scale: Optional[float]) -> List[Found]:
    """Read photographs and return what was found of each. Run by an executor's processes.

    files: (path, patient) of each; scale: of the settings
    """
    return [_read_file(path, patient, scale) for path, patient in files]


def _read_file(path: str, patient: Optional[str], scale: Optional[float]) -> Found:
    found = Found(path, 0, 0, patient=patient, given_scale=scale)
    try:
        size, modified = size_and_time(path)
        found = found._replace(file_size=size, modified_ns=modified)
        if path != one_line(path):
            raise DataError("a line break or a control character in its name: rename it")
        image = read_pixels(path)
        found = found._replace(
            sha256=sha256_of(path),
            height=image.shape[0],
            width=image.shape[1],
            orientation=orientation_of(path).tag,
            warning=warning_of(path),
        )
        return _with_field(found, image)
    except (DataError, OSError, cv2.error, MemoryError) as error:
        reason = str(error)
        prefix = f"{path}: "
        return found._replace(
            path=one_line(path),
            problem=one_line(reason[len(prefix) :] if reason.startswith(prefix) else reason),
        )


def _with_field(found: Found, image: Any) -> Found:
    try:
        field = find_field_of_view(image)
    except DataError:
        dark = ["dark"] if image.max(axis=2).mean() < 10 else []
        return found._replace(marks=", ".join([*dark, NO_FIELD]))
    quality = quality_of(image, field)
    return found._replace(
        field_width=float(width_of(field)),
        brightness=quality.brightness,
        sharpness=quality.sharpness,
        marks=", ".join(quality.marks),
        hash=hash_of(image, field),
        field_png=to_png(field),
    )


class _Patients:
    """Who a photograph is of, by a table or by the folder it lies in."""

    def __init__(self, settings: IndexSettings) -> None:
        self._level = settings.patient_folder
        self._table: Dict[str, str] = {}
        for row in read_table(settings.patients, ("image", "patient")) if settings.patients else []:
            name = comparable(row["image"].replace("\\", "/"))
            if self._table.setdefault(name, row["patient"]) != row["patient"]:
                raise DataError(
                    f"{settings.patients}: gives {row['image']} two patients: keep one row for "
                    "each image"
                )

    def of(self, path: str, folder: str) -> Optional[str]:
        """Return the patient of a file in a tree, None where nobody says.

        The table names files by their path below the folder, by their name, or without its suffix.
        """
        inside = os.path.relpath(path, folder).replace(os.sep, "/")
        name = os.path.basename(path)
        for key in (inside, name, os.path.splitext(name)[0]):
            if comparable(key) in self._table:
                return self._table[comparable(key)]
        parts = inside.split("/")[:-1]
        return parts[self._level - 1] if 0 < self._level <= len(parts) else None
