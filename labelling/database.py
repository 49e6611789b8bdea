"""The SQLite file of a pool: opened, checked, and changed in transactions.

Why a rollback journal and no write-ahead log (WAL): a pool is one file at rest, to copy or to put
on a hospital's network drive, where WAL cannot work, for it needs memory shared by its users. The
price is that readers wait while a transaction is being written, some milliseconds; transactions are
short here, since whoever works through photographs reads them page by page. synchronous=EXTRA: once
a transaction has ended, neither a killed process nor a power cut loses it. Writers of two processes
wait for each other, up to WAIT seconds.
"""

import os
import sqlite3
import threading
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple, Union

from data_prep.errors import DataError
from data_prep.outputs import check_new_file
from labelling.schema import APPLICATION, SCHEMA, VERSION

WAIT = 30.0  # seconds
_HEADER = b"SQLite format 3\x00"


class Database:
    """A pool's file. One object serves all threads of a process, each by a connection of its own.

    Raises DataError, which names the file, for what is no pool, and where the file is damaged, in
    use for longer than WAIT, or cannot be written.
    """

    def __init__(self, path: str, create: bool = False) -> None:
        """create: make the pool where there is no file, or an empty one."""
        self.path = path
        self._connections: Dict[Tuple[int, int], sqlite3.Connection] = {}
        self._guard = threading.Lock()
        is_new = not os.path.exists(path) or (os.path.isfile(path) and not os.path.getsize(path))
        if is_new and create:
            check_new_file(path, "--out")
            self._create()
        elif is_new or not os.path.isfile(path):
            raise DataError(f"{path}: no such pool; make one with: egl index FOLDER --out {path}")
        else:
            self._check()

    def _create(self) -> None:
        with self.writing() as connection:
            # Another process may have been first.
            if not self._version(connection):
                for statement in SCHEMA:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {VERSION}")

    def _check(self) -> None:
        is_sqlite = looks_like_sqlite(self.path)
        with self._explained():
            connection = self._connection()
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            version = self._version(connection)
        if not is_sqlite or application != APPLICATION:
            raise DataError(
                f"{self.path}: holds something else than a pool of photographs: name another file, "
                "or make a pool with egl index"
            )
        if version != VERSION:
            raise DataError(
                f"{self.path}: a pool of version {version}, but this program reads version "
                f"{VERSION}: use the program that wrote it, or index the photographs anew"
            )

    @staticmethod
    def _version(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])

    def _connection(self) -> sqlite3.Connection:
        """Return the connection of this thread. A forked child may not use its parent's."""
        key = os.getpid(), threading.get_ident()
        with self._guard:
            if key not in self._connections:
                # isolation_level None: a transaction begins where this module begins one.
                connection = sqlite3.connect(
                    self.path, timeout=WAIT, isolation_level=None, check_same_thread=False
                )
                connection.row_factory = sqlite3.Row
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute("PRAGMA synchronous = EXTRA")
                self._connections[key] = connection
            return self._connections[key]

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection inside a transaction, which ends with the block: all of it or nothing.

        Within a block, further blocks of the same thread belong to its transaction.
        """
        with self._explained():
            connection = self._connection()
            if connection.in_transaction:
                yield connection
                return
            # IMMEDIATE: what is read inside is not changed by another process before it is written.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def rows(
        self, query: str, arguments: Union[Sequence[Any], Mapping[str, Any]] = ()
    ) -> List[sqlite3.Row]:
        """Return all rows of a query; nothing stays locked afterwards."""
        with self._explained():
            return self._connection().execute(query, arguments).fetchall()

    def value(self, query: str, arguments: Sequence[Any] = ()) -> Any:
        """Return the first column of a query's first row, None where there is none."""
        rows = self.rows(query, arguments)
        return rows[0][0] if rows else None

    def close(self) -> None:
        """Close the connections of this process."""
        with self._guard:
            ours = [key for key in self._connections if key[0] == os.getpid()]
            for key in ours:
                self._connections.pop(key).close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # a mistake of the program, not of the file
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise DataError(
                    f"{self.path}: another process has been writing to it for {WAIT:g} seconds: "
                    "wait for it, or end it"
                ) from error
            raise DataError(
                f"{self.path}: cannot be read or written ({error}): check the disk, and that you "
                "may write to the file and its folder"
            ) from error
        except sqlite3.DatabaseError as error:
            raise DataError(
                f"{self.path}: not a pool of photographs, or a damaged one ({error}): restore a "
                "copy, or name another file"
            ) from error


def looks_like_sqlite(path: str) -> bool:
    """Return whether a file begins like SQLite's."""
    with open(path, "rb") as file:
        return file.read(len(_HEADER)) == _HEADER
