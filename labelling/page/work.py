"""What people do on the page, as changes of the pool; api.py makes requests of it."""

import base64
import os
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from data_prep.errors import DataError
from labelling.answers import KINDS, MASK, SKIP, Stroke, done_and_undone, in_force
from labelling.page.agreement import agreements
from labelling.page.raster import mask_of
from labelling.page.settings import LabelSettings
from labelling.page.tools import checked, number
from labelling.photographs import Photograph
from labelling.pool import Pool

SHOWN = 200  # photographs in the list of those that are answered
LONGEST_NAME = 64
AHEAD = 3  # photographs that are prepared beforehand


class Conflict(Exception):
    """Something else has happened meanwhile: in another tab, or by another person."""


class Seen(NamedTuple):
    """How far a tab knows a drawing: its number, and its last stroke's id, 0 for none."""

    drawing: int
    last: int


class Work:
    """The work of all people on one pool. Any number of threads may use it."""

    def __init__(self, pool: Pool, settings: LabelSettings) -> None:
        self.pool, self.settings = pool, settings

    def next_for(self, who: str) -> Optional[int]:
        """Return the photograph that a person is to label next, and assign it; None: none left."""
        return self.pool.assignments.next_for(who, self.settings.people)

    def likely_after(self, who: str, present: int) -> List[int]:
        """Return the photographs that a person will probably get after the present one."""
        likely = self.pool.assignments.likely(who, 1 + AHEAD, self.settings.people)
        return [found for found in likely if found != present][:AHEAD]

    def open(self, photograph: int, who: str) -> None:
        """Give a person a photograph that she has chosen, such as one that she has answered.

        Her last mask is where she goes on. Raises Conflict where it is with another person.
        """
        pool = self.pool
        self.usable(photograph)
        with pool.together():
            self._hold(photograph, who)
            mine = [row for row in pool.answers.latest(photograph) if row.who == who]
            if mine and mine[0].kind == MASK and not pool.answers.strokes(photograph, who):
                png = pool.answers.mask_png(mine[0].id)
                pool.answers.add_stroke(photograph, who, MASK, as_body(png))

    def usable(self, photograph: int) -> Photograph:
        """Return a photograph that people may label; DataError for another one."""
        row = self.pool.photographs.get(photograph)
        if row.problem or row.duplicate_of is not None or not row.field_width:
            raise DataError(f"photograph {photograph} cannot be used: choose another one")
        return row

    def state(self, photograph: int, who: str) -> Dict[str, Any]:
        """Return what the page has to know of a photograph and of a person's drawing."""
        row = self.usable(photograph)
        strokes = self.pool.answers.strokes(photograph, who)
        done, undone = done_and_undone(strokes)
        ranking = self.pool.rankings.newest()
        ranked = None if ranking is None else self.pool.rankings.of(ranking, photograph)
        seen = self._seen(photograph, who)
        return {
            "id": row.id, "name": os.path.basename(row.path), "height": row.height,
            "width": row.width, "marks": row.marks, "patient": row.patient,
            "place": ranked and ranked.place, "boxes": ranked and ranked.boxes,
            "done": [as_json(stroke) for stroke in done],
            "undone": [as_json(stroke) for stroke in undone],
            "seconds": max((stroke.body.get("seconds", 0.0) for stroke in strokes), default=0.0),
            "mine": self._mine(photograph, who), **seen._asdict(),
        }  # fmt: skip

    def _mine(self, photograph: int, who: str) -> Optional[str]:
        kinds = [row.kind for row in self.pool.answers.history(photograph) if row.who == who]
        return kinds[-1] if kinds else None

    def _seen(self, photograph: int, who: str) -> Seen:
        answers = self.pool.answers
        return Seen(answers.drawing(photograph, who), answers.last_stroke(photograph, who))

    def _check_seen(self, photograph: int, who: str, seen: Seen) -> None:
        if self._seen(photograph, who) != seen:
            raise Conflict("this photograph was changed in another tab or window: load it again")

    def _hold(self, photograph: int, who: str) -> None:
        if not self.pool.assignments.assign(photograph, who):
            raise Conflict("another person is at work on this photograph: take the next one")

    def add_stroke(self, photograph: int, who: str, seen: Seen, tool: Any, body: Any) -> int:
        """Keep a stroke for good, and return its id.

        Raises DataError for one that cannot be, Conflict where the tab does not know the last one.
        """
        row = self.usable(photograph)
        tool, body = checked(tool, body, (row.height, row.width))
        with self.pool.together():
            self._check_seen(photograph, who, seen)
            self._hold(photograph, who)
            return self.pool.answers.add_stroke(photograph, who, tool, body)

    def strokes(self, photograph: int, who: str) -> List[Stroke]:
        """Return the strokes of a person's present drawing that count."""
        return in_force(self.pool.answers.strokes(photograph, who))

    def answer(
        self, photograph: int, who: str, seen: Seen, kind: Any, seconds: Any, model: Optional[int]
    ) -> List[Dict[str, Any]]:
        """Add an answer; return how far those who have answered it agree.

        kind: for "mask", the strokes make it. Raises DataError for an empty mask, and as add_stroke
        """
        row = self.usable(photograph)
        if kind not in KINDS:
            raise DataError(f"answer {kind!r:.40}: give one of {', '.join(KINDS)}")
        seconds = number(seconds, "seconds", 0, 1e6)
        mask = None
        if kind == MASK:
            mask = mask_of(self.strokes(photograph, who), (row.height, row.width))
        with self.pool.together():
            self._check_seen(photograph, who, seen)
            self._hold(photograph, who)
            self.pool.answers.add(photograph, who, kind, seconds, mask, "page", model)
        return [] if kind == SKIP else self.agreement(photograph)

    def agreement(self, photograph: int) -> List[Dict[str, Any]]:
        """Return how far the people agree who have answered a photograph."""
        return agreements(self.pool, self.pool.answers.latest(photograph))

    def answered(self) -> List[Dict[str, Any]]:
        """Return the photographs answered last, the newest first, with everyone's answer."""
        found = []
        for photograph in self.pool.answers.newest(SHOWN):
            row, answers = self.pool.photographs.get(photograph), []
            for answer in self.pool.answers.latest(photograph):
                answers.append({"who": answer.who, "kind": answer.kind, "seconds": answer.seconds})
            found.append(
                {
                    "id": photograph,
                    "name": os.path.basename(row.path),
                    "answers": answers,
                    "agreement": self.agreement(photograph) if len(answers) > 1 else [],
                }
            )
        return found

    def progress(self) -> Dict[str, Any]:
        """Return {budget, used: minutes, answered, photographs}."""
        return {
            "budget": self.pool.budget_minutes,
            "used": self.pool.minutes_used,
            "answered": self.pool.photographs.n_usable() - self.pool.photographs.n_unanswered(),
            "photographs": self.pool.photographs.n_usable(),
        }


def as_json(stroke: Stroke) -> Dict[str, Any]:
    """Return a stroke as the page has it."""
    return {"tool": stroke.tool, "body": stroke.body}


def as_body(png: bytes) -> Dict[str, Any]:
    """Return the body of a stroke that is a whole mask."""
    return {"png": base64.b64encode(png).decode("ascii"), "seconds": 0.0}


def checked_name(who: Any) -> str:
    """Return a person's name; DataError for none, and for one that cannot be shown."""
    name = " ".join(who.split()) if isinstance(who, str) else ""
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise DataError(f"the name {who!r:.80}: give 1 to {LONGEST_NAME} letters")
    return name


def checked_seen(values: Dict[str, Any]) -> Seen:
    """Return how far a tab knows a drawing, from JSON; DataError where it does not say."""
    numbers: Tuple[Any, ...] = values.get("drawing"), values.get("last")
    if not all(isinstance(found, int) and not isinstance(found, bool) for found in numbers):
        raise DataError("say which drawing this belongs to, and its last stroke")
    return Seen(*numbers)
