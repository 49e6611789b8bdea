"""From a data set on disk to a patch store: read, choose patches, split by patient, write. The command `egl prepare`."""

import hashlib
import math
import os
import zlib
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from data_prep import __version__, patches, readers
from data_prep import split as splits
from data_prep.errors import DataError
from data_prep.field_of_view import find_field_of_view
from data_prep.photographs import read_photograph
from data_prep.store import ImageRow, PatchStore, StoreWriter
from data_prep.symmetry import COUNT

CLASSES = ("healthy", "exudate")  # label = place in this tuple


class PrepareSettings(NamedTuple):
    """Every choice made between photographs and store; kept in the store's attributes. Counts are samples per class."""

    seed: int = 1
    n_train: int = 8760  # the paper's counts, its 8 symmetries of every patch counted
    n_validation: int = 328
    n_test: int = 986
    augmented: bool = True  # False: every sample is a patch of its own
    exudate_rule: object = (
        "centre"  # "centre", "any" or a share of the pixels (method of data_prep.patches)
    )
    healthy_from: str = "all"  # "all" images, or "lesion": the healthy parts of lesion images alone
    scale: float = 1.0  # images are resized by this factor first
    fractions: tuple = splits.FRACTIONS  # of the patients, for train, validation, test

    def check(self):
        """Raise DataError for a value that cannot be meant."""
        if min(self.n_train, self.n_validation, self.n_test) < 1:
            raise DataError("counts of patches must be at least 1")
        rule = self.exudate_rule
        if rule not in patches.EXUDATE_RULES and not (isinstance(rule, float) and 0 < rule <= 1):
            raise DataError(f"exudate rule {rule!r}: give centre, any, or a share between 0 and 1")
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise DataError(f"scale {self.scale}: give a number above 0")
        if not 0 <= self.seed < 2**32:
            raise DataError(f"seed {self.seed}: give a number from 0 to 4294967295")


class _Found(NamedTuple):
    """What one photograph offers: its row for the table (split not known yet) and the corners of each class."""

    row: ImageRow
    record: object
    corners: tuple  # (healthy, exudate), int32 (n, 2) each, in random order


def prepare(source, out, settings=PrepareSettings(), skip_bad=False, progress=True):
    """Make the store `out` from the data set in folder `source`; return (PatchStore, list of problems left out).

    Streams: one photograph in memory at a time. A problem of one photograph raises its DataError, unless skip_bad: then
    the photograph is left out and the error is in the list. Same source, settings and version: the same bytes.
    """
    settings.check()
    problems = []
    report = problems.append if skip_bad else readers.strict
    dataset = readers.read(source, report)
    found = _look(source, dataset, settings, report, progress)
    numbers = splits.split_patients(
        [item.row for item in found], np.random.RandomState([settings.seed, 0]), settings.fractions
    )
    found = [
        item._replace(row=item.row._replace(split=int(number)))
        for item, number in zip(found, numbers)
    ]
    counts = _counts(found, settings)
    attributes = _attributes(source, dataset, settings, counts, problems, found)
    _write(out, found, counts, settings, attributes, progress)
    return PatchStore(out), problems


def _look(source, dataset, settings, report, progress):
    """Read every photograph once; return a list of _Found, without photographs that occur twice."""
    most = _distinct(max(settings.n_train, settings.n_validation, settings.n_test), settings)
    found, seen = [], set()
    records = sorted(
        dataset.records, key=lambda record: not record.lesion
    )  # of a copy pair, the annotated one is kept
    for record in tqdm(
        records, "choosing patches", unit="image", disable=None if progress else True
    ):
        try:
            checksum = _sha256(record.image)
            if checksum in seen:
                dataset.notes.append(
                    f"{record.id} is a copy of another photograph and was left out"
                )
                continue
            image, mask = read_photograph(record, settings.scale)
            field_of_view = _field_of_view(image, record)
        except DataError as error:
            report(error)
            continue
        seen.add(checksum)
        # The image's own random numbers: what is chosen from it does not depend on which other images there are.
        random = np.random.RandomState([settings.seed, 1, zlib.crc32(record.id.encode("utf-8"))])
        allowed = list(patches.corners(field_of_view, mask, settings.exudate_rule))
        if settings.healthy_from == "lesion" and not record.lesion:
            allowed[0][:] = False
        corners = tuple(patches.scatter(one, most, random) for one in allowed)
        row = ImageRow(
            record.id,
            record.patient,
            os.path.relpath(record.image, source),
            image.shape[0],
            image.shape[1],
            record.lesion,
            -1,
            checksum,
        )
        found.append(_Found(row, record, corners))
    if not found:
        raise DataError(f"no photograph of {dataset.name} could be used")
    return sorted(found, key=lambda item: item.row.id)


