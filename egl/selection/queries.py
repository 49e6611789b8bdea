"""One question to the oracle, as it is recorded in queries.csv."""

from typing import NamedTuple

UNSCORED = float("nan")  # of what was drawn at random for the initial model


class Query(NamedTuple):
    """What was asked: kind "image" or "patch", its number, the score it was chosen for."""

    kind: str
    item: int
    score: float
