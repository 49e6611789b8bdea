"""Small CSV tables that come with a data set, such as labels and patients."""

import csv
from typing import Dict, List, Sequence

from data_prep.decoding import check_regular
from data_prep.errors import DataError


def read_table(path: str, columns: Sequence[str]) -> List[Dict[str, str]]:
    """Return the rows of a table as {column: value}; other columns and empty rows are ignored.

    columns: in lower case; the table's header may have them in any order and case
    The file is comma-separated and in UTF-8, with or without a byte order mark; blanks around
    values are removed. Raises DataError if it cannot be read, if a column is missing, or if a row
    has no value in one of the columns.
    """
    check_regular(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = [[value.strip() for value in row] for row in csv.reader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path}: cannot be read as a table ({error}): save it as CSV in UTF-8"
        ) from error
    header = [name.casefold() for name in rows[0]] if rows else []
    missing = [column for column in columns if column not in header]
    if missing:
        raise DataError(
            f"{path}: no column '{missing[0]}' in its first line: give a comma-separated table "
            f"with {', '.join(columns)}"
        )
    positions = [header.index(column) for column in columns]
    table = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        values = [row[position] if position < len(row) else "" for position in positions]
        if not all(values):
            raise DataError(
                f"{path}: row {number} has no '{columns[values.index('')]}': complete the row or "
                "delete it"
            )
        table.append(dict(zip(columns, values)))
    return table
