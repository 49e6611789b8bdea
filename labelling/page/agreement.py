"""How far people agree on a photograph that several of them have answered."""

from itertools import combinations
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from labelling.answers import MASK, TEACHING, Answer
from labelling.pool import Pool


def agreements(pool: Pool, answers: Sequence[Answer]) -> List[Dict[str, Any]]:
    """Return [{who: [a, b], dice}] of the pairs among some people's answers to a photograph.

    dice: None where one of the two cannot grade it; a healthy photograph is one without a pixel of
    exudates
    """
    masks = {answer.id: _mask(pool, answer) for answer in answers if answer.kind in TEACHING}
    return [
        {
            "who": [one.who, other.who],
            "dice": dice(masks[one.id], masks[other.id])
            if one.id in masks and other.id in masks
            else None,
        }
        for one, other in combinations(answers, 2)
    ]


def _mask(pool: Pool, answer: Answer) -> Optional[np.ndarray]:
    return pool.answers.mask(answer.id) if answer.kind == MASK else None


def dice(a: Optional[np.ndarray], b: Optional[np.ndarray]) -> float:
    """Return Dice's coefficient of two masks, bool H x W; None is an empty one.

    That is 2 |a and b| / (|a| + |b|): 1 for equal masks, two empty ones among them.
    """
    size = sum(0 if mask is None else int(mask.sum()) for mask in (a, b))
    both = 0 if a is None or b is None else int((a & b).sum())
    return 2 * both / size if size else 1.0
