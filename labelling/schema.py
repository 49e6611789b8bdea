"""The tables of a pool: one SQLite file with everything that is known of some photographs.

Pixels and coordinates are those of a photograph as its file stores them: neither scaled nor turned
as EXIF asks. Times are seconds since 1970 (UTC). Answers and strokes are only ever added: triggers
refuse to change or to delete them.
"""

APPLICATION = 0x45474C50  # "EGLP": SQLite's application_id of a pool
VERSION = 1  # SQLite's user_version; another one is refused

_HISTORY = ("answer", "stroke")

SCHEMA = (
    # What holds for the whole pool: its settings, as JSON, by name. See labelling.pool.
    "CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    # One row a file. `problem` says why a file cannot be used: such a row has neither size nor
    # field. `duplicate_of` names the photograph of which this is a copy or a near-copy.
    """CREATE TABLE photograph (
        id INTEGER PRIMARY KEY,
        path TEXT NOT NULL UNIQUE,
        file_size INTEGER NOT NULL,
        modified_ns INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        height INTEGER NOT NULL,
        width INTEGER NOT NULL,
        orientation INTEGER NOT NULL,
        field_width REAL NOT NULL,
        given_scale REAL,
        brightness REAL NOT NULL,
        sharpness REAL NOT NULL,
        marks TEXT NOT NULL,
        patient TEXT,
        duplicate_of INTEGER REFERENCES photograph (id),
        duplicate_kind TEXT NOT NULL CHECK (duplicate_kind IN ('', 'copy', 'near')),
        problem TEXT NOT NULL,
        warning TEXT NOT NULL,
        hash BLOB NOT NULL,
        field_png BLOB NOT NULL
    )""",
    "CREATE INDEX photograph_by_sha256 ON photograph (sha256)",
    # Parts of the hash, by which near-duplicates are found without comparing all with all.
    """CREATE TABLE hash_band (
        band INTEGER NOT NULL,
        bits BLOB NOT NULL,
        photograph INTEGER NOT NULL REFERENCES photograph (id),
        PRIMARY KEY (band, bits, photograph)
    ) WITHOUT ROWID""",
    # Models that were used or learnt here, with what they had learnt from and how good they are.
    """CREATE TABLE model (
        id INTEGER PRIMARY KEY,
        sha256 TEXT NOT NULL,
        path TEXT NOT NULL,
        added REAL NOT NULL,
        parent INTEGER REFERENCES model (id),
        answers INTEGER NOT NULL,
        minutes REAL NOT NULL,
        f_measure REAL,
        auc REAL
    )""",
    # A ranking counts from the moment it is `finished`.
    """CREATE TABLE ranking (
        id INTEGER PRIMARY KEY,
        model INTEGER NOT NULL REFERENCES model (id),
        strategy TEXT NOT NULL,
        added REAL NOT NULL,
        finished REAL
    )""",
    # scores: JSON object, by the name of a reduction; boxes: JSON list of [y, x, side, phi], the
    # patches to look at first.
    """CREATE TABLE ranked (
        ranking INTEGER NOT NULL REFERENCES ranking (id),
        photograph INTEGER NOT NULL REFERENCES photograph (id),
        place INTEGER,
        scores TEXT NOT NULL,
        highest_p REAL NOT NULL,
        patches INTEGER NOT NULL,
        seconds REAL NOT NULL,
        boxes TEXT NOT NULL,
        PRIMARY KEY (ranking, photograph)
    ) WITHOUT ROWID""",
    "CREATE INDEX ranked_by_place ON ranked (ranking, place)",
    # A photograph may have many answers, of one person or of several; a person's last one counts.
    """CREATE TABLE answer (
        id INTEGER PRIMARY KEY,
        photograph INTEGER NOT NULL REFERENCES photograph (id),
        who TEXT NOT NULL,
        at REAL NOT NULL,
        seconds REAL NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('mask', 'healthy', 'cannot grade', 'skip')),
        source TEXT NOT NULL,
        model INTEGER REFERENCES model (id),
        mask_png BLOB,
        CHECK ((kind = 'mask') = (mask_png IS NOT NULL))
    )""",
    "CREATE INDEX answer_by_photograph ON answer (photograph, who)",
    # What a person did since her last answer to a photograph: `drawing` counts those answers.
    # body: JSON, whatever the tool needs to do it again.
    """CREATE TABLE stroke (
        id INTEGER PRIMARY KEY,
        photograph INTEGER NOT NULL REFERENCES photograph (id),
        who TEXT NOT NULL,
        drawing INTEGER NOT NULL,
        at REAL NOT NULL,
        tool TEXT NOT NULL,
        body TEXT NOT NULL
    )""",
    "CREATE INDEX stroke_by_drawing ON stroke (photograph, who, drawing)",
    # Who has which photograph before her; others get it only after `until`.
    """CREATE TABLE assignment (
        photograph INTEGER PRIMARY KEY REFERENCES photograph (id),
        who TEXT NOT NULL,
        since REAL NOT NULL,
        until REAL NOT NULL
    )""",
    *(
        f"""CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
        BEGIN SELECT RAISE(ABORT, 'the history of a pool is never changed'); END"""
        for table in _HISTORY
        for verb in ("UPDATE", "DELETE")
    ),
)
