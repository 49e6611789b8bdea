"""What the training patches are like: how near to a mask's edge, and how far from their kind."""

from dataclasses import dataclass

import cv2
import numpy as np

from data_prep.files import write_csv
from data_prep.store import PatchStore
from data_prep.stored_photographs import StoredPhotographs
from egl.training.run_folder import RunFolder
from experiments.analyses.analysis import Progress, TrainedRun, analysis, beside

FILE = "patches.csv"
NEIGHBOURS = 20  # scikit-learn's default


@dataclass(frozen=True)
class PatchSettings:
    """run: of plain SGD, whose last weights give the features; its folder lies beside this one's"""

    run: str


@analysis("training-patches")
def look(store: PatchStore, settings: PatchSettings, folder: RunFolder, progress: Progress) -> None:
    """Leave patches.csv: patch, label, edge, outlier, for each training patch.

    edge: pixels from the patch's centre to the nearest edge of its photograph's mask; empty where
    the mask is empty. outlier: rank of the local outlier factor (Breunig et al. 2000) among the
    training patches, from 0 to 1 for the one that lies farthest from its neighbours, in the
    features that the trained net gives its last layer.
    """
    patches = store.patches_of("train")
    run = TrainedRun(beside(folder.path, settings.run))
    features = run.scorer(run.last).features(store.patches[patches]).features
    progress(1, 2)
    edges = edge_distances(store, patches)
    rows = [
        (patch, store.labels[patch], "" if np.isinf(edge) else f"{edge:.3f}", f"{outlier:.6f}")
        for patch, edge, outlier in zip(patches, edges, outlier_ranks(features))
    ]
    write_csv(folder.file(FILE), ("patch", "label", "edge", "outlier"), rows)
    progress(2, 2)


def edge_distances(store: PatchStore, patches: np.ndarray) -> np.ndarray:
    """Return the distance of each patch's centre to the nearest edge of its mask; inf: none."""
    photographs, found = StoredPhotographs(store), np.full(len(patches), np.inf)
    side = store.patches.shape[-1]
    for image in np.unique(store.image[patches]):
        if store.images[image].lesion:
            rows = np.flatnonzero(store.image[patches] == image)
            y, x = (store.yx[patches[rows]] + side // 2).T
            found[rows] = edge_map(photographs.annotated(int(image))[1])[y, x]
    return found


def edge_map(mask: np.ndarray) -> np.ndarray:
    """Return how far each pixel of a mask, bool H x W, lies from the other kind; inf: none."""
    if mask.all() or not mask.any():
        return np.full(mask.shape, np.inf)
    to_background, to_lesion = (
        cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        for part in (mask, ~mask)
    )
    return np.where(mask, to_background, to_lesion)


def outlier_ranks(features: np.ndarray) -> np.ndarray:
    """Return the rank of the local outlier factor of each row of features (n, d): (n,), 0 to 1."""
    from scipy.stats import rankdata
    from sklearn.neighbors import LocalOutlierFactor

    neighbours = min(NEIGHBOURS, len(features) - 1)
    factors = LocalOutlierFactor(n_neighbors=neighbours).fit(features).negative_outlier_factor_
    return (rankdata(-factors) - 1) / max(1, len(features) - 1)
