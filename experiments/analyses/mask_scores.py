"""Maps against annotated masks: by pixel, from histograms of scores; by lesion, as connected regions; with intervals over patients."""

from typing import NamedTuple

import cv2
import numpy as np

from data_prep.geometry import PATCH_SIDE

# A pixel's score is kept as a level, the logarithm in steps of 1/256: of the odds for p, which is near 0 or 1, of the value for phi.
LEVELS = 8192
PER_UNIT = 256
LOWEST = {
    "p": -16.0,
    "phi": -24.0,
}  # the logarithm at level 0, which everything below gets too; the highest is 32 more
OUTSIDE, HEALTHY, ANNOTATED = range(
    3
)  # a pixel of the truth: outside the field of view, inside and not annotated, annotated
OVERLAP = 0.2  # of a region's pixels: Zhang's sigma
CURVE_STEP = 32  # levels between two points of a precision-recall curve
CHUNK = 100  # resamples at a time: 13 MB for each array of their histograms


class Judged(NamedTuple):
    """A map of one photograph against its mask, at a threshold. counts: as from `histogram`; matches: as from `regions`; highest:
    level of the highest score."""

    counts: np.ndarray
    matches: tuple
    highest: int


def truth_of(mask, field):
    """Return the truth of a photograph, uint8 H x W, from what is annotated and its field of view, bool H x W each."""
    return np.where(field, np.where(mask, ANNOTATED, HEALTHY), OUTSIDE).astype(np.uint8)


