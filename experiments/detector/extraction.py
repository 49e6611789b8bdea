"""The candidates of every photograph of a store with their features, a small file each: what every forest is trained on."""

import os
import time
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np

from data_prep.field_of_view import find_field_of_view
from data_prep.store import PatchStore
from data_prep.stored_photographs import StoredPhotographs
from egl.errors import EglError
from egl.training.run_folder import RunFolder, read_metrics, write_arrays
from experiments.detector import exclusion, features, normalisation
from experiments.detector.candidates import LEVELS, find_candidates
from experiments.detector.normalisation import BACKGROUND, NARROW
from experiments.detector.regions import Regions
from experiments.estimate import PHOTOGRAPH, START

EXTRACTION = 2700  # forward passes of one patch that take as long as the candidates and features of a photograph


class ExtractionSettings(NamedTuple):
    """width: of the field of view on the detector's scale, in pixels."""

    width: int = normalisation.WIDTH

    def passes(self, store):
        """Return about how many forward passes of one patch the work takes."""
        return START + len(store.images) * (
            PHOTOGRAPH + EXTRACTION * (self.width / normalisation.WIDTH) ** 2
        )


class Found(NamedTuple):
    """The candidates of a photograph. labels: int32 (levels, h, w), their numbers from 1 on through all LEVELS, 0 where there is
    none; features: float32 (n, len(features.NAMES)); annotated: float32 (n,), share of each that is annotated; box: where the
    detector's scale lies in the photograph (normalisation.Calibrated); shape: (H, W) of the photograph."""

    labels: np.ndarray
    features: np.ndarray
    annotated: np.ndarray
    box: tuple
    shape: tuple


def extract(store, settings, out, progress):
    """Write the Found of every photograph of a store; go on where an earlier call was killed. Return the content of metrics.json."""
    run = RunFolder(out, dict(settings._asdict(), kind="detector candidates"))
    if run.finished:
        return read_metrics(out)
    began = time.time()
    data = PatchStore(store)
    photographs = StoredPhotographs(data)
    os.makedirs(run.file("photographs"), exist_ok=True)
    for place in range(len(data.images)):
        progress(place, len(data.images))
        if not os.path.exists(_path(out, place)):
            image, mask = photographs.annotated(place)
            write_arrays(
                _path(out, place),
                find(image, find_field_of_view(image), mask, settings.width)._asdict(),
            )
    run.finish({"diverged": None, "seconds": round(time.time() - began, 1)})
    return read_metrics(out)


def find(image, field, mask, width):
    """Return the Found of a photograph, looked for on a scale where its field of view is `width` pixels wide.

    image: uint8 H x W x 3 BGR; field, mask: bool H x W, its field of view and what is annotated
    """
    calibrated = normalisation.calibrate(image, field, width)
    wide, narrow = (normalisation.contrasts(calibrated, window) for window in (BACKGROUND, NARROW))
    darkness = exclusion.dark(wide[..., 1])
    disc = exclusion.find_disc(calibrated.image, darkness, calibrated.field)
    excluded = exclusion.disc_mask(disc, darkness.shape) | exclusion.reflections(
        wide[..., 1], calibrated.field
    )
    green = {BACKGROUND: exclusion.fill_dark(wide[..., 1], darkness), NARROW: narrow[..., 1]}
    seen = features.Seen(calibrated.image, calibrated.field, wide, narrow[..., 1], darkness, disc)
    cover = normalisation.to_scale(mask, calibrated)
    labels, rows, annotated, n = [], [], [], 0
    for number, level in enumerate(LEVELS):
        of_level = find_candidates(green[level.window], calibrated.field & ~excluded, level)
        rows.append(features.describe(of_level, seen, number))
        annotated.append(Regions(of_level, len(rows[-1])).mean(cover))
        labels.append(np.where(of_level, of_level + n, 0))
        n += len(rows[-1])
    parts = (
        np.stack(labels).astype(np.int32),
        np.concatenate(rows),
        np.concatenate(annotated).astype(np.float32),
    )
    return Found(*parts, calibrated.box, image.shape[:2])


def read_found(folder, place):
    """Return the Found of the photograph `place` of a store, from the finished run folder of `extract`. EglError if it is damaged."""
    try:
        with np.load(_path(folder, place)) as file:
            found = Found(*(file[name] for name in Found._fields))
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise EglError(
            f"{_path(folder, place)}: cannot be read ({error}); remove the run's folder {folder}"
        ) from error
    return found._replace(box=tuple(found.box.tolist()), shape=tuple(found.shape.tolist()))


def probabilities(found, of_candidates):
    """Return the highest probability of the candidates at each pixel of the photograph: float32 H x W, 0 where there is none."""
    values = np.concatenate([[0], of_candidates]).astype(np.float32)
    return normalisation.to_photograph(values[found.labels].max(axis=0), found.box, found.shape)


def _path(folder, place):
    return os.path.join(folder, "photographs", f"{place:05d}.npz")
