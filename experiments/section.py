"""A part of the report, and the text from which it is read."""

import re
from dataclasses import dataclass, field
from typing import Dict, List, Sequence

FIGURE = re.compile(r"!\[(?P<caption>.*)\]\((?P<file>[^)]+)\)(?P<photographs>\{photographs\})?")
VERDICT = re.compile(r"Verdict (?P<claim>C\d+): (?P<measured>.*)")
TABLE, CONCLUSION = "Table: ", "Conclusion: "


@dataclass(frozen=True)
class Figure:
    """file: a PNG below the results' folder; caption: what it shows.

    photographs: whether it shows any of the data set, whose licence may forbid redistribution: such
    a figure is in the report alone
    """

    file: str
    caption: str
    photographs: bool = False


@dataclass(frozen=True)
class Table:
    """caption; header: names of the columns; rows: lists of text, one cell a column."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Verdict:
    """claim: "C1" to "C7"; verdict: one of claims.VERDICTS; measured: effect, interval, seeds.

    seeds: how many are behind it
    """

    claim: str
    verdict: str
    measured: str
    seeds: int = 0


@dataclass(frozen=True)
class Section:
    """title: a heading; text: paragraphs; files: CSVs behind the figures.

    conclusion: a sentence or two that the numbers carry
    """

    title: str
    text: Sequence[str]
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    verdicts: Sequence[Verdict] = ()
    files: Sequence[str] = field(default=())
    conclusion: str = ""


def read_section(
    text: str, verdicts: Dict[str, str], files: Sequence[str], seeds: int = 0
) -> Section:
    """Return the Section that a text describes: blocks with blank lines between them.

        # Title
        ![caption](file.png)                  {photographs} after it, if it shows any
        Table: caption                        then the rows, the first of them the header:
        | cell | cell |
        Verdict C1: what was measured
        Conclusion: a sentence

    Any other block is a paragraph. verdicts: {claim: verdict}; files: names of CSVs; seeds:
    behind the verdicts. ValueError where the text and `verdicts` are not about the same claims.
    """
    title, conclusion, paragraphs, figures, tables = "", "", [], [], []
    measured: Dict[str, str] = {}
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in block.strip().splitlines()]
        joined = " ".join(lines)
        figure, verdict = FIGURE.fullmatch(joined), VERDICT.fullmatch(joined)
        if joined.startswith("# "):
            title = joined[2:]
        elif figure:
            figures.append(Figure(figure["file"], figure["caption"], bool(figure["photographs"])))
        elif joined.startswith(TABLE):
            tables.append(_table(lines))
        elif verdict:
            measured[verdict["claim"]] = verdict["measured"]
        elif joined.startswith(CONCLUSION):
            conclusion = joined[len(CONCLUSION) :]
        elif joined:
            paragraphs.append(joined)
    if set(measured) != set(verdicts):
        raise ValueError(f"{title}: words on {sorted(measured)}, verdicts on {sorted(verdicts)}")
    found = [Verdict(claim, verdicts[claim], words, seeds) for claim, words in measured.items()]
    return Section(title, paragraphs, figures, tables, found, tuple(files), conclusion)


def _table(lines: List[str]) -> Table:
    rows = [_cells(line) for line in lines if line.startswith("|")]
    caption = " ".join(line for line in lines if not line.startswith("|"))[len(TABLE) :]
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError(f"table {caption!r}: a row has more or fewer cells than the header")
    return Table(caption, tuple(rows[0]), rows[1:])


def _cells(line: str) -> List[str]:
    return [cell.strip() for cell in line.split("|")[1:-1]]
