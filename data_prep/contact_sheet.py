"""A picture of random patches of each class and split, for a person to check them."""

import os

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from data_prep import split as splits
from data_prep.files import written_whole
from data_prep.prepare import CLASSES
from data_prep.random_streams import Stream, random_state
from data_prep.store import PatchStore

ROWS, COLUMNS = 5, 12  # patches of each class and split
GAP = 4  # pixels between two patches
PATCH_INCHES = 0.75  # height of a row of patches


def write_contact_sheet(store: PatchStore, path: str, seed: int = 1) -> None:
    """Write a PNG of up to 60 random patches of each class and split.

    Healthy patches are on the left, exudate patches on the right; a split is a row.
    """
    random = random_state(seed, Stream.CONTACT_SHEET)
    heights = [min(ROWS, _rows(_most_of_a_class(store, split))) for split in splits.NAMES]
    figure = Figure(figsize=(16, 1 + PATCH_INCHES * sum(heights)))
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(splits.NAMES), 2, gridspec_kw={"height_ratios": heights})
    for row, split in enumerate(splits.NAMES):
        for label, name in enumerate(CLASSES):
            indices = store.patches_of(split)
            indices = indices[store.labels[indices] == label]
            chosen = random.permutation(indices)[: ROWS * COLUMNS]
            axis = axes[row, label]
            axis.imshow(_mosaic(store.patches[chosen]))
            axis.set_title(f"{split}, {name}: {len(chosen)} of {len(indices)} patches", loc="left")
            axis.set_anchor("NW")
            axis.set_axis_off()
    figure.suptitle(f"{os.path.basename(store.path)}: {store.attributes['dataset']}")
    figure.tight_layout()
    with written_whole(path) as temporary:
        figure.savefig(temporary, format="png", dpi=80)


def _rows(n_patches: int) -> int:
    """Return how many rows of COLUMNS patches are needed."""
    return (n_patches + COLUMNS - 1) // COLUMNS


def _most_of_a_class(store: PatchStore, split: str) -> int:
    return int(np.bincount(store.labels[store.patches_of(split)]).max())


def _mosaic(patches: np.ndarray) -> np.ndarray:
    """Return the patches (n, 3, side, side) BGR side by side, as one RGB image."""
    step = patches.shape[-1] + GAP
    sheet = np.full((_rows(len(patches)) * step, COLUMNS * step, 3), 255, np.uint8)
    for index, patch in enumerate(patches):
        row, column = divmod(index, COLUMNS)
        y, x = row * step, column * step
        sheet[y : y + patch.shape[1], x : x + patch.shape[2]] = patch[::-1].transpose(1, 2, 0)
    return sheet
