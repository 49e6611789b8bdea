"""Ways to do the same work, timed in turn; medians and ranges of the ratios.

Standard library only.
"""

import statistics
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from benchmarks.aims import Aim

Comparison = Dict[str, Any]  # see `comparison`


def alternate(
    sides: Mapping[str, Callable[[], float]], repeats: int, warm_up: bool = True
) -> Dict[str, List[float]]:
    """Time `sides` in turn, and return {label: rates}, amounts a second, one a repeat.

    sides: {label: function that does the work and returns its amount, for instance the number of
    patches}
    warm_up: whether each side runs once before, unmeasured

    The order is reversed from one repeat to the next, so that a slow spell of the machine does not
    always meet the same side.
    """
    if warm_up:
        for work in sides.values():
            work()
    rates: Dict[str, List[float]] = {label: [] for label in sides}
    labels = list(sides)
    for _ in range(repeats):
        for label in labels:
            began = time.perf_counter()
            amount = sides[label]()
            rates[label].append(amount / (time.perf_counter() - began))
        labels.reverse()
    return rates


def comparison(
    name: str, unit: str, values: Mapping[str, Sequence[float]], ours: str, theirs: str
) -> Comparison:
    """Return what the report reads of one comparison: a dict for JSON.

    values: {label: values in `unit`, one a repeat} (see alternate); ours, theirs: two of its labels
    """
    return {
        "name": name,
        "unit": unit,
        "ours": {"label": ours, "values": list(values[ours])},
        "theirs": {"label": theirs, "values": list(values[theirs])},
    }


def fastest(rates: Mapping[str, Sequence[float]], labels: Sequence[str]) -> str:
    """Return which of `labels` has the highest median rate."""
    return max(labels, key=lambda label: statistics.median(rates[label]))


def ratios(compared: Comparison) -> List[float]:
    """Return ours / theirs for each repeat of a comparison."""
    pairs = zip(compared["ours"]["values"], compared["theirs"]["values"])
    return [ours / theirs for ours, theirs in pairs]


def summary(values: Sequence[float]) -> Tuple[float, float, float]:
    """Return (median, lowest, highest)."""
    return statistics.median(values), min(values), max(values)


def entry(aim: Aim, compared: Optional[Comparison]) -> Dict[str, Any]:
    """Return the record of docs/benchmarks.json for an Aim and its comparison.

    compared: None where it could not be measured

    ratio is the median over the repeats, spread the highest minus the lowest.
    """
    record = {"name": aim.name, "ratio": None, "must": aim.must, "aim": aim.aim, "spread": None}
    if compared is not None:
        middle, low, high = summary(ratios(compared))
        record.update(ratio=round(middle, 4), spread=round(high - low, 4))
    return record
