"""A forest trained on a store's training photographs, and what it finds on the others."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple

import numpy as np

from data_prep.files import write_arrays, write_csv
from data_prep.split import NAMES
from data_prep.store import PatchStore
from data_prep.stored_photographs import StoredPhotographs
from egl.training.run_folder import RunFolder
from experiments.analyses import mask_scores, pixel_scores
from experiments.analyses.analysis import Progress, analysis, beside, images_of
from experiments.analyses.mask_scores import Judged
from experiments.analyses.pictures import small_picture
from experiments.analyses.pixel_scores import ANNOTATED
from experiments.detector import features, forest
from experiments.detector.extraction import probabilities, read_found

if TYPE_CHECKING:  # scikit-learn takes a second to import
    from sklearn.ensemble import RandomForestClassifier

PATCHES = ("patch", "split", "label", "score")
IMPORTANCES = ("feature", "importance")


@dataclass(frozen=True)
class DetectorSettings:
    """candidates: name of the run with the candidates; seed, trees: of the forest."""

    candidates: str
    seed: int
    trees: int = forest.TREES


class Detected(NamedTuple):
    """A photograph with the detector's scores.

    truth: uint8 H x W, bins: uint16 H x W, see pixel_scores
    patches: (index of a patch in the store, score) of each of its patches
    """

    truth: np.ndarray
    bins: np.ndarray
    patches: List[Tuple[int, float]]


@analysis("detector")
def detect(
    store: PatchStore, settings: DetectorSettings, folder: RunFolder, progress: Progress
) -> Dict[str, Any]:
    """Train a forest, choose a threshold on the validation photographs, and judge the test ones.

    Leaves patches.csv (the score of each distinct patch), scores.csv (pixels and lesions of the
    test photographs together, with intervals), importances.csv and pictures.npz (two test
    photographs). A patch's score is the highest p(exudate) of a candidate that has a pixel in it, 0
    without one. The threshold for pixels and lesions is the one of the highest pixel F on the
    validation photographs, as for the maps of a net (experiments.analyses.mask_maps).
    """
    n, candidates = len(store.images), beside(folder.path, settings.candidates)
    training, validation, test = (images_of(store, split) for split in NAMES)
    progress(0, n)
    found = [read_found(candidates, index) for index in training]
    parts = [(photograph.features, photograph.annotated) for photograph in found]
    trained = forest.train(parts, settings.seed, settings.trees)
    _write_importances(folder.file("importances.csv"), trained)

    scorer = _Scorer(store, candidates, trained)
    decisive = []
    for done, index in enumerate(validation, len(training)):
        progress(done, n)
        decisive.append(scorer.detected(index))
    threshold = choose_threshold(decisive)
    patches = [pair for photograph in decisive for pair in photograph.patches]
    judged = []
    for done, index in enumerate(test, len(training) + len(validation)):
        progress(done, n)
        photograph = scorer.detected(index)
        judged.append(mask_scores.judge(photograph.bins, photograph.truth, threshold))
        patches += photograph.patches
    images = [store.images[index] for index in test]
    scores = mask_scores.score_rows(images, judged, threshold, "p")
    _write_patches(folder.file("patches.csv"), store, patches)
    write_csv(folder.file("scores.csv"), mask_scores.COLUMNS, scores)
    scorer.write_pictures(folder.file("pictures.npz"), _pictured(test, judged))
    exudates = sum(int((annotated >= forest.POSITIVE).sum()) for _, annotated in parts)
    sizes = {"candidates": sum(len(annotated) for _, annotated in parts), "exudates": exudates}
    return {"training": sizes}


def choose_threshold(validation: Sequence[Detected]) -> int:
    """Return the bin of the highest pixel F over all these photographs."""
    return pixel_scores.best_threshold(
        sum(pixel_scores.histogram(detected.bins, detected.truth) for detected in validation)
    )


class _Scorer:
    """Scores the photographs of a store by a forest and their candidates."""

    def __init__(
        self, store: PatchStore, candidates: str, trained: "RandomForestClassifier"
    ) -> None:
        self._store, self._candidates, self._forest = store, candidates, trained
        self._photographs = StoredPhotographs(store)

    def detected(self, index: int) -> Detected:
        _, truth, pixels = self._score(index)
        bins = pixel_scores.bin_scores(pixels, "p")
        return Detected(truth, bins, list(patch_scores(self._store, index, pixels)))

    def _score(self, index: int) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return a photograph, its truth, and p(exudate) of its pixels: float32 H x W."""
        image, mask = self._photographs.annotated(index)
        truth = pixel_scores.truth_of(mask, self._photographs.field(index))
        found = read_found(self._candidates, index)
        p = forest.probability(self._forest, found.features)
        return image, truth, probabilities(found, p)

    def write_pictures(self, path: str, indices: Sequence[int]) -> None:
        """Write what the figure shows of photographs."""
        arrays = {}
        for number, index in enumerate(indices):
            image, truth, pixels = self._score(index)
            annotated = np.uint8(255) * (truth == ANNOTATED)
            parts = {"photograph": image, "annotated": annotated, "p": pixels}
            for name, part in parts.items():
                arrays[f"{number}_{name}"] = small_picture(part, truth)
            arrays[f"{number}_id"] = np.array(self._store.images[index].id)
        write_arrays(path, arrays)


def patch_scores(store: PatchStore, index: int, pixels: np.ndarray) -> Iterator[Tuple[int, float]]:
    """Yield (patch index, score) of every patch of a photograph: the highest p(exudate) in it.

    pixels: float32 H x W
    """
    for patch_index in np.flatnonzero(store.image == index):
        y, x = store.yx[patch_index]
        yield int(patch_index), float(pixels[y : y + store.side, x : x + store.side].max())


def _pictured(test: Sequence[int], judged: Sequence[Judged]) -> List[int]:
    """Return the photographs with the middle and the largest annotated area."""
    area = {index: photograph.counts[1].sum() for index, photograph in zip(test, judged)}
    order = sorted((index for index in test if area[index]), key=lambda index: area[index])
    return [order[rank] for rank in sorted({len(order) // 2, len(order) - 1})]


def _write_importances(path: str, trained: "RandomForestClassifier") -> None:
    pairs = zip(features.NAMES, trained.feature_importances_)
    rows = sorted(pairs, key=lambda pair: -pair[1])
    write_csv(path, IMPORTANCES, [[name, f"{importance:.6g}"] for name, importance in rows])


def _write_patches(path: str, store: PatchStore, scores: Sequence[Tuple[int, float]]) -> None:
    rows = [
        [index, NAMES[store.split[index]], store.labels[index], f"{score:.6g}"]
        for index, score in sorted(scores)
    ]
    write_csv(path, PATCHES, rows)
