"""A forest trained on a store's training photographs, and what it finds on the others: by patch, by pixel and by lesion."""
import os
import time
from typing import NamedTuple

import cv2
import numpy as np

from data_prep.field_of_view import find_field_of_view
from data_prep.patches import SIZE
from data_prep.store import PatchStore
from data_prep.stored_photographs import StoredPhotographs
from egl.errors import EglError
from egl.run_folder import RunFolder, read_metrics, write_csv
from experiments.analyses import mask_scores
from experiments.analyses.mask_scores import ANNOTATED, HEALTHY, OUTSIDE
from experiments.detector import features, forest
from experiments.detector.extraction import probabilities, read_found
from experiments.detector.normalisation import cut
from experiments.estimate import PHOTOGRAPH, START

SPLITS = {1: "validation", 2: "test"}
SUBSETS = {"all": "All test photographs", "lesion": "Test photographs with exudates"}
RESAMPLES = 1000  # of the bootstrap over patients
SIDE = 900  # pixels: the longer side of what the figure is drawn from
# Forward passes of one patch that take as long as a photograph's share of the training, and as its judging:
TRAINING, JUDGING = 1000, 1500
PATCHES = ("patch", "split", "label", "score")
PHOTOGRAPHS = ("id", "split", "lesion", "lesions", "candidates", "tp", "fp", "fn", "tn", "found", "right", "called", "highest")
SCORES = ("photographs", "measure", "value", "low", "high")
IMPORTANCES = ("feature", "importance")


class DetectorSettings(NamedTuple):
    """candidates: name of the run with the candidates; seed, trees: of the forest."""

    candidates: str
    seed: int
    trees: int = forest.TREES

    def passes(self, store):
        """Return about how many forward passes of one patch the work takes."""
        training = sum(row.split == 0 for row in store.images)
        return START + training * TRAINING + (len(store.images) - training) * (PHOTOGRAPH + JUDGING)


def detect(store, settings, out, progress):
    """Train a forest, score validation and test photographs; return the content of metrics.json.

    Leaves in `out`: patches.csv (the score of each distinct patch), photographs.csv (pixels and regions of each photograph at the
    threshold), scores.csv (of the test photographs together, with intervals), importances.csv, overlays.npz (two test photographs).
    A patch's score is the highest p(exudate) of a candidate that has a pixel in it, 0 without one. The threshold for pixels and
    regions is chosen on the validation photographs as for the maps of a net (experiments.analyses.mask_maps).
    """
    run = RunFolder(out, dict(settings._asdict(), kind="detector"))
    if run.finished:
        return read_metrics(out)
    began = time.time()
    data = PatchStore(store)
    detector = _Detector(data, settings, os.path.join(os.path.dirname(out), settings.candidates), progress)
    write_csv(run.file("importances.csv"), IMPORTANCES, detector.importances())
    # Photographs are looked at one by one, and the few of the validation split twice, so that never many are in memory.
    level = mask_scores.best_level(sum(mask_scores.histogram(view.levels, view.truth) for view in detector.views(1)))
    judged, patches = [], []
    for split in SPLITS:
        for view in detector.views(split):
            judged.append(Judgement(view.row, view.place, len(view.probability), mask_scores.judge(view.levels, view.truth, level)))
            patches.extend(patch_scores(data, view.place, view.pixels))
    rows = [[patch, SPLITS[data.split[patch]], data.labels[patch], *_cells([score])] for patch, score in sorted(patches)]
    write_csv(run.file("patches.csv"), PATCHES, rows)
    write_csv(run.file("photographs.csv"), PHOTOGRAPHS, [_counts(each, level) for each in judged])
    test = [each for each in judged if each.row.split == 2]
    write_csv(run.file("scores.csv"), SCORES, _scores(test, level))
    detector.write_overlays(run.file("overlays.npz"), {each.place: int(each.scored.counts[1].sum()) for each in test})
    run.finish({"diverged": None, "seconds": round(time.time() - began, 1), "training": detector.sizes})
    return read_metrics(out)


class View(NamedTuple):
    """A photograph that is scored. row: its ImageRow, number `place`; image: uint8 H x W x 3; truth: uint8 H x W, see mask_scores;
    found: Found; probability: float32 (n,), of its candidates; pixels: float32 H x W; levels: uint16 H x W, see mask_scores.levels."""

    row: tuple
    place: int
    image: np.ndarray
    truth: np.ndarray
    found: tuple
    probability: np.ndarray
    pixels: np.ndarray
    levels: np.ndarray


