"""Whole photographs scored densely by a net, and the masks that its maps make."""

from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence

import numpy as np

from data_prep.files import write_arrays, write_csv
from data_prep.geometry import PATCH_SIDE
from data_prep.split import NAMES
from data_prep.store import ImageRow, PatchStore
from data_prep.stored_photographs import StoredPhotographs
from egl.training.run_folder import RunFolder
from experiments.analyses import mask_scores, pixel_scores
from experiments.analyses.analysis import (
    Cores,
    Progress,
    TrainedRun,
    analysis,
    beside,
    images_of,
)
from experiments.analyses.mask_scores import Judged
from experiments.analyses.pictures import small_picture
from experiments.analyses.pixel_scores import ANNOTATED

KINDS = {"p": "p(exudate)", "phi": "phi"}  # of maps, with their words
COUNTS = ("tp", "fp", "fn", "tn", "found", "right", "called", "highest")
PHOTOGRAPHS = (
    "id",
    "split",
    "lesion",
    "lesions",
    *(f"{kind}_{count}" for kind in KINDS for count in COUNTS),
)
CURVES = ("map", "threshold", "recall", "precision")


@dataclass(frozen=True)
class MaskSettings:
    """run: name of the run whose last weights are used; stride: of the maps, pixels."""

    run: str
    stride: int


class Mapped(NamedTuple):
    """A photograph with its maps.

    truth: uint8 H x W, see pixel_scores; picture: the photograph as from small_picture
    grids: {kind: float32 (rows, columns)}, nan where a patch leaves the field of view
    """

    row: ImageRow
    truth: np.ndarray
    picture: np.ndarray
    grids: Dict[str, np.ndarray]
    stride: int

    def pixels(self, kind: str) -> np.ndarray:
        """Return the score of every pixel: float32 H x W."""
        return pixel_map(self.grids[kind], self.stride, self.truth.shape)

    def bins(self, kind: str) -> np.ndarray:
        """Return the bin of every pixel: uint16 H x W."""
        return pixel_scores.bin_scores(self.pixels(kind), kind)


@analysis("masks")
def score(
    store: PatchStore,
    settings: MaskSettings,
    folder: RunFolder,
    progress: Progress,
    workers: Cores = 1,
) -> None:
    """Choose a threshold for each map on the validation photographs, and judge all at it.

    Leaves photographs.csv (pixels and regions of each photograph), scores.csv (of the test
    photographs together, with intervals), curves.csv (precision and recall by threshold) and
    overlays.npz (three test photographs, small).
    """
    validation, test = images_of(store, "validation"), images_of(store, "test")
    n = len(validation) + len(test)
    run = TrainedRun(beside(folder.path, settings.run))
    with run.scorer(run.last, workers=workers) as scorer:
        decisive = []
        for done, photograph in enumerate(map_photographs(store, scorer, validation, settings)):
            progress(done, n)
            decisive.append(photograph)
        thresholds = choose_thresholds(decisive)
        judged = [judge(photograph, thresholds) for photograph in decisive]
        lesions = []
        mapped = map_photographs(store, scorer, test, settings)
        for done, photograph in enumerate(mapped, len(validation)):
            progress(done, n)
            judged.append(judge(photograph, thresholds))
            if photograph.row.lesion:
                lesions.append(photograph)
    images = [store.images[index] for index in validation + test]
    rows = [_photograph_row(*pair, thresholds) for pair in zip(images, judged)]
    write_csv(folder.file("photographs.csv"), PHOTOGRAPHS, rows)
    _write_scores(folder, images[len(validation) :], judged[len(validation) :], thresholds)
    _write_overlays(folder.file("overlays.npz"), lesions, thresholds["p"])


def map_photographs(
    store: PatchStore, scorer: Any, indices: Sequence[int], settings: MaskSettings
) -> Iterator[Mapped]:
    """Yield the maps of photographs of a store, and their truth.

    scorer: a NetScorer or Workers; indices: into store.images
    """
    photographs, stride = StoredPhotographs(store), settings.stride
    maps = scorer.maps_of(map(photographs.view, indices), stride)
    for found, index in zip(maps, indices):
        photograph, mask = photographs.annotated(index)
        truth = pixel_scores.truth_of(mask, photographs.field(index))
        grids = {
            "p": found.posterior[..., 1].astype(np.float32),
            "phi": found.phi.astype(np.float32),
        }
        picture = small_picture(photograph, truth)
        yield Mapped(store.images[index], truth, picture, grids, stride)