def pixel_map(grid, stride, shape):
    """Return the score of every pixel, float32 `shape`, from those of a grid of patches.

    grid: (rows, columns), NaN where there is none, as in PhiMaps; stride: pixels. A patch's score is that of its centre
    pixel; it is bilinear between centres, and falls to 0 towards the places without a score.
    """
    values = np.pad(np.nan_to_num(grid).astype(np.float32), 1, mode="constant")
    for axis, size in enumerate(shape):
        places = np.clip(
            (np.arange(size) - PATCH_SIDE // 2) / stride + 1, 0, values.shape[axis] - 1
        )
        lower = np.minimum(places.astype(int), values.shape[axis] - 2)
        part = (places - lower).astype(np.float32)
        below, above = (np.take(values, which, axis) for which in (lower, lower + 1))
        values = below + (above - below) * (part[:, None] if axis == 0 else part)
    return values


def levels(scores, kind):
    """Return scores, p or phi as `kind` says, as levels: uint16 from 0 to LEVELS - 1, of the same order. A score of 0 has level 0."""
    with np.errstate(divide="ignore"):
        logarithm = np.log(scores)
        if kind == "p":
            logarithm -= np.log1p(-np.minimum(scores, 1))
    return np.clip((logarithm - LOWEST[kind]) * PER_UNIT, 0, LEVELS - 1).astype(np.uint16)


def value(level, kind):
    """Return the least score that has a level."""
    logarithm = LOWEST[kind] + level / PER_UNIT
    return float(1 / (1 + np.exp(-logarithm)) if kind == "p" else np.exp(logarithm))


def histogram(pixels, truth):
    """Return how many pixels of the field of view have each level, (2, LEVELS): HEALTHY ones, ANNOTATED ones."""
    return np.stack(
        [np.bincount(pixels[truth == which], minlength=LEVELS) for which in (HEALTHY, ANNOTATED)]
    )


def best_level(counts):
    """Return the level from which on pixels are called exudate to reach the highest pixel F; ties: the lowest; never 0.

    counts: histogram of the photographs that may decide it.
    """
    healthy, annotated = at_least(counts)
    f = 2 * annotated / np.maximum(annotated + healthy + annotated[0], 1)
    return 1 + int(np.argmax(f[1:]))


def judge(pixels, truth, level):
    """Return the Judged of a map in levels (H x W) against the truth (H x W), at the threshold `level`."""
    matches = regions(called(pixels, truth, level), truth == ANNOTATED)
    return Judged(histogram(pixels, truth), matches, int(pixels[truth != OUTSIDE].max()))


def called(pixels, truth, level):
    """Return the mask, bool H x W, of a map in levels: the pixels of the field of view with `level` or a higher one."""
    return (pixels >= level) & (truth != OUTSIDE)


def at_least(counts):
    """Return, of histograms (..., LEVELS), how many pixels have each level or a higher one."""
    return counts[..., ::-1].cumsum(axis=-1)[..., ::-1]


def regions(mask, annotated):
    """Return (lesions found, lesions, regions called that are right, regions called), ints, of a map's mask and the annotated one.

    Lesions and regions are 8-connected. A lesion is found if at least a share OVERLAP of its pixels is called exudate, a region
    called exudate is right if at least that share of its pixels is annotated. This is the criterion that Zhang et al. (2014,
    Medical Image Analysis 18(7):1026) use to decide which regions of a mask and of a detection match, with their overlap factor
    of 0.2; they then count the regions' pixels, here each region counts once.
    """
    return (*_matched(annotated, mask), *_matched(mask, annotated))


def _matched(mask, other):
    n, numbers = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    sizes, shared = (np.bincount(numbers[where], minlength=n)[1:] for where in (mask, mask & other))
    return int((shared / sizes >= OVERLAP).sum()), n - 1


def measures(counts, matches, level):
    """Return {measure: array}, over the leading axes, of what photographs have together.

    counts: histograms (..., 2, LEVELS); matches: (..., 4) as from `regions`; level: of the threshold. Keys: pixel_ and lesion_
    precision, recall and f; pixel_ap, the area under the precision-recall curve as average precision (the sum of precision times
    gain in recall over the levels); annotated_share. What has no cases is nan, a precision where nothing is called 0.
    """
    above = at_least(counts)
    healthy, annotated = above[..., 0, :], above[..., 1, :]
    total = annotated[..., 0]
    with np.errstate(invalid="ignore"):
        precision = annotated / np.maximum(annotated + healthy, 1)
        result = {
            "annotated_share": total / (total + healthy[..., 0]),
            "pixel_ap": (counts[..., 1, :] * precision).sum(axis=-1) / total,
        }
    hits = annotated[..., level]
    result.update(_quality("pixel", hits, total, hits, hits + healthy[..., level]))
    result.update(_quality("lesion", *np.moveaxis(matches, -1, 0)))
    return result


def _quality(name, found, wanted, right, given):
    with np.errstate(invalid="ignore"):
        precision, recall = right / np.maximum(given, 1), found / wanted
        f = 2 * precision * recall / np.where(precision + recall == 0, 1, precision + recall)
    return {f"{name}_precision": precision, f"{name}_recall": recall, f"{name}_f": f}


def with_intervals(counts, matches, level, patients, resamples):
    """Return {measure: (value, low, high)} of all photographs together, with the 95% bootstrap interval over their patients.

    counts: (photographs, 2, LEVELS); matches: (photographs, 4); patients: a name a photograph; resamples: how many times as many
    patients are drawn, with replacement. A resample without annotated pixels counts for nothing.
    """
    names, place = np.unique(patients, return_inverse=True)
    times = (
        np.random.RandomState(0)
        .multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)[:, place]
        .astype(float)
    )
    drawn = []
    for part in np.array_split(times, -(-resamples // CHUNK)):
        summed = (part @ counts.reshape(len(counts), -1)).reshape(len(part), *counts.shape[1:])
        drawn.append(measures(summed, part @ matches, level))
    result = {}
    for measure, whole in measures(counts.sum(axis=0), matches.sum(axis=0), level).items():
        result[measure] = (
            float(whole),
            *np.nanpercentile(
                np.concatenate([each[measure] for each in drawn]), (2.5, 97.5)
            ).tolist(),
        )
    return result


def pixel_counts(counts, level):
    """Return (true positives, false positives, false negatives, true negatives), pixels of a histogram at a threshold."""
    (fp, tp), (healthy, annotated) = counts[:, level:].sum(axis=1), counts.sum(axis=1)
    return tp, fp, annotated - tp, healthy - fp


def curve(counts, kind):
    """Yield (threshold, recall, precision) of a histogram, by rising threshold, as far as an annotated pixel is called."""
    healthy, annotated = at_least(counts)
    for level in range(1, LEVELS, CURVE_STEP):
        if annotated[level]:
            yield (
                value(level, kind),
                annotated[level] / annotated[0],
                annotated[level] / (annotated[level] + healthy[level]),
            )


def ranking(scores, positive):
    """Return the area under the ROC curve, a float: how often a positive scores above a negative, ties half; nan if one lacks."""
    scores, positive = np.asarray(scores, float), np.asarray(positive, bool)
    difference = scores[positive][:, None] - scores[~positive]
    return (
        float(((difference > 0) + 0.5 * (difference == 0)).mean())
        if difference.size
        else float("nan")
    )
