"""How the simulated person labels a photograph: from its mask, stroke by stroke."""

from typing import Any, Dict, List, Optional, Tuple

import cv2
import numpy as np

from labelling.answers import HEALTHY, MASK
from labelling.page.tools import BRUSH, POLYGON
from labelling.page.work import Seen, Work

LOOK = 20.0  # seconds, assumed: to look at a photograph, whatever there is in it
OUTLINE = 4.0  # seconds, assumed: to draw one exudate's outline


def strokes_of(mask: np.ndarray) -> List[Tuple[str, Dict[str, Any]]]:
    """Return (tool, body) of the strokes that draw a mask, bool H x W: one for each exudate.

    An outline runs through the middle of the outermost pixels; what is too small for one is a dot.
    """
    found = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    strokes: List[Tuple[str, Dict[str, Any]]] = []
    for contour in found[-2]:
        points = (contour[:, 0] + 0.5).tolist()
        if len(points) >= 3:
            strokes.append((POLYGON, {"rings": [points]}))
        else:
            strokes.append((BRUSH, {"radius": 1.0, "points": points}))
    return strokes


def answer(work: Work, photograph: int, who: str, mask: Optional[np.ndarray]) -> float:
    """Answer a photograph as its mask says, None: healthy; return the seconds that it took."""
    seconds = LOOK
    drawing = work.pool.answers.drawing(photograph, who)
    seen = Seen(drawing, 0)
    for tool, body in strokes_of(mask) if mask is not None else []:
        seconds += OUTLINE
        stroke = work.add_stroke(photograph, who, seen, tool, {**body, "seconds": seconds})
        seen = Seen(drawing, stroke)
    work.answer(photograph, who, seen, HEALTHY if mask is None else MASK, seconds, None)
    return seconds
