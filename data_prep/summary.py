"""What went into a patch store, in words."""

from typing import List, Tuple

from data_prep import split as splits
from data_prep.prepare import CLASSES
from data_prep.store import PatchStore


def summary(store: PatchStore) -> str:
    """Return what went into a store as text: a table with a line for each split, then notes.

    The notes say which splits fell short of the counts that were asked for.
    """
    table: List[Tuple[str, ...]] = [
        (
            "split",
            "patients",
            "images",
            "with exudates",
            "healthy patches",
            "exudate patches",
            "samples",
            "asked for",
        )
    ]
    short = []
    for number, split in enumerate(splits.NAMES):
        images = [row for row in store.images if row.split == number]
        labels = store.labels[store.patches_of(split)]
        samples, wanted = store.attributes["samples_" + split], store.attributes["n_" + split]
        cells = (
            split,
            len({row.patient for row in images}),
            len(images),
            sum(row.lesion for row in images),
            int((labels == 0).sum()),
            int((labels == 1).sum()),
            f"{samples[0]} + {samples[1]}",
            f"{wanted} + {wanted}",
        )
        table.append(tuple(str(cell) for cell in cells))
        short += [
            f"{split}: only {count} {name} samples where {wanted} were asked for; took all"
            for name, count in zip(CLASSES, samples)
            if count < wanted
        ]
    widths = [max(map(len, column)) for column in zip(*table)]
    lines = ["  ".join(map(str.rjust, row, widths)) for row in table]
    notes = [line for key in ("notes", "left_out") for line in store.attributes[key].splitlines()]
    return "\n".join(lines + short + notes)
