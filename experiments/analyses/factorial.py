"""A two-level fractional factorial design of eight choices in 16 cells (Box and Hunter 1961).

Resolution IV: no main effect is mixed up with another or with an interaction of two choices; of
these interactions, four at a time cannot be told apart (they are aliases).
"""

from itertools import combinations, product
from typing import Dict, List, Sequence, Tuple

import numpy as np

BASIC = 4  # the first four choices take all 16 combinations
# Each further choice is the product of three of the first four.
GENERATORS = ((1, 2, 3), (0, 2, 3), (0, 1, 2), (0, 1, 3))
CHOICES = BASIC + len(GENERATORS)


def design() -> np.ndarray:
    """Return the levels of each choice in each cell: int (16, 8), -1 or 1.

    The first cell has every choice at -1.
    """
    basic = np.array(list(product((-1, 1), repeat=BASIC)))
    further = [basic[:, list(generator)].prod(axis=1) for generator in GENERATORS]
    return np.column_stack([basic, *further])


def contrasts(names: Sequence[str]) -> Dict[Tuple[str, ...], np.ndarray]:
    """Return what can be told apart: {(a choice,) or (aliases "a x b", ...): signs (16,)}."""
    levels = design()
    found: Dict[Tuple[str, ...], np.ndarray] = {}
    for column, name in enumerate(names):
        found[(name,)] = levels[:, column]
    groups: List[Tuple[np.ndarray, List[str]]] = []
    for first, second in combinations(range(len(names)), 2):
        signs = levels[:, first] * levels[:, second]
        alias = f"{names[first]} x {names[second]}"
        for known, aliases in groups:
            if (known == signs).all():
                aliases.append(alias)
                break
        else:
            groups.append((signs, [alias]))
    found.update((tuple(aliases), signs) for signs, aliases in groups)
    return found


def effect(signs: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the mean at the level 1 minus that at -1: (seeds,) of values (seeds, 16)."""
    return values[:, signs == 1].mean(axis=1) - values[:, signs == -1].mean(axis=1)
