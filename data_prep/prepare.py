"""From a data set on disk to a patch store: read, choose patches, split by patient, write."""

import os
import zlib
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

import cv2
import numpy as np
from tqdm import tqdm

from data_prep import __version__, masks, patches, readers
from data_prep import split as splits
from data_prep.arguments import path_of
from data_prep.decoding import check_regular
from data_prep.errors import DataError, Report
from data_prep.field_of_view import find_field_of_view, from_png, to_png, width_of
from data_prep.files import sha256_of
from data_prep.outputs import check_store_output
from data_prep.photographs import read_photograph
from data_prep.prepare_settings import PrepareSettings
from data_prep.random_streams import Stream, random_state
from data_prep.records import Dataset, Record
from data_prep.settings import as_dict, check_kind
from data_prep.store import LONGEST_TEXT, ImageRow, PatchStore, new_store
from data_prep.symmetry import COUNT

CLASSES = ("healthy", "exudate")  # a label is an index in this tuple
UNKNOWN_SPLIT = -1


class Candidates(NamedTuple):
    """What one photograph offers.

    row: for the store's table, its split not known yet
    field: its field of view, as PNG
    corners: of the healthy and of the exudate patches, int32 (n, 2) each, in random order
    """

    record: Record
    row: ImageRow
    field: bytes
    corners: Tuple[np.ndarray, np.ndarray]


def prepare(
    source: str,
    out: str,
    settings: PrepareSettings = PrepareSettings(),
    skip_bad: bool = False,
    progress: bool = True,
    split_of: Optional[Mapping[str, int]] = None,
) -> Tuple[PatchStore, List[DataError]]:
    """Make the store `out` from the data set in folder `source`.

    split_of: {patient: number of the split}, where they were dealt out before; None: at random
    Returns the store and the problems of photographs that were left out. A problem of a photograph
    raises its DataError; with skip_bad, the photograph is left out instead. One photograph is in
    memory at a time. The same source, settings and version give the same bytes. Raises DataError
    before the work where `out` is a file that is no store, or cannot be written.
    """
    check_kind(settings, PrepareSettings)
    settings.check()
    source, out = path_of(source, "the data set's folder"), path_of(out, "the store's file")
    check_store_output(out)
    problems: List[DataError] = []
    report: Report = problems.append if skip_bad else readers.strict
    dataset = readers.read(source, report, settings.mask_threshold)
    found = _examine(source, dataset, settings, report, progress)
    patients = [candidates.row.patient for candidates in found]
    if split_of is None:
        lesions = [candidates.row.lesion for candidates in found]
        random = random_state(settings.seed, Stream.SPLIT)
        numbers = splits.split_patients(patients, lesions, random, settings.fractions)
    else:
        numbers = np.array([split_of[patient] for patient in patients])
    found = [
        candidates._replace(row=candidates.row._replace(split=int(number)))
        for candidates, number in zip(found, numbers)
    ]
    counts = _counts(found, settings)
    attributes = {
        "version": __version__,
        "dataset": dataset.name,
        "licence": dataset.licence,
        "notes": _lines(dataset.notes),
        "left_out": _lines([str(problem) for problem in problems]),
        "folder": os.path.abspath(source),
        "least_distance": patches.LEAST_DISTANCE,
        "field_width": float(np.median([width_of(from_png(item.field)) for item in found])),
        **as_dict(settings),
        **_sample_counts(found, counts, settings),
    }
    _write(out, found, counts, settings, attributes, progress)
    return PatchStore(out), problems


def _examine(
    source: str, dataset: Dataset, settings: PrepareSettings, report: Report, progress: bool
) -> List[Candidates]:
    """Read every photograph once; return what each offers, sorted by id, without copies."""
    most = _distinct(max(_wanted(settings)), settings)
    found: List[Candidates] = []
    seen = set()
    # Of a photograph and its copy, the annotated one is kept.
    records = sorted(dataset.records, key=lambda record: not record.lesion)
    for record in _bar(records, "choosing patches", progress):
        try:
            checksum = _checksum(record.image)
            if checksum in seen:
                dataset.notes.append(
                    f"{record.id} is a copy of another photograph and was left out"
                )
                continue
            image, mask = read_photograph(record, settings.scale)
            field = _field_of_view(image, record)
            if mask is not None:
                masks.check_against_field(mask, field, record.mask or record.image)
            mask_checksum = _checksum(record.mask, masks.checksum) if record.mask else ""
        except DataError as error:
            report(error)
            continue
        except (cv2.error, MemoryError) as error:
            report(DataError(f"{record.image}: cannot be used ({error}); see --skip-bad"))
            continue
        seen.add(checksum)
        row = ImageRow(
            id=record.id,
            patient=record.patient,
            source=os.path.relpath(record.image, source),
            height=image.shape[0],
            width=image.shape[1],
            lesion=record.lesion,
            split=UNKNOWN_SPLIT,
            sha256=checksum,
            mask_sha256=mask_checksum,
        )
        # An image has random numbers of its own: its patches do not depend on the other images.
        random = random_state(settings.seed, Stream.PATCHES, zlib.crc32(record.id.encode("utf-8")))
        healthy, exudate = patches.corners(field, mask, settings.exudate_rule, settings.side)
        if settings.healthy_from == "lesion" and not record.lesion:
            healthy[:] = False
        healthy_corners = patches.scatter(healthy, most, random)
        exudate_corners = patches.scatter(exudate, most, random)
        found.append(Candidates(record, row, to_png(field), (healthy_corners, exudate_corners)))
    if not found:
        raise DataError(f"{source}: no photograph of {dataset.name} could be used; see --skip-bad")
    return sorted(found, key=lambda candidates: candidates.row.id)


