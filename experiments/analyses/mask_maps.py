"""Whole photographs scored densely by a net, their maps made into masks and compared with what was annotated."""

import itertools
import os
import time
from typing import NamedTuple

import cv2
import numpy as np

from data_prep.field_of_view import find_field_of_view
from data_prep.normalisation import Normalisation
from data_prep.store import PatchStore
from data_prep.stored_photographs import StoredPhotographs
from egl.gradient_length.maps import ImageScorer
from egl.nets.definition import prototxt_path
from egl.training.run_folder import RunFolder, read_metrics, write_arrays, write_csv
from egl.training.snapshots import weights_at
from experiments.analyses import mask_scores
from experiments.analyses.mask_scores import ANNOTATED
from experiments.estimate import DENSE, PHOTOGRAPH, START

KINDS = {"p": "p(exudate)", "phi": "phi"}
SUBSETS = {"all": "All test photographs", "lesion": "Test photographs with exudates"}
SPLITS = {1: "validation", 2: "test"}
SIDE = 700  # pixels: the longer side of what the overlays are drawn from
RESAMPLES = 1000  # of the bootstrap over patients
JUDGING = 500  # forward passes of one patch that take as long as reading a mask and comparing two maps with it
COUNTS = ("tp", "fp", "fn", "tn", "found", "right", "called", "highest")
PHOTOGRAPHS = (
    "id",
    "split",
    "lesion",
    "lesions",
    *(f"{kind}_{count}" for kind in KINDS for count in COUNTS),
)
SCORES = ("map", "photographs", "measure", "value", "low", "high")
CURVES = ("map", "threshold", "recall", "precision")


class MaskSettings(NamedTuple):
    """run: name of the run whose last weights are used; stride: pixels, of the maps."""

    run: str
    stride: int

    def passes(self, store):
        """Return about how many forward passes of one patch the work takes."""
        rows = [row for row in store.images if row.split in SPLITS]
        # The field of view fills about 0.7 of a photograph.
        patches = sum(0.7 * row.height * row.width for row in rows) / self.stride**2
        return (
            START + len(rows) * (PHOTOGRAPH + JUDGING) + patches * DENSE.get(self.stride, 1 / 2.5)
        )


class View(NamedTuple):
    """What is kept of a photograph. row: its ImageRow; truth: uint8 H x W, see mask_scores; small: what is inside the field of
    view's box, uint8, SIDE pixels at most; grids: {kind: float32 (rows, columns)}, nan where a patch leaves the field of view."""

    row: tuple
    truth: np.ndarray
    small: np.ndarray
    grids: dict


def score(store, settings, out, progress):
    """Score validation and test photographs densely, with thresholds chosen on the former; return the content of metrics.json.

    Leaves in `out`: photographs.csv (pixels and regions of each photograph at the thresholds), scores.csv (of the test photographs
    together, with intervals), curves.csv (precision and recall by threshold), overlays.npz (three test photographs, small).
    """
    run = RunFolder(out, dict(settings._asdict(), kind="masks"))
    if run.finished:
        return read_metrics(out)
    began = time.time()
    data = PatchStore(store)
    places = [
        place for split in SPLITS for place, row in enumerate(data.images) if row.split == split
    ]
    views = _views(
        data, settings, os.path.join(os.path.dirname(out), settings.run), places, progress
    )
    validation = [next(views) for place in places if data.images[place].split == 1]
    level = {
        kind: mask_scores.best_level(
            sum(_histogram(view, kind, settings.stride) for view in validation)
        )
        for kind in KINDS
    }
    judged, lesions = [], []
    for view in itertools.chain(validation, views):
        judged.append(
            {
                kind: mask_scores.judge(
                    _levels(view, kind, settings.stride), view.truth, level[kind]
                )
                for kind in KINDS
            }
        )
        if view.row.split == 2 and view.row.lesion:
            lesions.append(view)
    rows = [data.images[place] for place in places]
    write_csv(
        run.file("photographs.csv"),
        PHOTOGRAPHS,
        [_counts(*pair, level) for pair in zip(rows, judged)],
    )
    rows, judged = rows[len(validation) :], judged[len(validation) :]
    write_csv(run.file("scores.csv"), SCORES, scores(rows, judged, level))
    points = (
        [kind, *_cells(point)]
        for kind in KINDS
        for point in mask_scores.curve(sum(each[kind].counts for each in judged), kind)
    )
    write_csv(run.file("curves.csv"), CURVES, points)
    _write_overlays(run.file("overlays.npz"), lesions, level["p"], settings.stride)
    run.finish({"diverged": None, "seconds": round(time.time() - began, 1)})
    return read_metrics(out)


