"""Who labels which photograph now: two people on one pool never get the same one by chance."""

import time
from typing import List, Optional

from labelling.answers import SKIP
from labelling.database import Database
from labelling.photographs import USABLE

LEASE = 3600.0  # seconds that a photograph stays with a person who does nothing

# Not answered often enough, not answered or skipped by this person, not with another one.
_OPEN = f"""{USABLE}
    AND (SELECT count(DISTINCT who) FROM answer
         WHERE answer.photograph = photograph.id AND kind != '{SKIP}') < :wanted
    AND NOT EXISTS (SELECT 1 FROM answer
         WHERE answer.photograph = photograph.id AND who = :who)
    AND NOT EXISTS (SELECT 1 FROM assignment
         WHERE assignment.photograph = photograph.id AND who != :who AND until > :now)"""

_NEXT = f"""SELECT photograph.id FROM photograph
    LEFT JOIN ranked ON ranked.photograph = photograph.id AND ranking = (
        SELECT max(id) FROM ranking WHERE finished IS NOT NULL)
    LEFT JOIN assignment ON assignment.photograph = photograph.id
        AND assignment.who = :who AND until > :now
    WHERE {_OPEN}
    ORDER BY assignment.since IS NULL, assignment.since, place IS NULL, place, photograph.id
    LIMIT :n"""


class Assignments:
    """Hands out photographs, each for a while, the most interesting first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next_for(self, who: str, wanted: int = 1) -> Optional[int]:
        """Return the photograph that a person is to label next, and assign it; None: none is left.

        See `take`.
        """
        return next(iter(self.take(who, 1, wanted, LEASE)), None)

    def take(self, who: str, n: int, wanted: int, lease: float) -> List[int]:
        """Return the n photographs that a person is to label next, and assign them to her.

        Those that are assigned to her already come first, then the newest finished ranking decides;
        photographs that it lacks come last, by id. wanted: people who are to answer each
        photograph; lease: seconds after which others may have them.
        """
        now = time.time()
        values = {"who": who, "wanted": wanted, "now": now, "n": n, "until": now + lease}
        with self._database.writing() as connection:
            rows = connection.execute(_NEXT, values).fetchall()
            connection.executemany(
                "INSERT INTO assignment (photograph, who, since, until) "
                "VALUES (:photograph, :who, :now, :until) ON CONFLICT (photograph) DO UPDATE SET "
                "since = CASE WHEN who = :who THEN since ELSE :now END, who = :who, until = :until",
                [{**values, "photograph": row[0]} for row in rows],
            )
            return [int(row[0]) for row in rows]

    def likely(self, who: str, n: int, wanted: int = 1) -> List[int]:
        """Return what `take` would return now, without assigning anything: to prepare it."""
        values = {"who": who, "wanted": wanted, "now": time.time(), "n": n}
        return [int(row[0]) for row in self._database.rows(_NEXT, values)]

    def assign(self, photograph: int, who: str) -> bool:
        """Give a photograph to a person, or prolong that; False where it is with another one."""
        now = time.time()
        with self._database.writing() as connection:
            changed = connection.execute(
                "INSERT INTO assignment (photograph, who, since, until) VALUES (?1, ?2, ?3, ?4) "
                "ON CONFLICT (photograph) DO UPDATE SET who = ?2, until = ?4, "
                "since = CASE WHEN who = ?2 THEN since ELSE ?3 END WHERE who = ?2 OR until <= ?3",
                (photograph, who, now, now + LEASE),
            )
            return changed.rowcount > 0

    def release(self, photograph: int, who: str) -> None:
        """Let others have a photograph that a person does not label after all."""
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM assignment WHERE photograph = ? AND who = ?", (photograph, who)
            )