def pixel_map(grid: np.ndarray, stride: int, shape: Sequence[int]) -> np.ndarray:
    """Return the score of every pixel, float32 `shape`, from those of a grid of patches.

    A patch's score belongs to its centre pixel. Between centres it is bilinear, and it falls to 0
    within a stride towards where there is no score.
    grid: (rows, columns), nan where there is no score, as in PhiMaps; stride: pixels
    """
    values = np.pad(np.nan_to_num(grid).astype(np.float32), 1, mode="constant")
    for axis, size in enumerate(shape):
        last = values.shape[axis] - 1
        position = np.clip((np.arange(size) - PATCH_SIDE // 2) / stride + 1, 0, last)
        lower = np.minimum(position.astype(int), last - 1)
        share = (position - lower).astype(np.float32)
        if axis == 0:
            share = share[:, None]
        below, above = np.take(values, lower, axis), np.take(values, lower + 1, axis)
        values = below + (above - below) * share
    return values


def choose_thresholds(validation: Sequence[Mapped]) -> Dict[str, int]:
    """Return {kind: the bin of the highest pixel F over all these photographs}."""
    return {
        kind: pixel_scores.best_threshold(
            sum(pixel_scores.histogram(mapped.bins(kind), mapped.truth) for mapped in validation)
        )
        for kind in KINDS
    }


def judge(photograph: Mapped, thresholds: Dict[str, int]) -> Dict[str, Judged]:
    """Return {kind: Judged} of a photograph."""
    return {
        kind: mask_scores.judge(photograph.bins(kind), photograph.truth, threshold)
        for kind, threshold in thresholds.items()
    }


def _photograph_row(
    row: ImageRow, judged: Dict[str, Judged], thresholds: Dict[str, int]
) -> List[Any]:
    cells = [row.id, NAMES[row.split], int(row.lesion), judged["p"].matches.lesions]
    for kind, (counts, matches, highest) in judged.items():
        cells += pixel_scores.confusion(counts, thresholds[kind])
        cells += [matches.found, matches.right, matches.called]
        cells.append(f"{pixel_scores.bin_edge(highest, kind):.6g}")
    return cells


def _write_scores(
    folder: RunFolder,
    images: Sequence[ImageRow],
    judged: Sequence[Dict[str, Judged]],
    thresholds: Dict[str, int],
) -> None:
    """Write scores.csv and curves.csv, of the test photographs together."""
    scores, points = [], []
    for kind, threshold in thresholds.items():
        of_kind = [photograph[kind] for photograph in judged]
        scores += mask_scores.score_rows(images, of_kind, threshold, kind)
        counts = sum(photograph.counts for photograph in of_kind)
        for point in pixel_scores.curve(counts, kind):
            points.append([kind, *(f"{number:.6g}" for number in point)])
    write_csv(folder.file("scores.csv"), mask_scores.COLUMNS, scores)
    write_csv(folder.file("curves.csv"), CURVES, points)


def _write_overlays(path: str, lesions: Sequence[Mapped], threshold: int) -> None:
    """Write the photographs with the smallest, the middle and the largest annotated area."""
    order = sorted(lesions, key=lambda mapped: int((mapped.truth == ANNOTATED).sum()))
    arrays = {}
    for number, rank in enumerate(sorted({0, len(order) // 2, len(order) - 1})):
        mapped = order[rank]
        outlined = {
            "annotated": mapped.truth == ANNOTATED,
            "called": pixel_scores.called(mapped.bins("p"), mapped.truth, threshold),
        }
        for name, mask in outlined.items():
            arrays[f"{number}_{name}"] = small_picture(np.uint8(255) * mask, mapped.truth)
        for kind in KINDS:
            heat = small_picture(mapped.pixels(kind), mapped.truth)
            arrays[f"{number}_{kind}"] = heat.astype(np.float16)
        arrays[f"{number}_id"] = np.array(mapped.row.id)
        arrays[f"{number}_photograph"] = mapped.picture
    write_arrays(path, arrays)
