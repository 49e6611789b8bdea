"""A forest trained on a store's training photographs, and what it finds on the others: by patch, by pixel and by lesion."""

import itertools
import os
import time
from typing import NamedTuple

import numpy as np

from data_prep.field_of_view import find_field_of_view
from data_prep.geometry import PATCH_SIDE
from data_prep.store import PatchStore
from data_prep.stored_photographs import StoredPhotographs
from egl.training.run_folder import RunFolder, read_metrics, write_arrays, write_csv
from experiments.analyses import mask_maps, mask_scores
from experiments.analyses.mask_scores import ANNOTATED
from experiments.detector import features, forest
from experiments.detector.extraction import probabilities, read_found
from experiments.estimate import PHOTOGRAPH, START

# Forward passes of one patch that take as long as a photograph's share of the training, and as its judging:
TRAINING, JUDGING = 1000, 1500
PATCHES = ("patch", "split", "label", "score")
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


class View(NamedTuple):
    """What is kept of a photograph. truth: uint8 H x W, levels: uint16 H x W, see mask_scores; patches: list of (number of a patch
    in the store, score)."""

    truth: np.ndarray
    levels: np.ndarray
    patches: list


def detect(store, settings, out, progress):
    """Train a forest, score validation and test photographs; return the content of metrics.json.

    Leaves in `out`: patches.csv (the score of each distinct patch), scores.csv (pixels and lesions of the test photographs together,
    with intervals), importances.csv, pictures.npz (two test photographs). A patch's score is the highest p(exudate) of a candidate
    that has a pixel in it, 0 without one. The threshold for pixels and lesions is the one of the highest pixel F on the validation
    photographs, as for the maps of a net (experiments.analyses.mask_maps).
    """
    run = RunFolder(out, dict(settings._asdict(), kind="detector"))
    if run.finished:
        return read_metrics(out)
    began = time.time()
    data = PatchStore(store)
    candidates = os.path.join(os.path.dirname(out), settings.candidates)
    training, validation, test = (
        [place for place, row in enumerate(data.images) if row.split == split] for split in range(3)
    )
    progress(0, len(data.images))
    parts = [
        (found.features, found.annotated)
        for found in (read_found(candidates, place) for place in training)
    ]
    scorer = _Scorer(data, candidates, forest.train(parts, settings.seed, settings.trees))
    importances = sorted(
        zip(features.NAMES, scorer.forest.feature_importances_), key=lambda pair: -pair[1]
    )
    write_csv(
        run.file("importances.csv"),
        IMPORTANCES,
        [[name, f"{value:.6g}"] for name, value in importances],
    )

    views = _views(
        scorer, validation + test, lambda done: progress(len(training) + done, len(data.images))
    )
    of_validation = list(itertools.islice(views, len(validation)))
    level = mask_scores.best_level(
        sum(mask_scores.histogram(view.levels, view.truth) for view in of_validation)
    )
    patches, judged = [pair for view in of_validation for pair in view.patches], []
    for view in views:
        patches += view.patches
        judged.append({"p": mask_scores.judge(view.levels, view.truth, level)})
    rows = [
        [patch, mask_maps.SPLITS[data.split[patch]], data.labels[patch], f"{score:.6g}"]
        for patch, score in sorted(patches)
    ]
    write_csv(run.file("patches.csv"), PATCHES, rows)
    scores = mask_maps.scores([data.images[place] for place in test], judged, {"p": level})
    write_csv(run.file("scores.csv"), mask_maps.SCORES, scores)
    areas = {place: each["p"].counts[1].sum() for place, each in zip(test, judged)}
    lesion = sorted((place for place in test if areas[place]), key=areas.get)
    _write_pictures(
        run.file("pictures.npz"),
        scorer,
        [lesion[rank] for rank in sorted({len(lesion) // 2, len(lesion) - 1})],
    )
    sizes = {
        "candidates": sum(len(part) for _, part in parts),
        "exudates": int(sum((part >= forest.POSITIVE).sum() for _, part in parts)),
    }
    run.finish({"diverged": None, "seconds": round(time.time() - began, 1), "training": sizes})
    return read_metrics(out)


class _Scorer:
    """What scores the photographs of a store: their candidates and a forest."""

    def __init__(self, data, candidates, trained):
        self.data, self.forest = data, trained
        self._candidates, self._photographs = candidates, StoredPhotographs(data)

    def score(self, place):
        """Return (photograph, its truth as in mask_scores, p(exudate) of its pixels: float32 H x W)."""
        image, mask = self._photographs.annotated(place)
        truth = mask_scores.truth_of(mask, find_field_of_view(image))
        found = read_found(self._candidates, place)
        return image, truth, probabilities(found, forest.probability(self.forest, found.features))


def _views(scorer, places, progress):
    """Yield the View of each photograph."""
    for done, place in enumerate(places):
        progress(done)
        _, truth, pixels = scorer.score(place)
        yield View(
            truth, mask_scores.levels(pixels, "p"), list(patch_scores(scorer.data, place, pixels))
        )


def patch_scores(data, place, pixels):
    """Yield (patch, score) of every patch of a photograph: the highest p(exudate) in it. pixels: float32 H x W."""
    for patch in np.flatnonzero(data.image == place):
        y, x = data.yx[patch]
        yield int(patch), float(pixels[y : y + PATCH_SIDE, x : x + PATCH_SIDE].max())


def _write_pictures(path, scorer, places):
    """Write what the figure shows of photographs."""
    shown = {}
    for n, place in enumerate(places):
        image, truth, pixels = scorer.score(place)
        parts = {
            "photograph": image,
            "annotated": np.uint8(255) * (truth == ANNOTATED),
            "p": pixels,
        }
        shown.update({f"{n}_{key}": mask_maps.small(part, truth) for key, part in parts.items()})
        shown[f"{n}_id"] = np.array(scorer.data.images[place].id)
    write_arrays(path, shown)
