"""What may be labelled, what has been, and what the net was trained on."""

from typing import Dict, Iterable, List, Sequence, Tuple, Union

import numpy as np

from egl.selection.samples import Samples

Numbers = Union[Sequence[int], np.ndarray]


class Pool:
    """Items (samples or images, by number) that are unlabelled until revealed.

    The labelled and the unlabelled are disjoint and together always the same set: checked on every
    reveal. labelled: in the order of revealing.
    """

    def __init__(self, items: Iterable[int], labelled: Iterable[int] = ()) -> None:
        """items: all of them, labelled or not; labelled: those already revealed, in order."""
        self._all = frozenset(items)
        self.labelled: List[int] = []
        self._open = set(self._all)
        self.reveal(labelled)

    @property
    def unlabelled(self) -> List[int]:
        """The items not revealed yet, sorted."""
        return sorted(self._open)

    def reveal(self, items: Iterable[int]) -> None:
        """Move `items` to the labelled ones.

        Raises KeyError for one that is labelled already or was never in the pool.
        """
        for item in items:
            self._open.remove(item)
            self.labelled.append(item)
        disjoint = self._open.isdisjoint(self.labelled)
        if len(self.labelled) + len(self._open) != len(self._all) or not disjoint:
            raise RuntimeError("labelled and unlabelled items of a pool overlap")

    def has(self, n: int) -> bool:
        """Return whether at least n items are unlabelled."""
        return len(self._open) >= n


class TrainingSet:
    """The labels that were given, and L': the samples that the net was trained on.

    chosen: L', in order
    """

    def __init__(self, samples: Samples, chosen: Sequence[int] = ()) -> None:
        """samples: where the pixels come from; chosen: L' of a run that is resumed."""
        self._samples = samples
        self._labels: Dict[int, int] = {}
        self.chosen = list(chosen)

    @property
    def labelled(self) -> np.ndarray:
        """All samples whose label is known, ascending."""
        return np.array(sorted(self._labels), int)

    def add(self, samples: Numbers, labels: Numbers) -> None:
        """Take in the labels that an oracle gave."""
        self._labels.update(zip(map(int, samples), map(int, labels)))

    def patches(self, samples: Numbers) -> np.ndarray:
        """Return the pixels of samples, labelled or not: uint8 (n, C, H, W)."""
        return self._samples.patches(np.asarray(samples, int))

    def image_of(self, samples: Numbers) -> np.ndarray:
        """Return the image of each of the samples: (n,)."""
        return self._samples.image_of(np.asarray(samples, int))

    def read(
        self, samples: Numbers, random: np.random.RandomState
    ) -> Tuple[np.ndarray, np.ndarray]:
        """Return (patches uint8 n x C x H x W, labels (n,)) of labelled samples, to train on.

        random: for the symmetries of samples that stand for whole patches. Raises KeyError for a
        sample whose label nobody gave.
        """
        patches = self._samples.turned(np.asarray(samples, int), random)
        return patches, np.array([self._labels[int(s)] for s in samples], int)

    def label_of(self, sample: int) -> int:
        """Return a label that was given."""
        return self._labels[int(sample)]