def _field_of_view(image, record):
    try:
        return find_field_of_view(image)
    except DataError as error:
        raise DataError(f"{record.image}: {error}; remove it, or give --skip-bad") from error


def _distinct(samples, settings):
    """Return how many distinct patches make `samples` samples."""
    return -(-samples // COUNT) if settings.augmented else samples


def _counts(found, settings):
    """Return int (images, 2): how many patches of each class each image gives."""
    counts = np.zeros((len(found), 2), int)
    for number, wanted in enumerate((settings.n_train, settings.n_validation, settings.n_test)):
        members = [place for place, item in enumerate(found) if item.row.split == number]
        for label, name in enumerate(CLASSES):
            available = [len(found[place].corners[label]) for place in members]
            if not sum(available):
                raise DataError(
                    f"the {splits.NAMES[number]} split has no {name} patch: add images, choose another --seed, or another --exudate-rule"
                )
            counts[members, label] = splits.share_out(available, _distinct(wanted, settings))
    return counts


def _write(out, found, counts, settings, attributes, progress):
    """Read every photograph that gives patches once more and write the store."""
    total = np.zeros(3)
    n_train = 0
    with StoreWriter(out, [item.row for item in found], int(counts.sum()), attributes) as writer:
        for place, item in enumerate(
            tqdm(found, "writing patches", unit="image", disable=None if progress else True)
        ):
            if not counts[place].any():
                continue
            image, _ = read_photograph(item.record, settings.scale)
            for label in (0, 1):
                yx = item.corners[label][: counts[place, label]]
                cut = patches.cut(image, yx)
                writer.append(cut, label, place, yx, item.row.split)
                if item.row.split == 0:
                    total += cut.sum(axis=(0, 2, 3), dtype=float)
                    n_train += len(yx)
        writer.finish({"mean_bgr": total / (n_train * patches.SIZE**2)})


def _attributes(source, dataset, settings, counts, problems, found):
    """Return what the store says of itself: every setting, the data set's name and licence, and what was asked and left out."""
    each = COUNT if settings.augmented else 1
    numbers = np.array([item.row.split for item in found])
    asked = (settings.n_train, settings.n_validation, settings.n_test)
    attributes = {
        "version": __version__,
        "dataset": dataset.name,
        "licence": dataset.licence,
        "notes": "\n".join(dataset.notes),
        "left_out": "\n".join(str(problem) for problem in problems),
        "folder": os.path.abspath(source),
        "least_distance": patches.LEAST_DISTANCE,
    }
    for name, value in settings._asdict().items():
        attributes[name] = list(value) if isinstance(value, tuple) else value
    for number, (split, wanted) in enumerate(zip(splits.NAMES, asked)):
        available = each * counts[numbers == number].sum(axis=0)
        attributes["samples_" + split] = np.minimum(wanted, available)  # healthy, exudate
    return attributes


def _sha256(path):
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); check the file, or give --skip-bad"
        ) from error


def summary(store):
    """Return the table of what went into a store, as text: one line a split, and what fell short of the counts asked for."""
    head = (
        "split",
        "patients",
        "images",
        "with exudates",
        "healthy patches",
        "exudate patches",
        "samples",
        "asked for",
    )
    rows, short = [head], []
    for place, split in enumerate(splits.NAMES):
        images = [row for row in store.images if row.split == place]
        labels = store.labels[store.patches_of(split)]
        got, asked = store.attributes["samples_" + split], store.attributes["n_" + split]
        rows.append(
            (
                split,
                len({row.patient for row in images}),
                len(images),
                sum(row.lesion for row in images),
                int((labels == 0).sum()),
                int((labels == 1).sum()),
                "{} + {}".format(*got),
                f"{asked} + {asked}",
            )
        )
        for name, number in zip(CLASSES, got):
            if number < asked:
                short.append(
                    f"{split}: only {number} {name} samples where {asked} were asked for; took all"
                )
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(head))]
    lines = ["  ".join(str(cell).rjust(width) for cell, width in zip(row, widths)) for row in rows]
    notes = [line for key in ("notes", "left_out") for line in store.attributes[key].splitlines()]
    return "\n".join(lines + short + notes)