def _bar(items: List[Any], description: str, progress: bool) -> Any:
    return tqdm(items, description, unit="image", disable=None if progress else True)


def _field_of_view(image: np.ndarray, record: Record) -> np.ndarray:
    try:
        return find_field_of_view(image)
    except DataError as error:
        raise DataError(f"{record.image}: {error}; remove it, or give --skip-bad") from error


def _wanted(settings: PrepareSettings) -> Tuple[int, int, int]:
    """Return the samples per class that each split is to have."""
    return settings.n_train, settings.n_validation, settings.n_test


def _per_patch(settings: PrepareSettings) -> int:
    """Return how many samples a patch gives."""
    return COUNT if settings.augmented else 1


def _distinct(samples: int, settings: PrepareSettings) -> int:
    """Return how many distinct patches give `samples` samples."""
    per_patch = _per_patch(settings)
    return (samples + per_patch - 1) // per_patch


def _counts(found: List[Candidates], settings: PrepareSettings) -> np.ndarray:
    """Return how many patches of each class each image gives: int (images, 2)."""
    counts = np.zeros((len(found), 2), int)
    for split, wanted in enumerate(_wanted(settings)):
        members = [index for index, item in enumerate(found) if item.row.split == split]
        for label, name in enumerate(CLASSES):
            available = [len(found[index].corners[label]) for index in members]
            if not sum(available):
                raise DataError(
                    f"the {splits.NAMES[split]} split has no {name} patch: add images, or choose "
                    "another --seed, another --exudate-rule or a smaller --side"
                )
            counts[members, label] = splits.share_out(available, _distinct(wanted, settings))
    return counts


def _sample_counts(
    found: List[Candidates], counts: np.ndarray, settings: PrepareSettings
) -> Dict[str, np.ndarray]:
    """Return how many healthy and exudate samples each split has, as attributes of the store."""
    numbers = np.array([candidates.row.split for candidates in found])
    sample_counts = {}
    for split, (name, wanted) in enumerate(zip(splits.NAMES, _wanted(settings))):
        available = _per_patch(settings) * counts[numbers == split].sum(axis=0)
        sample_counts["samples_" + name] = np.minimum(wanted, available)
    return sample_counts


def _write(
    out: str,
    found: List[Candidates],
    counts: np.ndarray,
    settings: PrepareSettings,
    attributes: Dict[str, Any],
    progress: bool,
) -> None:
    """Read every photograph that gives patches once more, and write the store."""
    total = np.zeros(3)
    n_train = 0
    rows = [candidates.row for candidates in found]
    fields = [candidates.field for candidates in found]
    with new_store(out, rows, fields, int(counts.sum()), settings.side) as writer:
        for index, candidates in enumerate(_bar(found, "writing patches", progress)):
            if not counts[index].any():
                continue
            image, _ = read_photograph(candidates.record, settings.scale)
            for label in range(len(CLASSES)):
                yx = candidates.corners[label][: counts[index, label]]
                cut = patches.cut(image, yx, settings.side)
                writer.append(cut, label, index, yx, candidates.row.split)
                if splits.NAMES[candidates.row.split] == "train":
                    total += cut.sum(axis=(0, 2, 3), dtype=float)
                    n_train += len(yx)
        writer.describe({**attributes, "mean_bgr": total / (n_train * settings.side**2)})


def _lines(texts: List[str]) -> str:
    """Return texts as the lines of an attribute; what it has no room for is counted in the last."""
    kept: List[str] = []
    room = LONGEST_TEXT
    for text in texts:
        room -= len(text.encode("utf-8")) + 1
        if room < 0:
            return "\n".join([*kept, f"... and {len(texts) - len(kept)} more"])
        kept.append(text)
    return "\n".join(kept)


def _checksum(path: str, checksum_of: Callable[[str], str] = sha256_of) -> str:
    check_regular(path)
    try:
        return checksum_of(path)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); check the file, or give --skip-bad"
        ) from error