class Judgement(NamedTuple):
    """What is kept of a View: its ImageRow and number, how many candidates it has, its mask_scores.Judged."""

    row: tuple
    place: int
    candidates: int
    scored: tuple


class _Detector:
    """A forest trained on the training photographs, and the views of the others."""

    def __init__(self, data, settings, folder, progress):
        self._data, self._folder, self._photographs = data, folder, StoredPhotographs(data)
        self._progress, self._done = progress, 0
        training = self._places(0)
        self._total = len(training) + 2 * len(self._places(1)) + len(self._places(2))
        progress(0, self._total)
        parts = [(found.features, found.annotated) for found in (read_found(folder, place) for place in training)]
        annotated = np.concatenate([part for _, part in parts])
        self.sizes = {"candidates": len(annotated), "exudates": int((annotated >= forest.POSITIVE).sum())}
        try:
            self._forest = forest.train(parts, settings.seed, settings.trees)
        except ValueError as error:
            raise EglError(f"{data.path}: {error}") from error
        self._done = len(training)

    def importances(self):
        """Return rows (feature, importance), the greatest first."""
        values = self._forest.feature_importances_
        return [[features.NAMES[place], f"{values[place]:.6g}"] for place in np.argsort(-values, kind="stable")]

    def views(self, split):
        """Yield the View of each photograph of a split."""
        for place in self._places(split):
            self._progress(self._done, self._total)
            yield self.view(place)
            self._done += 1

    def view(self, place):
        image, mask = self._photographs.annotated(place)
        field = find_field_of_view(image)
        truth = np.where(field, np.where(mask, ANNOTATED, HEALTHY), OUTSIDE).astype(np.uint8)
        found = read_found(self._folder, place)
        of_candidates = forest.probability(self._forest, found.features)
        pixels = probabilities(found, of_candidates)
        return View(self._data.images[place], place, image, truth, found, of_candidates, pixels, mask_scores.levels(pixels, "p"))

    def write_overlays(self, path, areas):
        """Write what the figure shows: the test photographs with the middle and the largest annotated area; areas: {place: pixels}."""
        order = sorted((place for place in areas if areas[place]), key=areas.get)
        shown = {}
        for n, place in enumerate(order[rank] for rank in sorted({len(order) // 2, len(order) - 1})):
            view = self.view(place)
            shown[f"{n}_id"] = np.array(view.row.id)
            annotated = np.uint8(255) * (view.truth == ANNOTATED)
            for key, pixels in (("photograph", view.image), ("annotated", annotated), ("p", view.pixels)):
                shown[f"{n}_{key}"] = _small(pixels, view.found.box)
        with open(path + ".writing", "wb") as file:
            np.savez_compressed(file, **shown)
        os.replace(path + ".writing", path)

    def _places(self, split):
        return [place for place, row in enumerate(self._data.images) if row.split == split]


def patch_scores(data, place, pixels):
    """Yield (patch, score) of every patch of a photograph: the highest p(exudate) in it. pixels: float32 H x W."""
    for patch in np.flatnonzero(data.image == place):
        y, x = data.yx[patch]
        yield int(patch), float(pixels[y : y + SIZE, x : x + SIZE].max())


def _small(pixels, box):
    """Return what is inside a box, SIDE pixels long at most."""
    pixels = cut(pixels, box)
    factor = min(1.0, SIDE / max(pixels.shape[:2]))
    return cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _cells(numbers):
    return [f"{number:.6g}" for number in numbers]


def _counts(each, level):
    """Return a row of photographs.csv."""
    found, lesions, right, called = each.scored.matches
    pixels, highest = mask_scores.pixel_counts(each.scored.counts, level), mask_scores.value(each.scored.highest, "p")
    about = [each.row.id, SPLITS[each.row.split], int(each.row.lesion), lesions, each.candidates]
    return [*about, *pixels, found, right, called, *_cells([highest])]


def _scores(test, level):
    """Yield the rows of scores.csv, of Judgements of the test photographs."""
    patients, lesion = (np.array([getattr(each.row, column) for each in test]) for column in ("patient", "lesion"))
    counts, matches, highest = (np.array([getattr(each.scored, part) for each in test]) for part in mask_scores.Judged._fields)
    for subset in SUBSETS:
        chosen = lesion | (subset == "all")
        measured = mask_scores.with_intervals(counts[chosen], matches[chosen], level, patients[chosen], RESAMPLES)
        for measure, numbers in measured.items():
            yield [subset, measure, *_cells(numbers)]
    yield ["all", "image_auc", *_cells([mask_scores.ranking(highest, lesion)]), "", ""]
    yield ["all", "threshold", *_cells([mask_scores.value(level, "p")]), "", ""]
