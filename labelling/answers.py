"""What people said of photographs, by strokes and answers; nothing is overwritten."""

import json
import sqlite3
import time
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from data_prep import field_of_view
from data_prep.errors import DataError
from data_prep.masks import MOST_OF_FIELD, share_of_field
from labelling.database import Database

MASK, HEALTHY, CANNOT_GRADE, SKIP = "mask", "healthy", "cannot grade", "skip"
KINDS = (MASK, HEALTHY, CANNOT_GRADE, SKIP)
TEACHING = (MASK, HEALTHY)  # the kinds that a net can learn from
UNDO, REDO = "undo", "redo"
PAGE = 256  # rows read at a time


class Answer(NamedTuple):
    """One answer of one person to one photograph.

    at: seconds since 1970; seconds: that the person took; kind: of KINDS; source: "page", or the
    format of a file; model: that proposed outlines, None where none did
    """

    id: int
    photograph: int
    who: str
    at: float
    seconds: float
    kind: str
    source: str
    model: Optional[int]


class Stroke(NamedTuple):
    """One thing that a person did to a mask: a tool of the page, and what it needs to do it again.

    drawing: how many answers she had given to that photograph before
    """

    id: int
    at: float
    tool: str
    body: Dict[str, Any]


_COLUMNS = ", ".join(Answer._fields)
# A person's last answer to a photograph; one to skip it takes back nothing that she said before.
_LATEST = f"""SELECT {_COLUMNS} FROM answer WHERE id IN (
    SELECT max(id) FROM answer WHERE kind != '{SKIP}' GROUP BY photograph, who)"""


