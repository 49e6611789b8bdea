"""Sentences that say what numbers say, and no more."""

from typing import Any

import pandas as pd

from experiments.claims import LEAST_SEEDS
from experiments.curves import interval


def plural(number: int, noun: str) -> str:
    """Return a number with its noun: 1 seed, 2 seeds."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def lead(differences: Any, first: str, second: str, what: str, digits: int = 3) -> str:
    """Return a sentence on `first` against `second`, from the differences of paired seeds.

    It says "ahead" or "behind" only where the 95% t-interval over at least LEAST_SEEDS seeds leaves
    out 0. "" without a seed.
    """
    known = pd.Series(differences).dropna()
    if not len(known):
        return ""
    mean, half = interval(known)
    seeds, size = plural(len(known), "seed"), f"{abs(mean):.{digits}f}"
    if len(known) < LEAST_SEEDS:
        side = "above" if mean > 0 else "below"
        beside = f"{size} {side}" if float(size) else "level with"
        return f"In {seeds} {first} is {beside} {second} in {what}: too few seeds to tell."
    ends = f"{mean - half:.{digits}f} to {mean + half:.{digits}f}"
    over = f"on average over {seeds} (95% interval {ends})."
    if mean - half > 0:
        return f"{first} is ahead of {second} in {what}, by {size} {over}"
    if mean + half < 0:
        return f"{first} is behind {second} in {what}, by {size} {over}"
    return (
        f"The runs show no difference between {first} and {second} in {what}: "
        f"{mean:.{digits}f} {over}"
    )
