"""A picture of random patches of each class and split, so that a person sees whether the data is right."""

import os

import matplotlib
import numpy as np

from data_prep import split as splits
from data_prep.prepare import CLASSES

ROWS, COLUMNS = 5, 12  # patches of each class and split
GAP = 4  # pixels between two patches


def write_contact_sheet(store, path, seed=1):
    """Write a PNG with up to 60 random patches of each class (left healthy, right exudate) and split (one below the other)."""
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    random = np.random.RandomState(seed)
    rows = [min(ROWS, -(-_most_of_a_class(store, split) // COLUMNS)) for split in splits.NAMES]
    figure, axes = plt.subplots(
        len(splits.NAMES),
        2,
        figsize=(16, 1 + 0.75 * sum(rows)),
        gridspec_kw={"height_ratios": rows},
    )
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
    figure.suptitle("{}: {}".format(os.path.basename(store.path), store.attributes["dataset"]))
    figure.tight_layout()
    temporary = path + ".writing.png"
    figure.savefig(temporary, dpi=80)
    plt.close(figure)
    os.replace(temporary, path)


def _most_of_a_class(store, split):
    return int(np.bincount(store.labels[store.patches_of(split)]).max())


def _mosaic(patches):
    """Return the patches (n, 3, 48, 48) BGR side by side, as one RGB image of COLUMNS columns."""
    step = patches.shape[-1] + GAP
    sheet = np.full((-(-len(patches) // COLUMNS) * step, COLUMNS * step, 3), 255, np.uint8)
    for place, patch in enumerate(patches):
        y, x = (place // COLUMNS) * step, (place % COLUMNS) * step
        sheet[y : y + patch.shape[1], x : x + patch.shape[2]] = patch[::-1].transpose(1, 2, 0)
    return sheet