def _views(data, settings, trained, places, progress):
    """Yield the View of each of `places` under the last weights of the run folder `trained`."""
    photographs = StoredPhotographs(data)
    weights = weights_at(trained, read_metrics(trained)["iterations"])
    scorer = ImageScorer(
        prototxt_path("lenet_score.prototxt"), weights, Normalisation.of("mean", data.mean)
    )
    for done, place in enumerate(places):
        progress(done, len(places))
        image, mask = photographs.annotated(place)
        field = find_field_of_view(image)
        maps = scorer.maps(image, settings.stride, field)
        truth = mask_scores.truth_of(mask, field)
        grids = {"p": maps.posterior[..., 1].astype(np.float32), "phi": maps.phi.astype(np.float32)}
        yield View(data.images[place], truth, small(image, truth), grids)


def small(pixels, truth):
    """Return the part of an image inside the field of view's box, SIDE pixels long at most. truth: H x W, 0 outside it."""
    (top, bottom), (left, right) = (
        np.flatnonzero(truth.any(axis=axis))[[0, -1]] for axis in (1, 0)
    )
    pixels = pixels[top : bottom + 1, left : right + 1]
    factor = min(1.0, SIDE / max(pixels.shape[:2]))
    return cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _levels(view, kind, stride):
    return mask_scores.levels(
        mask_scores.pixel_map(view.grids[kind], stride, view.truth.shape), kind
    )


def _histogram(view, kind, stride):
    return mask_scores.histogram(_levels(view, kind, stride), view.truth)


def _cells(numbers):
    return [f"{number:.6g}" for number in numbers]


def _counts(row, judged, level):
    """Return a row of photographs.csv."""
    cells = [row.id, SPLITS[row.split], int(row.lesion), judged["p"].matches[1]]
    for kind, (counts, (found, _, right, called), highest) in judged.items():
        cells += [
            *mask_scores.pixel_counts(counts, level[kind]),
            found,
            right,
            called,
            *_cells([mask_scores.value(highest, kind)]),
        ]
    return cells


def scores(rows, judged, level):
    """Yield the rows of scores.csv, of test photographs.

    rows: their ImageRows; judged: of each {kind: mask_scores.Judged}; level: {kind: the threshold}, of the kinds that are told.
    """
    patients, lesion = (
        np.array([getattr(row, column) for row in rows]) for column in ("patient", "lesion")
    )
    for kind in level:
        counts, matches, highest = (
            np.array([getattr(each[kind], part) for each in judged])
            for part in mask_scores.Judged._fields
        )
        for subset in SUBSETS:
            chosen = lesion | (subset == "all")
            measured = mask_scores.with_intervals(
                counts[chosen], matches[chosen], level[kind], patients[chosen], RESAMPLES
            )
            for measure, numbers in measured.items():
                yield [kind, subset, measure, *_cells(numbers)]
        yield [kind, "all", "image_auc", *_cells([mask_scores.ranking(highest, lesion)]), "", ""]
        yield [kind, "all", "threshold", *_cells([mask_scores.value(level[kind], kind)]), "", ""]


def _write_overlays(path, views, level, stride):
    """Write what the overlays show, of the photographs with the smallest, the middle and the largest annotated area."""
    order = sorted(views, key=lambda view: int((view.truth == ANNOTATED).sum()))
    shown = {}
    for n, view in enumerate(
        order[place] for place in sorted({0, len(order) // 2, len(order) - 1})
    ):
        outlined = {
            "annotated": view.truth == ANNOTATED,
            "called": mask_scores.called(_levels(view, "p", stride), view.truth, level),
        }
        shown.update(
            {
                f"{n}_{key}": small(np.uint8(255) * mask, view.truth)
                for key, mask in outlined.items()
            }
        )
        for kind, grid in view.grids.items():
            shown[f"{n}_{kind}"] = small(
                mask_scores.pixel_map(grid, stride, view.truth.shape), view.truth
            ).astype(np.float16)
        shown.update({f"{n}_id": np.array(view.row.id), f"{n}_photograph": view.small})
    write_arrays(path, shown)
