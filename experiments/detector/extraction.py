"""The candidates of every photograph of a store with their features, a small file each: what every forest is trained on."""
import os
import time
from typing import NamedTuple

import numpy as np

from data_prep.field_of_view import find_field_of_view
from data_prep.store import PatchStore
from data_prep.stored_photographs import StoredPhotographs
from egl.run_folder import RunFolder, read_metrics
from experiments.detector import exclusion, features, normalisation
from experiments.detector.candidates import LARGE, SMALL, find_candidates
from experiments.estimate import PHOTOGRAPH, START

EXTRACTION = 3000  # forward passes of one patch that take as long as the candidates and features of a photograph


class ExtractionSettings(NamedTuple):
    """width: of the field of view on the detector's scale, in pixels."""

    width: int = normalisation.WIDTH

    def passes(self, store):
        """Return about how many forward passes of one patch the work takes."""
        return START + len(store.images) * (PHOTOGRAPH + EXTRACTION * (self.width / normalisation.WIDTH) ** 2)


class Found(NamedTuple):
    """The candidates of a photograph. large, small: int32 h x w, their numbers from 1 on, the large ones first, 0 where there is
    none; features: float32 (n, len(features.NAMES)); annotated: float32 (n,), share of each that is annotated; box: where the
    detector's scale lies in the photograph (normalisation.Calibrated); shape: (H, W) of the photograph."""

    large: np.ndarray
    small: np.ndarray
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
            _write(_path(out, place), find(image, find_field_of_view(image), mask, settings.width))
    run.finish({"diverged": None, "seconds": round(time.time() - began, 1)})
    return read_metrics(out)


def find(image, field, mask, width):
    """Return the Found of a photograph, looked for on a scale where its field of view is `width` pixels wide.

    image: uint8 H x W x 3 BGR; field, mask: bool H x W, its field of view and what is annotated
    """
    calibrated = normalisation.calibrate(image, field, width)
    wide, narrow = (normalisation.contrasts(calibrated, scale.window) for scale in (LARGE, SMALL))
    darkness = exclusion.dark(wide[..., 1])
    disc = exclusion.find_disc(calibrated.image, darkness, calibrated.field)
    excluded = exclusion.disc_mask(disc, darkness.shape) | exclusion.reflections(wide[..., 1], calibrated.field)
    seen = features.Seen(calibrated.image, calibrated.field, wide, narrow, darkness, disc)
    large = find_candidates(exclusion.fill_dark(wide[..., 1], darkness), calibrated.field & ~excluded, LARGE)
    small = find_candidates(narrow[..., 1], calibrated.field & ~excluded, SMALL)
    cover = normalisation.to_scale(mask, calibrated)
    return Found(
        large,
        np.where(small, small + large.max(), 0).astype(np.int32),
        np.concatenate([features.describe(large, seen, True), features.describe(small, seen, False)]),
        np.concatenate([_share(labels, cover) for labels in (large, small)]),
        calibrated.box,
        image.shape[:2],
    )


def read_found(folder, place):
    """Return the Found of the photograph `place` of a store, from the finished run folder of `extract`."""
    with np.load(_path(folder, place)) as file:
        parts = [file[name] for name in Found._fields]
    return Found(*parts[:4], *(tuple(part.tolist()) for part in parts[4:]))


def probabilities(found, of_candidates):
    """Return the highest probability of the candidates at each pixel of the photograph: float32 H x W, 0 where there is none."""
    values = np.concatenate([[0], of_candidates]).astype(np.float32)
    return normalisation.to_photograph(np.maximum(values[found.large], values[found.small]), found.box, found.shape)


def _share(labels, cover):
    n = int(labels.max()) + 1
    return (np.bincount(labels.ravel(), cover.ravel(), n) / np.maximum(np.bincount(labels.ravel(), minlength=n), 1))[1:].astype(np.float32)


def _path(folder, place):
    return os.path.join(folder, "photographs", f"{place:05d}.npz")


def _write(path, found):
    with open(path + ".writing", "wb") as file:
        np.savez_compressed(file, **found._asdict())
    os.replace(path + ".writing", path)
