"""The photographs of a pool: one row a file, usable or not."""

import sqlite3
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from data_prep import field_of_view
from data_prep.errors import DataError
from labelling.database import Database

PAGE = 256  # rows read at a time
NO_FIELD = "no field of view"
MARKS = ("dark", "blurred", NO_FIELD)


class Photograph(NamedTuple):
    """One file of a pool.

    path: absolute; file_size, modified_ns: of the file, by which an unchanged one is recognised
    height, width: of its pixels as stored; orientation: the EXIF tag, 1 to 8, not applied to them
    field_width: of the field of view, in those pixels; 0 where there is none
    given_scale: what --scale said, None where the field's width decides
    brightness, sharpness: by which dark and blurred ones are marked; see labelling.quality
    marks: words of MARKS, separated by ", "; patient: None where nobody said
    duplicate_of, duplicate_kind: the photograph that this one repeats, and "copy" or "near"
    problem: why the file cannot be used, "" where it can; warning: what looks like a person's data
    """

    id: int
    path: str
    file_size: int
    modified_ns: int
    sha256: str
    height: int
    width: int
    orientation: int
    field_width: float
    given_scale: Optional[float]
    brightness: float
    sharpness: float
    marks: str
    patient: Optional[str]
    duplicate_of: Optional[int]
    duplicate_kind: str
    problem: str
    warning: str

    def scale(self, field_width: float) -> float:
        """Return by what to multiply its sides for a net trained at this width of the field."""
        return self.given_scale or field_width / self.field_width

    @property
    def split_group(self) -> str:
        """Who it is of: photographs of one group never go to two splits."""
        return self.patient if self.patient is not None else self.path


class Found(NamedTuple):
    """What reading one file found: a Photograph's columns but for id and duplicates, and its field.

    hash: for near-duplicates, b"" where there is none; field_png: as from field_of_view.to_png,
    b"" where there is none
    """

    path: str
    file_size: int
    modified_ns: int
    sha256: str = ""
    height: int = 0
    width: int = 0
    orientation: int = 1
    field_width: float = 0.0
    given_scale: Optional[float] = None
    brightness: float = 0.0
    sharpness: float = 0.0
    marks: str = ""
    patient: Optional[str] = None
    problem: str = ""
    warning: str = ""
    hash: bytes = b""
    field_png: bytes = b""


_COLUMNS = ", ".join(Photograph._fields)
USABLE = f"problem = '' AND duplicate_of IS NULL AND marks NOT LIKE '%{NO_FIELD}%'"

_UNANSWERED = """NOT EXISTS (SELECT 1 FROM answer
    WHERE answer.photograph = photograph.id AND kind != 'skip')"""


