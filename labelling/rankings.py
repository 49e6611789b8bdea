"""The models of a pool and the rankings that they made."""

import json
import time
from itertools import chain
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from labelling.database import Database

PAGE = 256  # rows read at a time


class ModelRow(NamedTuple):
    """A model that was used or learnt in a pool: a line of its history.

    sha256: of its weights; path: its folder; parent: the model it was learnt from; answers,
    minutes: what people had answered by then, and the time it took them; f_measure, auc: on the
    patients kept out, None where nothing was measured
    """

    id: int
    sha256: str
    path: str
    added: float
    parent: Optional[int]
    answers: int
    minutes: float
    f_measure: Optional[float]
    auc: Optional[float]


class Ranked(NamedTuple):
    """What a model made of one photograph.

    scores: {reduction: interestingness}; highest_p: the highest p(exudate); patches: how many were
    scored; boxes: [(y, x, side, phi)] in the photograph's own pixels, the highest phi first; place:
    from 1, the most interesting photograph, None before the ranking is finished
    """

    photograph: int
    scores: Dict[str, float]
    highest_p: float
    patches: int
    seconds: float
    boxes: List[Tuple[int, int, int, float]]
    place: Optional[int] = None


_MODEL = ", ".join(ModelRow._fields)
# Sorted by SQLite, on the disk where it must: memory does not grow with the pool. The unary plus
# keeps it from reading along an index that changes meanwhile.
_BY_SCORE = """SELECT photograph, json_extract(scores, ?) AS score FROM ranked
    WHERE +ranking = ? ORDER BY score DESC, photograph"""


class Rankings:
    """Reads and writes models, rankings and what was ranked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def model(self, sha256: str, path: str) -> int:
        """Return the id of the model with these weights; it is added where it is new."""
        with self._database.writing() as connection:
            row = connection.execute(
                "SELECT id FROM model WHERE sha256 = ? ORDER BY id", (sha256,)
            ).fetchone()
        return int(row[0]) if row else self.add_model(sha256, path)

    def add_model(
        self,
        sha256: str,
        path: str,
        parent: Optional[int] = None,
        answers: int = 0,
        minutes: float = 0.0,
        f_measure: Optional[float] = None,
        auc: Optional[float] = None,
    ) -> int:
        """Add a line to the history of models, see ModelRow; return its id."""
        with self._database.writing() as connection:
            added = connection.execute(
                "INSERT INTO model (sha256, path, added, parent, answers, minutes, f_measure, auc) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (sha256, path, time.time(), parent, answers, minutes, f_measure, auc),
            )
            return int(added.lastrowid or 0)

    def models(self) -> List[ModelRow]:
        """Return the history of models, the oldest first."""
        return [
            ModelRow(*row) for row in self._database.rows(f"SELECT {_MODEL} FROM model ORDER BY id")
        ]

    def begin(self, model: int, strategy: str) -> int:
        """Begin a ranking, or go on with the unfinished one of the same model; return its id."""
        with self._database.writing() as connection:
            row = connection.execute(
                "SELECT id FROM ranking WHERE model = ? AND strategy = ? AND finished IS NULL",
                (model, strategy),
            ).fetchone()
            if row:
                return int(row[0])
            added = connection.execute(
                "INSERT INTO ranking (model, strategy, added) VALUES (?, ?, ?)",
                (model, strategy, time.time()),
            )
            return int(added.lastrowid or 0)

    def add(self, ranking: int, rows: Iterable[Ranked]) -> None:
        """Add what was ranked, or replace it."""
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO ranked VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        ranking,
                        row.photograph,
                        row.place,
                        json.dumps(row.scores),
                        row.highest_p,
                        row.patches,
                        row.seconds,
                        json.dumps(row.boxes),
                    )
                    for row in rows
                ],
            )

    def best(self, ranking: int, reduction: str, most: int) -> List[Tuple[int, float]]:
        """Return (photograph, score) of the highest scores; of equal ones, the lowest id first."""
        rows = self._database.rows(f"{_BY_SCORE} LIMIT ?", (f"$.{reduction}", ranking, most))
        return [(int(row[0]), float(row[1])) for row in rows]

    def finish(self, ranking: int, reduction: str, first: Sequence[int] = ()) -> None:
        """Give the places: `first` in their order, then all others by their score."""
        before = set(first)
        with self._database.writing() as connection:
            others = connection.execute(_BY_SCORE, (f"$.{reduction}", ranking))
            order = chain(first, (row[0] for row in others if row[0] not in before))
            connection.executemany(
                "UPDATE ranked SET place = ? WHERE ranking = ? AND photograph = ?",
                ((place, ranking, photograph) for place, photograph in enumerate(order, start=1)),
            )
            connection.execute(
                "UPDATE ranking SET finished = ? WHERE id = ?", (time.time(), ranking)
            )

    def newest(self) -> Optional[int]:
        """Return the newest finished ranking, or None."""
        found = self._database.value("SELECT max(id) FROM ranking WHERE finished IS NOT NULL")
        return None if found is None else int(found)

    def model_of(self, ranking: int) -> int:
        """Return the model that made a ranking."""
        return int(self._database.value("SELECT model FROM ranking WHERE id = ?", (ranking,)))

    def is_ranked(self, ranking: int, photographs: Sequence[int]) -> List[int]:
        """Return those of some photographs that a ranking has."""
        marks = ", ".join("?" * len(photographs))
        rows = self._database.rows(
            f"SELECT photograph FROM ranked WHERE ranking = ? AND photograph IN ({marks})",
            (ranking, *photographs),
        )
        return [int(row[0]) for row in rows]

    def of(self, ranking: int, photograph: int) -> Optional[Ranked]:
        """Return what a ranking says of a photograph, or None."""
        rows = self._read("AND photograph = ?", (ranking, photograph))
        return rows[0] if rows else None

    def all(self, ranking: int) -> Iterator[Ranked]:
        """Yield what was ranked by ascending photograph, read page by page."""
        last = 0
        while True:
            rows = self._read(
                f"AND photograph > ? ORDER BY photograph LIMIT {PAGE}", (ranking, last)
            )
            yield from rows
            if len(rows) < PAGE:
                return
            last = rows[-1].photograph

    def in_order(self, ranking: int, most: int = -1) -> Iterator[Ranked]:
        """Yield what was ranked by its place, up to `most` of them, read page by page."""
        last = 0
        while most:
            size = PAGE if most < 0 else min(PAGE, most)
            rows = self._read(f"AND place > ? ORDER BY place LIMIT {size}", (ranking, last))
            yield from rows
            if len(rows) < size:
                return
            most -= len(rows) if most > 0 else 0
            last = rows[-1].place or 0

    def _read(self, condition: str, arguments: Tuple[int, ...]) -> List[Ranked]:
        rows = self._database.rows(
            "SELECT photograph, scores, highest_p, patches, seconds, boxes, place FROM ranked "
            f"WHERE ranking = ? {condition}",
            arguments,
        )
        return [
            Ranked(
                row["photograph"],
                json.loads(row["scores"]),
                row["highest_p"],
                row["patches"],
                row["seconds"],
                [tuple(box) for box in json.loads(row["boxes"])],
                row["place"],
            )
            for row in rows
        ]
