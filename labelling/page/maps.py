"""What a model makes of the photographs that people look at: layers, outlines, boxes to look at.

It is worked out in a process of its own, ahead of the person: an abort inside Caffe does not end
the page, and a stroke is saved at once whatever is being computed.
"""

import threading
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import cv2
import numpy as np

from labelling.executors import Executor
from labelling.layers import Box
from labelling.pool import Pool
from labelling.ranking import tasks_of
from labelling.scoring import Job, Task, scorer_of

KEPT = 16  # photographs whose maps are kept
LAYER_WIDTH = 1200  # pixels of a layer, at most: it has one value for every `stride` pixels
# Shares of the field of view that are outlined, beside what is above the model's threshold.
SHARES = (0.05, 0.02, 0.007, 0.002)
USUAL_SHARE = 0.02  # exudates rarely cover more: the first level shown has no more outlined
OUTLINES = 100  # of a level, at most; those of the highest p(exudate)
LEAST_AREA = 30  # pixels of an outline
TOLERANCE = 0.7  # pixels that an outline may leave its region's border, for fewer points
Rings = List[List[Tuple[float, float]]]


class Layers(NamedTuple):
    """The maps of one photograph.

    phi, p: grey PNGs of the photograph's shape but smaller, white is `highest_phi` and 1
    levels: [{above, share, outlines}], where p is above the model's threshold, and above higher
    values; share: of the field of view; shown: the level to begin with; boxes: the patches of the
    highest phi
    """

    phi: bytes
    p: bytes
    highest_phi: float
    levels: List[Dict[str, Any]]
    shown: int
    boxes: List[Box]


class Maps:
    """Hands out the maps of photographs. Any number of threads may ask."""

    def __init__(self, pool: Pool, executor: Executor, device: str, stride: int) -> None:
        """stride: pixels between the patches of a scaled photograph."""
        self._pool, self._executor = pool, executor
        self._device, self._stride = device, stride
        self._futures: Dict[Tuple[int, str], Any] = {}  # the one asked for last comes last
        self._ahead: List[Tuple[int, str]] = []  # begun since the last photograph was shown
        self._guard = threading.Lock()

    def begin(self, photograph: int, model: str) -> Any:
        """Return the future of a photograph's Layers; the work begins if it has not.

        Work that was begun ahead, and that no process does yet, gives way to it.
        """
        with self._guard:
            if (photograph, model) not in self._futures:
                for key in [key for key in self._ahead if self._futures[key].cancel()]:
                    del self._futures[key]
            self._ahead.clear()
            return self._future(photograph, model)

    def begin_ahead(self, photographs: Sequence[int], model: str) -> None:
        """Begin the work on photographs that people will look at later."""
        with self._guard:
            for photograph in photographs:
                if (photograph, model) not in self._futures:
                    self._future(photograph, model)
                    self._ahead.append((photograph, model))

    def _future(self, photograph: int, model: str) -> Any:
        key = photograph, model
        if key not in self._futures:
            (task,) = tasks_of(self._pool, [self._pool.photographs.get(photograph)])
            job = Job(model, self._device, self._stride)
            self._futures[key] = self._executor.submit(layers, job, task)
        future = self._futures[key] = self._futures.pop(key)
        while len(self._futures) > KEPT:
            del self._futures[next(iter(self._futures))]
        return future

    def of(self, photograph: int, model: str) -> Layers:
        """Return a photograph's Layers, which may take seconds.

        Raises DataError for a photograph that cannot be read, EglError for such a model, and
        whatever befell the process; asked again, the work is done again.
        """
        future = self.begin(photograph, model)
        try:
            found: Layers = future.result()
            return found
        except Exception:
            with self._guard:
                self._futures.pop((photograph, model), None)
            raise


def layers(job: Job, task: Task) -> Layers:
    """Work out a photograph's Layers. Run by an executor's process."""
    scorer = scorer_of(job.model, job.device, job.stride)
    view = scorer.view(task)
    maps = scorer.maps(view)
    phi, p = scorer.layer(view, maps.phi), scorer.probability(view, maps)
    inside = maps.phi[maps.inside]
    highest = float(np.percentile(inside, 99.5)) if len(inside) else 1.0
    ranked = scorer.ranked(view, maps, 0.0, job.seed)
    levels = levels_of(p, scorer.model.threshold, view.field)
    usual = [index for index, level in enumerate(levels) if level["share"] <= USUAL_SHARE]
    shown = usual[0] if usual else len(levels) - 1
    return Layers(
        _grey(phi / max(highest, 1e-12)), _grey(p), highest, levels, shown, ranked.boxes
    )  # fmt: skip


def levels_of(p: np.ndarray, threshold: float, field: np.ndarray) -> List[Dict[str, Any]]:
    """Return what is outlined at a model's threshold, and at higher ones for less and less.

    The threshold was chosen on patches, half of them exudates: of a photograph, most are not.
    p: float H x W; field: bool H x W, the field of view
    """
    falling = np.sort(p[field])[::-1]
    higher = (float(falling[int(share * len(falling))]) for share in SHARES if len(falling))
    return [
        {
            "above": round(above, 6),
            "share": int((p > above).sum()) / max(1, len(falling)),
            "outlines": outlines(p, above),
        }
        for above in (threshold, *sorted({level for level in higher if level > threshold}))
    ]


def _grey(values: np.ndarray) -> bytes:
    height, width = values.shape
    if width > LAYER_WIDTH:
        size = LAYER_WIDTH, max(1, round(height * LAYER_WIDTH / width))
        values = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    _, png = cv2.imencode(".png", np.round(np.clip(values, 0, 1) * 255).astype(np.uint8))
    return bytes(png.tobytes())


def outlines(p: np.ndarray, threshold: float) -> List[Dict[str, Any]]:
    """Return the outlines of where p(exudate) is above a threshold, the highest p first.

    p: float H x W. Each is {rings: [[(x, y), ...]] with holes, p: the highest inside, at: [x, y] of
    that}, in the coordinates of labelling.page.raster.
    """
    count, pieces, stats, _ = cv2.connectedComponentsWithStats((p > threshold).astype(np.uint8))
    highest = np.zeros(count, p.dtype)
    np.maximum.at(highest, pieces[p > threshold], p[p > threshold])
    large = [piece for piece in range(1, count) if stats[piece, cv2.CC_STAT_AREA] >= LEAST_AREA]
    found = []
    for piece in sorted(large, key=lambda piece: -float(highest[piece]))[:OUTLINES]:
        left, top, width, height, _ = (int(value) for value in stats[piece])
        here = np.s_[top : top + height, left : left + width]
        mask = pieces[here] == piece
        y, x = np.argwhere(mask & (p[here] == highest[piece]))[0]
        found.append(
            {
                "rings": _rings(mask, left, top),
                "p": round(float(highest[piece]), 4),
                "at": [left + int(x) + 0.5, top + int(y) + 0.5],
            }
        )
    return found


def _rings(mask: np.ndarray, left: int, top: int) -> Rings:
    """Return the border of a region and of its holes, between the centres of pixels."""
    # Each pixel as 3 x 3: OpenCV's contours go through the outermost ones' centres, so that those
    # of the region itself are inside.
    large = np.kron(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(large, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)[-2:]
    rings = []
    for contour in contours:
        simple = cv2.approxPolyDP(contour, 3 * TOLERANCE, True)[:, 0]
        if len(simple) > 2:
            rings.append([
                (round((int(x) + 0.5) / 3 + left, 1), round((int(y) + 0.5) / 3 + top, 1))
                for x, y in simple
            ])  # fmt: skip
    return rings