class Photographs:
    """Reads and writes the table of photographs.

    A photograph is usable if its file can be read, it has a field of view, and it repeats no other.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def __len__(self) -> int:
        return int(self._database.value("SELECT count(*) FROM photograph"))

    def n_usable(self) -> int:
        """Return how many photographs are usable."""
        return int(self._database.value(f"SELECT count(*) FROM photograph WHERE {USABLE}"))

    def get(self, photograph_id: int) -> Photograph:
        """Return a photograph. DataError where the pool has none of that id."""
        photograph = self.find(photograph_id)
        if photograph is None:
            raise DataError(f"{self._database.path}: has no photograph with the id {photograph_id}")
        return photograph

    def find(self, photograph_id: int) -> Optional[Photograph]:
        """Return a photograph, or None where the pool has none of that id."""
        return self._one("id", photograph_id)

    def at(self, path: str) -> Optional[Photograph]:
        """Return the photograph of a file, by its absolute path, or None."""
        return self._one("path", path)

    def usable(self) -> Iterator[Photograph]:
        """Yield the usable photographs by ascending id, read page by page."""
        return self._pages(USABLE)

    def unanswered(self) -> Iterator[Photograph]:
        """Yield the usable photographs that nobody has answered yet, but for skipping."""
        return self._pages(f"{USABLE} AND {_UNANSWERED}")

    def n_unanswered(self) -> int:
        """Return how many they are."""
        query = f"SELECT count(*) FROM photograph WHERE {USABLE} AND {_UNANSWERED}"
        return int(self._database.value(query))

    def not_usable(self) -> Iterator[Photograph]:
        """Yield the others likewise."""
        return self._pages(f"NOT ({USABLE})")

    def with_warning(self) -> Iterator[Photograph]:
        """Yield those whose name or header looks like a person's data."""
        return self._pages("warning != ''")

    def field(self, photograph_id: int) -> np.ndarray:
        """Return the field of view of a usable photograph: bool H x W."""
        png = self.field_png(photograph_id)
        try:
            return field_of_view.from_png(png)
        except ValueError as error:
            raise DataError(
                f"{self._database.path}: photograph {photograph_id} has no field of view: index "
                "the photographs anew"
            ) from error

    def field_png(self, photograph_id: int) -> bytes:
        """Return the same as a black and white PNG; b"" where there is none."""
        query = "SELECT field_png FROM photograph WHERE id = ?"
        return bytes(self._database.value(query, (photograph_id,)) or b"")

    def put(self, found: Found, duplicate: Tuple[Optional[int], str] = (None, "")) -> int:
        """Add a photograph, or renew the one of the same path, and return its id.

        duplicate: (the photograph it repeats, "copy" or "near")
        """
        values = dict(found._asdict(), duplicate_of=duplicate[0], duplicate_kind=duplicate[1])
        names = list(values)
        renewed = ", ".join(f"{name} = excluded.{name}" for name in names)
        with self._database.writing() as connection:
            connection.execute(
                f"INSERT INTO photograph ({', '.join(names)}) "
                f"VALUES ({', '.join('?' * len(names))}) "
                f"ON CONFLICT (path) DO UPDATE SET {renewed}",
                list(values.values()),
            )
            (photograph_id,) = connection.execute(
                "SELECT id FROM photograph WHERE path = ?", (found.path,)
            ).fetchone()
            return int(photograph_id)

    def move(self, photograph_id: int, path: str, file_size: int, modified_ns: int) -> None:
        """Note that the file of a photograph lies elsewhere now."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE photograph SET path = ?, file_size = ?, modified_ns = ? WHERE id = ?",
                (path, file_size, modified_ns, photograph_id),
            )

    def tell(
        self, photograph_id: int, patient: Optional[str], given_scale: Optional[float]
    ) -> None:
        """Note what a person says of a photograph, in place of what was said before."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE photograph SET patient = ?, given_scale = ? WHERE id = ?",
                (patient, given_scale, photograph_id),
            )

    def of_sha256(self, sha256: str) -> List[Photograph]:
        """Return the photographs whose files have this content, by ascending id."""
        query = f"SELECT {_COLUMNS} FROM photograph WHERE sha256 = ? ORDER BY id"
        return [Photograph(*row) for row in self._database.rows(query, (sha256,))]

    def set_bands(self, photograph_id: int, bands: Sequence[bytes]) -> None:
        """Enter a photograph under the parts of its hash."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM hash_band WHERE photograph = ?", (photograph_id,))
            connection.executemany(
                "INSERT INTO hash_band (band, bits, photograph) VALUES (?, ?, ?)",
                [(number, bits, photograph_id) for number, bits in enumerate(bands)],
            )

    def sharing_a_band(self, bands: Sequence[bytes]) -> List[Tuple[int, bytes]]:
        """Return (id, hash) of the photographs that have a band in common with these."""
        found: Dict[int, bytes] = {}
        for number, bits in enumerate(bands):
            rows = self._database.rows(
                "SELECT photograph.id, hash FROM hash_band JOIN photograph ON "
                "photograph.id = photograph WHERE band = ? AND bits = ? AND duplicate_of IS NULL",
                (number, bits),
            )
            found.update((int(row[0]), bytes(row[1])) for row in rows)
        return sorted(found.items())

    def _one(self, column: str, value: Any) -> Optional[Photograph]:
        query = f"SELECT {_COLUMNS} FROM photograph WHERE {column} = ?"
        rows = self._database.rows(query, (value,))
        return Photograph(*rows[0]) if rows else None

    def _pages(self, condition: str) -> Iterator[Photograph]:
        last = 0
        while True:
            rows: List[sqlite3.Row] = self._database.rows(
                f"SELECT {_COLUMNS} FROM photograph WHERE id > ? AND {condition} "
                f"ORDER BY id LIMIT {PAGE}",
                (last,),
            )
            yield from (Photograph(*row) for row in rows)
            if len(rows) < PAGE:
                return
            last = rows[-1]["id"]
