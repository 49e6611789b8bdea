"""Small CSV tables that come with a data set, such as labels and patients."""

import csv

from data_prep.errors import DataError


def read_table(path, columns):
    """Return the table as a list of {column: value}, in its order; other columns and empty rows are ignored.

    columns: lower case; the table's header may have them in any order and case
    UTF-8 with or without a byte order mark, comma-separated; blanks around values are taken off.
    DataError for a file that cannot be read, a missing column or a row without one of the values.
    """
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
            f"{path}: no column '{missing[0]}' in its first line: give a comma-separated table with "
            + ", ".join(columns)
        )
    places = [header.index(column) for column in columns]
    table = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        values = [row[place] if place < len(row) else "" for place in places]
        if not all(values):
            raise DataError(
                f"{path}: row {number} has no '{columns[values.index('')]}': complete the row or delete it"
            )
        table.append(dict(zip(columns, values)))
    return table
