"""Which patient goes into which split, and how many patches each image gives to it."""

import numpy as np

from data_prep.errors import DataError

NAMES = ("train", "validation", "test")  # split number = place in this tuple
FRACTIONS = (0.7, 0.1, 0.2)  # of the patients. The paper gives patches a split, not patients


def split_patients(records, random, fractions=FRACTIONS):
    """Return the split number (0 train, 1 validation, 2 test) of each record, as an int array.

    All images of a patient come into one split. Patients with a lesion image and patients without are dealt out
    separately, each by `fractions`, so that every split has its share of both; every split gets at least one patient of
    a kind that has three or more. random: numpy RandomState. Raises DataError with fewer than three lesion patients.
    """
    lesion = {}
    for record in records:
        lesion[record.patient] = lesion.get(record.patient, False) or record.lesion
    result = {}
    for kind in (True, False):
        patients = sorted(patient for patient, has in lesion.items() if has == kind)
        if kind and len(patients) < len(NAMES):
            raise DataError(
                f"{len(patients)} patients with exudates: three splits without a common patient need at least 3; add images, or name the "
                "patients in patients.csv"
            )
        sizes = _sizes(len(patients), fractions)
        order = random.permutation(len(patients))
        for place, number in zip(order, np.repeat(np.arange(len(NAMES)), sizes)):
            result[patients[place]] = int(number)
    return np.array([result[record.patient] for record in records], int)


def _sizes(n, fractions):
    """Return how many of n patients each split gets: at least one each if n allows, all to train if it does not."""
    if n < len(fractions):
        return [n] + [0] * (len(fractions) - 1)
    sizes = [max(1, int(round(n * fraction))) for fraction in fractions[1:]]
    while n - sum(sizes) < 1:
        sizes[int(np.argmax(sizes))] -= 1
    return [n - sum(sizes)] + sizes


def share_out(available, wanted):
    """Return how many to take from each image: `wanted` in all, spread as evenly as what is `available` allows.

    available: ints, one an image. Images with few give all they have, and the others make up for it; takes everything if
    there is less than wanted. Left-overs go to the first images.
    """
    available = np.asarray(available, int)
    taken = np.zeros_like(available)
    left = min(int(wanted), int(available.sum()))
    while left > 0:
        open_images = np.flatnonzero(taken < available)
        each = max(1, left // len(open_images))
        for image in open_images:
            step = min(each, available[image] - taken[image], left)
            taken[image] += step
            left -= step
    return taken
