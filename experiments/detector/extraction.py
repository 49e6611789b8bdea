"""The candidates of every photograph with their features: what the forests are trained on."""

import os
from dataclasses import dataclass
from typing import NamedTuple, Tuple
from zipfile import BadZipFile

import numpy as np

from data_prep.files import write_arrays
from data_prep.store import PatchStore
from data_prep.stored_photographs import StoredPhotographs
from egl.errors import EglError
from egl.training.run_folder import RunFolder
from experiments.analyses.analysis import Progress, analysis
from experiments.detector import exclusion, features, normalisation
from experiments.detector.candidates import LEVELS, find_candidates
from experiments.detector.normalisation import BACKGROUND, NARROW, Box
from experiments.detector.regions import Regions


@dataclass(frozen=True)
class ExtractionSettings:
    """width: of the field of view on the detector's scale, pixels."""

    width: int = normalisation.WIDTH


class Found(NamedTuple):
    """The candidates of a photograph.

    labels: int32 (levels, h, w), numbered from 1 on through all LEVELS, 0 where there is none
    features: float32 (n, len(features.NAMES))
    annotated: float32 (n,), the share of each that is annotated
    box: where the detector's scale lies in the photograph
    shape: (H, W) of the photograph
    """

    labels: np.ndarray
    features: np.ndarray
    annotated: np.ndarray
    box: Box
    shape: Tuple[int, int]


@analysis("detector candidates")
def extract(
    store: PatchStore, settings: ExtractionSettings, folder: RunFolder, progress: Progress
) -> None:
    """Write the Found of every photograph of a store; after a kill, only those still missing."""
    photographs = StoredPhotographs(store)
    os.makedirs(folder.file("photographs"), exist_ok=True)
    for index in range(len(store.images)):
        progress(index, len(store.images))
        path = _path(folder.path, index)
        if not os.path.exists(path):
            image, mask = photographs.annotated(index)
            found = find(image, photographs.field(index), mask, settings.width)
            write_arrays(path, found._asdict())


def find(image: np.ndarray, field: np.ndarray, mask: np.ndarray, width: int) -> Found:
    """Return the Found of a photograph.

    image: uint8 H x W x 3 BGR; field, mask: bool H x W, its field of view and what is annotated
    width: of the field of view on the detector's scale, pixels
    """
    calibrated = normalisation.calibrate(image, field, width)
    wide = normalisation.contrasts(calibrated, BACKGROUND)
    narrow = normalisation.contrasts(calibrated, NARROW)[..., 1]
    darkness = exclusion.dark(wide[..., 1])
    disc = exclusion.find_disc(calibrated.image, darkness, calibrated.field)
    excluded = exclusion.disc_mask(disc, darkness.shape)
    excluded |= exclusion.reflections(wide[..., 1], calibrated.field)
    allowed = calibrated.field & ~excluded
    green = {BACKGROUND: exclusion.fill_dark(wide[..., 1], darkness), NARROW: narrow}
    scene = features.Scene(calibrated.image, calibrated.field, wide, narrow, darkness, disc)
    cover = normalisation.to_scale(mask, calibrated)
    labels, rows, annotated, n = [], [], [], 0
    for number, level in enumerate(LEVELS):
        candidates = find_candidates(green[level.window], allowed, level)
        described = features.describe(candidates, scene, number)
        rows.append(described)
        annotated.append(Regions(candidates, len(described)).mean(cover))
        labels.append(np.where(candidates, candidates + n, 0))
        n += len(described)
    return Found(
        np.stack(labels).astype(np.int32),
        np.concatenate(rows),
        np.concatenate(annotated).astype(np.float32),
        calibrated.box,
        image.shape[:2],
    )


def read_found(folder: str, index: int) -> Found:
    """Return the Found of a photograph of a store, from the finished run folder of `extract`.

    Raises EglError if its file is damaged.
    """
    path = _path(folder, index)
    try:
        with np.load(path) as file:
            found = {name: file[name] for name in Found._fields}
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise EglError(
            f"{path}: cannot be read ({error}); remove the run's folder {folder}"
        ) from error
    box, shape = tuple(found.pop("box").tolist()), tuple(found.pop("shape").tolist())
    return Found(**found, box=box, shape=shape)


def probabilities(found: Found, of_candidates: np.ndarray) -> np.ndarray:
    """Return the highest probability of the candidates at each pixel: float32 H x W, 0 without one.

    of_candidates: (n,)
    """
    values = np.concatenate([[0], of_candidates]).astype(np.float32)
    return normalisation.to_photograph(values[found.labels].max(axis=0), found.box, found.shape)


def _path(folder: str, index: int) -> str:
    return os.path.join(folder, "photographs", f"{index:05d}.npz")