class Answers:
    """Reads and writes answers and strokes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        photograph: int,
        who: str,
        kind: str,
        seconds: float = 0.0,
        mask: Optional[np.ndarray] = None,
        source: str = "page",
        model: Optional[int] = None,
    ) -> int:
        """Add an answer and return its id; the photograph's assignment to that person ends.

        mask: bool H x W of the photograph as stored, for the kind "mask" alone. Raises DataError
        for a mask of another size, an empty one (which is "healthy") or one over most of the
        field of view, for an unknown kind or photograph, and for seconds that are no time.
        """
        if kind not in KINDS:
            raise DataError(f"answer {kind!r}: give one of {', '.join(KINDS)}")
        if not 0 <= seconds < float("inf"):
            raise DataError(f"an answer that took {seconds} seconds: give a time of at least 0")
        png = None
        if kind == MASK:
            png = self._png(photograph, mask)
        elif mask is not None:
            raise DataError(f"an answer {kind!r} has no mask")
        with self._database.writing() as connection:
            try:
                added = connection.execute(
                    "INSERT INTO answer (photograph, who, at, seconds, kind, source, model, "
                    "mask_png) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (photograph, who, time.time(), float(seconds), kind, source, model, png),
                )
            except sqlite3.IntegrityError as error:
                raise DataError(
                    f"{self._database.path}: has no photograph {photograph}, or no model {model}"
                ) from error
            connection.execute(
                "DELETE FROM assignment WHERE photograph = ? AND who = ?", (photograph, who)
            )
            return int(added.lastrowid or 0)

    def _png(self, photograph: int, mask: Optional[np.ndarray]) -> bytes:
        rows = self._database.rows(
            "SELECT height, width, field_png FROM photograph WHERE id = ?", (photograph,)
        )
        if not rows:
            raise DataError(f"{self._database.path}: has no photograph {photograph}")
        if mask is None or mask.dtype != bool or mask.ndim != 2 or not mask.any():
            raise DataError("an empty mask: answer healthy where nothing is to be marked")
        if mask.shape != tuple(rows[0])[:2]:
            raise DataError(
                f"a mask of {mask.shape[1]} x {mask.shape[0]} pixels for photograph {photograph}, "
                f"which has {rows[0]['width']} x {rows[0]['height']} (width x height): give it at "
                "the photograph's size"
            )
        png = rows[0]["field_png"]
        share = share_of_field(mask, field_of_view.from_png(png)) if png else 0.0
        if share > MOST_OF_FIELD:
            raise DataError(
                f"a mask over {share:.0%} of the field of view of photograph {photograph}: more "
                "than exudates cover: correct it, or answer cannot grade"
            )
        return field_of_view.to_png(mask)

    def history(self, photograph: int) -> List[Answer]:
        """Return every answer to a photograph, the oldest first."""
        query = f"SELECT {_COLUMNS} FROM answer WHERE photograph = ? ORDER BY id"
        return [Answer(*row) for row in self._database.rows(query, (photograph,))]

    def latest(self, photograph: int) -> List[Answer]:
        """Return the answer of each person that counts: the last one that is no skip."""
        query = f"{_LATEST} AND photograph = ? ORDER BY who"
        return [Answer(*row) for row in self._database.rows(query, (photograph,))]

    def all_latest(self) -> Iterator[Answer]:
        """Yield the answers that count, of all photographs, by photograph and person."""
        after = 0, ""
        while True:
            rows = self._database.rows(
                f"{_LATEST} AND (photograph, who) > (?, ?) ORDER BY photograph, who LIMIT {PAGE}",
                after,
            )
            yield from (Answer(*row) for row in rows)
            if len(rows) < PAGE:
                return
            after = rows[-1]["photograph"], rows[-1]["who"]

    def newest(self, most: int) -> List[int]:
        """Return the photographs that were answered last, but for skipping, the newest first."""
        rows = self._database.rows(
            f"SELECT photograph FROM answer WHERE kind != '{SKIP}' GROUP BY photograph "
            "ORDER BY max(id) DESC LIMIT ?",
            (most,),
        )
        return [int(row[0]) for row in rows]

    def mask(self, answer: int) -> np.ndarray:
        """Return the mask of an answer of the kind "mask": bool H x W."""
        png = self.mask_png(answer)
        try:
            return field_of_view.from_png(png)
        except ValueError as error:
            raise DataError(f"{self._database.path}: answer {answer} has no mask") from error

    def mask_png(self, answer: int) -> bytes:
        """Return the same as a black and white PNG; b"" for another kind of answer."""
        return bytes(
            self._database.value("SELECT mask_png FROM answer WHERE id = ?", (answer,)) or b""
        )

    def counts(self) -> Dict[str, int]:
        """Return {kind: how many answers of that kind count}."""
        rows = self._database.rows(f"SELECT kind, count(*) FROM ({_LATEST}) GROUP BY kind")
        return {**dict.fromkeys(KINDS, 0), **{row[0]: int(row[1]) for row in rows}}

    def n_teaching(self) -> int:
        """Return how many answers count that a net can learn from."""
        counts = self.counts()
        return sum(counts[kind] for kind in TEACHING)

    def seconds(self) -> float:
        """Return the time that all answers together took; skipping takes time too."""
        return float(self._database.value("SELECT total(seconds) FROM answer"))

    # Strokes

    def add_stroke(self, photograph: int, who: str, tool: str, body: Dict[str, Any]) -> int:
        """Add a stroke to a person's present drawing and return its id.

        tool: "undo" takes back the last stroke that counts, "redo" takes back the last undo
        """
        with self._database.writing() as connection:
            added = connection.execute(
                "INSERT INTO stroke (photograph, who, drawing, at, tool, body) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    photograph,
                    who,
                    self.drawing(photograph, who),
                    time.time(),
                    tool,
                    json.dumps(body),
                ),
            )
            return int(added.lastrowid or 0)

    def strokes(self, photograph: int, who: str) -> List[Stroke]:
        """Return every stroke of a person's present drawing, in order, undo and redo among them."""
        rows = self._database.rows(
            "SELECT id, at, tool, body FROM stroke WHERE photograph = ? AND who = ? AND drawing = ?"
            " ORDER BY id",
            (photograph, who, self.drawing(photograph, who)),
        )
        return [Stroke(row[0], row[1], row[2], json.loads(row[3])) for row in rows]

    def last_stroke(self, photograph: int, who: str) -> int:
        """Return the id of the last stroke of a person's present drawing, 0 for none."""
        query = "SELECT max(id) FROM stroke WHERE photograph = ? AND who = ? AND drawing = ?"
        drawing = self.drawing(photograph, who)
        return int(self._database.value(query, (photograph, who, drawing)) or 0)

    def drawing(self, photograph: int, who: str) -> int:
        """Return the number of a person's present drawing: how many answers she has given."""
        query = "SELECT count(*) FROM answer WHERE photograph = ? AND who = ?"
        return int(self._database.value(query, (photograph, who)))


def in_force(strokes: List[Stroke]) -> List[Stroke]:
    """Return the strokes that count, in order, after every undo and redo among them."""
    return done_and_undone(strokes)[0]


def done_and_undone(strokes: List[Stroke]) -> Tuple[List[Stroke], List[Stroke]]:
    """Return the strokes that count, and those that redo would bring back, the next one last.

    A new stroke ends what could be redone. Undo and redo with nothing to do do nothing.
    """
    done: List[Stroke] = []
    undone: List[Stroke] = []
    for stroke in strokes:
        if stroke.tool == UNDO:
            undone += [done.pop()] if done else []
        elif stroke.tool == REDO:
            done += [undone.pop()] if undone else []
        else:
            done.append(stroke)
            undone.clear()
    return done, undone
