"""Who labels which photograph now: two people on one pool never get the same one by chance."""

import time
from typing import Optional

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


class Assignments:
    """Hands out photographs, each for a while, the most interesting first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next_for(self, who: str, wanted: int = 1) -> Optional[int]:
        """Return the photograph that a person is to label next, and assign it; None: none is left.

        The newest finished ranking decides; photographs that it lacks come last, by id. One that is
        still assigned to the person comes first. wanted: people who are to answer each photograph.
        """
        now = time.time()
        values = {"who": who, "wanted": wanted, "now": now, "until": now + LEASE}
        with self._database.writing() as connection:
            row = connection.execute(
                f"""SELECT photograph.id FROM photograph
                    LEFT JOIN ranked ON ranked.photograph = photograph.id AND ranking = (
                        SELECT max(id) FROM ranking WHERE finished IS NOT NULL)
                    LEFT JOIN assignment ON assignment.photograph = photograph.id
                        AND assignment.who = :who AND until > :now
                    WHERE {_OPEN}
                    ORDER BY assignment.since IS NULL, assignment.since, place IS NULL, place,
                        photograph.id
                    LIMIT 1""",
                values,
            ).fetchone()
            if row is None:
                return None
            connection.execute(
                "INSERT INTO assignment (photograph, who, since, until) "
                "VALUES (:photograph, :who, :now, :until) ON CONFLICT (photograph) DO UPDATE SET "
                "since = CASE WHEN who = :who THEN since ELSE :now END, who = :who, until = :until",
                {**values, "photograph": row[0]},
            )
            return int(row[0])

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
