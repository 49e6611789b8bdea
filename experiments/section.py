"""What an experiment shows: its part of the report, and what it says about the paper's claims."""

from typing import List, NamedTuple, Tuple


class Figure(NamedTuple):
    """file: a PNG below the results' folder; caption: what is to be seen, one or two sentences; photographs: whether it shows any
    of the data set, whose licence may forbid to hand it on: such a figure is in the report alone."""

    file: str
    caption: str
    photographs: bool = False


class Table(NamedTuple):
    """caption; header: names of the columns; rows: lists of text, one cell a column."""

    caption: str
    header: Tuple[str, ...]
    rows: List[List[str]]


class Verdict(NamedTuple):
    """claim: "C1" to "C7"; verdict: one of claims.VERDICTS; measured: effect, interval, seeds and condition, a sentence or two."""

    claim: str
    verdict: str
    measured: str


class Section(NamedTuple):
    """title: a heading; text: paragraphs; files: CSVs behind the figures."""

    title: str
    text: List[str]
    figures: Tuple[Figure, ...] = ()
    tables: Tuple[Table, ...] = ()
    verdicts: Tuple[Verdict, ...] = ()
    files: Tuple[str, ...] = ()
