"""Lesions against the regions that a mask calls exudate."""

from typing import NamedTuple, Tuple

import cv2
import numpy as np

OVERLAP = 0.2  # of a region's pixels: Zhang's sigma


class LesionMatches(NamedTuple):
    """Of one photograph: lesions found, lesions, regions called exudate that are right, and all."""

    found: int
    lesions: int
    right: int
    called: int


def match_lesions(called: np.ndarray, annotated: np.ndarray) -> LesionMatches:
    """Return how the regions called exudate match the annotated lesions; both masks are bool H x W.

    Lesions and regions are 8-connected. A lesion is found if at least a share OVERLAP of its pixels
    is called exudate. A region called exudate is right if at least that share of its pixels is
    annotated. Zhang et al. (2014, Medical Image Analysis 18(7):1026) match the regions of a mask
    and of a detection by this criterion, with an overlap factor of 0.2. They then count the pixels
    of the regions; here, each region counts once.
    """
    return LesionMatches(*_covered(annotated, called), *_covered(called, annotated))


def _covered(mask: np.ndarray, other: np.ndarray) -> Tuple[int, int]:
    """Return how many regions of a mask another mask covers enough of, and how many there are."""
    n, regions = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    sizes = np.bincount(regions[mask], minlength=n)[1:]
    shared = np.bincount(regions[mask & other], minlength=n)[1:]
    return int((shared / sizes >= OVERLAP).sum()), n - 1
