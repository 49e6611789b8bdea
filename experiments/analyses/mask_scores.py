"""How well masks made from maps agree with the annotated ones, by pixel, lesion and photograph."""

from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from experiments.analyses.lesion_scores import LesionMatches, match_lesions
from experiments.analyses.pixel_scores import (
    ANNOTATED,
    OUTSIDE,
    bin_edge,
    called,
    cumulative_from_top,
    histogram,
)

SUBSETS = {"all": "All test photographs", "lesion": "Test photographs with exudates"}
COLUMNS = ("map", "photographs", "measure", "value", "low", "high")
RESAMPLES = 1000  # of the bootstrap over patients
CHUNK = 100  # resamples at a time: 13 MB for each array of their histograms

Measures = Dict[str, np.ndarray]


class Judged(NamedTuple):
    """A map of one photograph against its mask, at a threshold.

    counts: its histogram, (2, BINS); highest: the highest bin of a pixel
    """

    counts: np.ndarray
    matches: LesionMatches
    highest: int


def judge(bins: np.ndarray, truth: np.ndarray, threshold: int) -> Judged:
    """Return the Judged of a map in bins against the truth, H x W each."""
    matches = match_lesions(called(bins, truth, threshold), truth == ANNOTATED)
    return Judged(histogram(bins, truth), matches, int(bins[truth != OUTSIDE].max()))


def measures(counts: np.ndarray, matches: np.ndarray, threshold: int) -> Measures:
    """Return {measure: array}, over the leading axes, of what photographs have together.

    counts: histograms (..., 2, BINS); matches: (..., 4), as in LesionMatches
    The measures are pixel_ and lesion_ precision, recall and f; pixel_ap, the area under the
    precision-recall curve as average precision (the sum over the bins of precision times the gain
    in recall); and annotated_share. One without cases is nan; a precision where nothing is called
    is 0.
    """
    above = cumulative_from_top(counts)
    healthy, annotated = above[..., 0, :], above[..., 1, :]
    total = annotated[..., 0]
    with np.errstate(invalid="ignore"):
        precision = annotated / np.maximum(annotated + healthy, 1)
        result = {
            "annotated_share": total / (total + healthy[..., 0]),
            "pixel_ap": (counts[..., 1, :] * precision).sum(axis=-1) / total,
        }
    hits, wrong = annotated[..., threshold], healthy[..., threshold]
    result.update(_quality("pixel", hits, total, hits, hits + wrong))
    result.update(_quality("lesion", *np.moveaxis(matches, -1, 0)))
    return result


def _quality(
    unit: str, found: np.ndarray, wanted: np.ndarray, right: np.ndarray, given: np.ndarray
) -> Measures:
    with np.errstate(invalid="ignore"):
        precision, recall = right / np.maximum(given, 1), found / wanted
        f = 2 * precision * recall / np.where(precision + recall == 0, 1, precision + recall)
    return {f"{unit}_precision": precision, f"{unit}_recall": recall, f"{unit}_f": f}


def with_intervals(
    counts: np.ndarray,
    matches: np.ndarray,
    threshold: int,
    patients: Sequence[str],
    resamples: int = RESAMPLES,
) -> Dict[str, Tuple[float, float, float]]:
    """Return {measure: (value, low, high)} of all photographs together.

    low, high: the 95% bootstrap interval over patients. In each resample, as many patients are
    drawn with replacement; one without annotated pixels counts for nothing.
    counts: (photographs, 2, BINS); matches: (photographs, 4); patients: each photograph's
    """
    names, patient_of = np.unique(patients, return_inverse=True)
    times = (
        np.random.RandomState(0)
        .multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)[:, patient_of]
        .astype(float)
    )
    flat = counts.reshape(len(counts), -1)
    parts = []
    for chunk in np.array_split(times, int(np.ceil(resamples / CHUNK))):
        summed = (chunk @ flat).reshape(len(chunk), *counts.shape[1:])
        parts.append(measures(summed, chunk @ matches, threshold))
    result = {}
    for measure, value in measures(counts.sum(axis=0), matches.sum(axis=0), threshold).items():
        resampled = np.concatenate([part[measure] for part in parts])
        low, high = np.nanpercentile(resampled, (2.5, 97.5)).tolist()
        result[measure] = float(value), low, high
    return result


def image_auc(highest: Sequence[int], lesion: Sequence[bool]) -> float:
    """Return how well the highest score of a photograph tells whether it has exudates.

    It is the area under the ROC curve; nan where all photographs are of one kind.
    """
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(lesion, highest)) if len(set(lesion)) == 2 else float("nan")


def score_rows(
    images: Sequence[Any], judged: Sequence[Judged], threshold: int, kind: str
) -> List[List[str]]:
    """Return the rows of scores.csv for one map, with COLUMNS.

    images: the ImageRows of the test photographs; judged: theirs, at the threshold
    """
    patients = np.array([row.patient for row in images])
    lesion = np.array([row.lesion for row in images])
    counts = np.array([photograph.counts for photograph in judged])
    matches = np.array([photograph.matches for photograph in judged])
    rows = []
    for subset in SUBSETS:
        chosen = lesion | (subset == "all")
        found = with_intervals(counts[chosen], matches[chosen], threshold, patients[chosen])
        for measure, numbers in found.items():
            rows.append([kind, subset, measure, *(f"{number:.6g}" for number in numbers)])
    auc = image_auc([photograph.highest for photograph in judged], lesion.tolist())
    rows.append([kind, "all", "image_auc", f"{auc:.6g}", "", ""])
    rows.append([kind, "all", "threshold", f"{bin_edge(threshold, kind):.6g}", "", ""])
    return rows
