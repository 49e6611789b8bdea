"""Which patient goes into which split, and how many patches each image gives to it."""

from typing import Dict, List, Mapping, Sequence

import numpy as np

from data_prep.errors import DataError

NAMES = ("train", "validation", "test")  # a split's number is its index in this tuple
FRACTIONS = (0.7, 0.1, 0.2)  # of the patients; the paper splits patches, not patients


def split_patients(
    patients: Sequence[str],
    lesions: Sequence[bool],
    random: np.random.RandomState,
    fractions: Sequence[float] = FRACTIONS,
) -> np.ndarray:
    """Return the split number (0 train, 1 validation, 2 test) of each image: int (n,).

    All images of a patient go into one split. Patients with a lesion image and patients without are
    dealt out separately, each by `fractions`, so that every split has its share of both. Every
    split gets at least one patient of a kind that has three or more.
    patients, lesions: of each image, its patient and whether it has a lesion. Raises DataError if
    fewer than three patients have a lesion.
    """
    has_lesion: Dict[str, bool] = {}
    for patient, lesion in zip(patients, lesions):
        has_lesion[patient] = has_lesion.get(patient, False) or lesion
    split_of = {}
    for kind in (True, False):
        members = sorted(patient for patient, lesion in has_lesion.items() if lesion == kind)
        if kind and len(members) < len(NAMES):
            if not members:
                raise DataError(
                    "no image with exudates could be used: see what was reported, and whether the "
                    "masks have annotated pixels"
                )
            raise DataError(
                f"only {len(members)} patients with exudates: three splits without a common "
                "patient need at least 3; add images, or name the patients in patients.csv"
            )
        sizes = _sizes(len(members), fractions)
        order = random.permutation(len(members))
        for index, split in zip(order, np.repeat(np.arange(len(NAMES)), sizes)):
            split_of[members[index]] = int(split)
    return np.array([split_of[patient] for patient in patients], int)


def deal_out_more(
    split_of: Mapping[str, int],
    has_lesion: Mapping[str, bool],
    random: np.random.RandomState,
    fractions: Sequence[float] = FRACTIONS,
) -> Dict[str, int]:
    """Return {patient: split} for all patients of `has_lesion`; those dealt out before stay.

    split_of: the patients dealt out before; has_lesion: of each patient. New patients with a lesion
    and without are dealt out separately, each to the split that lacks most.
    """
    result = {patient: split_of[patient] for patient in has_lesion if patient in split_of}
    for kind in (True, False):
        members = sorted(patient for patient, lesion in has_lesion.items() if lesion == kind)
        new = [patient for patient in members if patient not in split_of]
        counts = np.bincount(
            [split_of[patient] for patient in members if patient in split_of], minlength=len(NAMES)
        ).astype(float)
        for number in random.permutation(len(new)):
            lacking = np.asarray(fractions) * (counts.sum() + 1) - counts
            # Every split needs one of each kind before any gets a second.
            lacking[counts == 0] += len(members) * (counts.sum() > 0)
            split = int(np.argmax(lacking))
            counts[split] += 1
            result[new[number]] = split
    return result


def _sizes(n: int, fractions: Sequence[float]) -> List[int]:
    """Return how many of n patients each split gets.

    Each gets at least one if n allows; all go to train if it does not.
    """
    if n < len(fractions):
        return [n] + [0] * (len(fractions) - 1)
    sizes = [max(1, int(round(n * fraction))) for fraction in fractions[1:]]
    while n - sum(sizes) < 1:
        sizes[int(np.argmax(sizes))] -= 1
    return [n - sum(sizes)] + sizes


def share_out(available: Sequence[int], wanted: int) -> np.ndarray:
    """Return how many patches to take from each image: int (n,).

    They are `wanted` in all, or all if fewer are `available` (one number an image), and as equal as
    possible: images with few give all they have, the others make up for it. The first images give
    what does not divide evenly.
    """
    limits = np.asarray(available, int)
    taken = np.zeros_like(limits)
    missing = min(int(wanted), int(limits.sum()))
    while missing > 0:
        unfinished = np.flatnonzero(taken < limits)
        share = max(1, missing // len(unfinished))
        for image in unfinished:
            step = min(share, limits[image] - taken[image], missing)
            taken[image] += step
            missing -= step
    return taken
