"""A pool: photographs, answers, rankings and who works on what, in one SQLite file.

Every command and the page read and write it through this class and the parts it is made of.
"""

import json
import os
from contextlib import contextmanager
from typing import Any, Iterator

from data_prep.errors import DataError
from labelling.answers import Answers
from labelling.assignments import Assignments
from labelling.database import Database, looks_like_sqlite
from labelling.photographs import Photographs
from labelling.rankings import Rankings


class Pool:
    """The one reader and writer of a pool. Any number of threads and processes may have one.

    photographs, answers, rankings, assignments: each a part of the file, see their classes
    Raises DataError as Database does, and wherever the file cannot be read or written.
    """

    def __init__(self, path: str, create: bool = False) -> None:
        """create: make the pool where there is no file."""
        self.path = path
        self._database = Database(path, create)
        self.photographs = Photographs(self._database)
        self.answers = Answers(self._database)
        self.rankings = Rankings(self._database)
        self.assignments = Assignments(self._database)

    def close(self) -> None:
        """Close the file for this process."""
        self._database.close()

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make what a block writes one transaction: all of it is kept, or nothing."""
        with self._database.writing():
            yield

    def fact(self, name: str, otherwise: Any = None) -> Any:
        """Return what was noted of the whole pool under a name."""
        text = self._database.value("SELECT value FROM fact WHERE name = ?", (name,))
        try:
            return otherwise if text is None else json.loads(text)
        except ValueError as error:
            raise DataError(f"{self.path}: the fact {name!r} is damaged") from error

    def note(self, name: str, value: Any) -> None:
        """Note something of the whole pool; value: for JSON."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)",
                (name, json.dumps(value, sort_keys=True)),
            )

    @property
    def budget_minutes(self) -> float:
        """The minutes that people have for this pool; 0: nobody said."""
        return float(self.fact("budget_minutes", 0.0))

    @budget_minutes.setter
    def budget_minutes(self, minutes: float) -> None:
        if not 0 <= minutes < float("inf"):
            raise DataError(f"a budget of {minutes} minutes: give a number from 0")
        self.note("budget_minutes", float(minutes))

    @property
    def minutes_used(self) -> float:
        """The minutes that all answers took together."""
        return self.answers.seconds() / 60


def is_pool(path: str) -> bool:
    """Return whether a file is an SQLite one, such as a pool."""
    return os.path.isfile(path) and looks_like_sqlite(path)
