"""The numbers that the paper prints, and ours beside them."""

import csv
import os
from typing import Any, Callable, Dict, List

from experiments.protocols import Protocol

NUMBERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "published_numbers.csv")


def _samples(split: str) -> Callable[[Any, Protocol], str]:
    def count(store: Any, protocol: Protocol) -> str:
        healthy, exudate = store.attributes["samples_" + split]
        return str(healthy) if healthy == exudate else f"{exudate} exudate, {healthy} healthy"

    return count


def _lesions(store: Any) -> int:
    return sum(bool(row.lesion) for row in store.images)


# By the column `ours` of published_numbers.csv.
OURS: Dict[str, Callable[[Any, Protocol], Any]] = {
    "photographs": lambda store, protocol: len(store.images),
    "with_exudates": lambda store, protocol: _lesions(store),
    "without_lesion": lambda store, protocol: len(store.images) - _lesions(store),
    "side": lambda store, protocol: protocol.prepare.side,
    "copies": lambda store, protocol: 7,  # the other symmetries of a square
    "train": _samples("train"),
    "validation": _samples("validation"),
    "test": _samples("test"),
    "batch": lambda store, protocol: protocol.images.trainer.batch,
    "rate": lambda store, protocol: protocol.images.trainer.rate,
    "epochs": lambda store, protocol: protocol.epochs,
    "initial_batches": lambda store, protocol: protocol.patches.initial_iterations,
    "initial_images": lambda store, protocol: protocol.images.initial_images,
    "first_choice": lambda store, protocol: protocol.images.initial_iterations,
}


def read_numbers() -> List[Dict[str, str]]:
    """Return the numbers in the paper's text: dicts with quantity, value, place, claim, ours.

    claim: the claim that they belong to, or ""; ours: a key of OURS, or ""
    """
    with open(NUMBERS, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def beside(store: Any, protocol: Protocol) -> List[Dict[str, str]]:
    """Return the numbers of the paper's text with ours, as words: "here" is "" for a result."""
    rows = []
    for row in read_numbers():
        here = OURS[row["ours"]](store, protocol) if row["ours"] else ""
        rows.append({**row, "here": str(here)})
    return rows


def of_claim(claim: str) -> str:
    """Return what the paper prints about a claim, as words; "" where it prints no number."""
    rows = [row for row in read_numbers() if row["claim"] == claim]
    return "; ".join(f"{row['quantity']}: {row['value']}" for row in rows)
