"""What Algorithm 2 starts with: the images of its pool, and mu of them, labelled at once."""

from typing import Dict, List

import numpy as np

from data_prep.random_streams import Stream, random_state
from data_prep.store import PatchStore
from egl.errors import EglError

DRAWS = ("lot", "lot-both-classes", "half")


def image_pool(store: PatchStore, share: float, seed: int) -> Dict[int, bool]:
    """Return the pool T of a run: {image: whether it has exudates}.

    It is drawn from the images that have training samples. share: see pool_images; seed: the run's.
    """
    numbers = np.unique(store.image[store.samples("train")[:, 0]]).tolist()
    lesion = {number: bool(store.images[number].lesion) for number in numbers}
    stay = pool_images(lesion, share, random_state(seed, Stream.POOL))
    return {image: lesion[image] for image in stay}


def pool_images(lesion: Dict[int, bool], share: float, random: np.random.RandomState) -> List[int]:
    """Return the images of the pool T, ascending: images with exudates are left out at random.

    lesion: {image: whether it has exudates}; share: how many of the pool's images have exudates at
    most; 1: all stay. All stay, too, where there are no healthy images; one with exudates always.
    """
    with_lesion, without = _by_lesion(lesion)
    if share < 1 and without:
        wanted = max(1, round(share / (1 - share) * len(without)))
        with_lesion = random.permutation(with_lesion).astype(int).tolist()[:wanted]
    return sorted(with_lesion + without)


def initial_images(
    lesion: Dict[int, bool], n: int, draw: str, random: np.random.RandomState
) -> List[int]:
    """Return mu, n random images of the pool.

    lesion: {image of the pool: whether it has exudates}

    lot: any n, as the paper says; lot-both-classes: drawn again until images with and without
    exudates are among them, if the pool has both; half: half of them (rounded up) with exudates,
    and where there are too few of one kind, the other fills up.

    Raises EglError if there are fewer than n, or no image with exudates where the draw wants one.
    """
    with_lesion, without = _by_lesion(lesion)
    if n > len(lesion) or (draw != "lot" and not with_lesion):
        raise EglError(
            f"--initial-images {n}: the pool of the store's training split has {len(lesion)} "
            f"images, {len(with_lesion)} with exudates"
        )
    if draw == "half":
        n_lesion = min(len(with_lesion), max(n - n // 2, n - len(without)))
        chosen = random.permutation(with_lesion)[:n_lesion].tolist()
        return chosen + random.permutation(without)[: n - n_lesion].astype(int).tolist()
    while True:
        drawn = random.permutation(sorted(lesion))[:n].tolist()
        kinds = {lesion[image] for image in drawn}
        if draw == "lot" or len(kinds) == 2 or not without:
            return drawn


def _by_lesion(lesion: Dict[int, bool]) -> List[List[int]]:
    """Return the images with exudates, and those without, ascending."""
    return [sorted(image for image in lesion if lesion[image] == kind) for kind in (True, False)]
