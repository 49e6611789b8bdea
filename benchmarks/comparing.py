"""Two or more ways of doing the same, timed in turn; medians and spread of the ratios. Standard library only."""

import statistics
import time


def alternate(sides, repeats, warm_up=True):
    """Time `sides`, a dict label -> callable that does work and returns how much (say, patches); return label -> rates.

    rates: amounts a second, one a repeat. With warm_up each is called once before, unmeasured. The order is turned round from one
    repeat to the next, so that what slows the machine down for a while does not always meet the same side.
    """
    if warm_up:
        for work in sides.values():
            work()
    rates = {label: [] for label in sides}
    labels = list(sides)
    for _ in range(repeats):
        for label in labels:
            began = time.perf_counter()
            amount = sides[label]()
            rates[label].append(amount / (time.perf_counter() - began))
        labels.reverse()
    return rates


def comparison(name, unit, rates, ours, theirs):
    """Return what the report reads of one comparison: a dict for JSON. ours, theirs: labels in `rates` (see alternate)."""
    sides = [{"label": label, "rates": rates[label]} for label in (ours, theirs)]
    return {"name": name, "unit": unit, "ours": sides[0], "theirs": sides[1]}


def fastest(rates, labels):
    """Return which of `labels` has the highest median rate."""
    return max(labels, key=lambda label: statistics.median(rates[label]))


def ratios(compared):
    """Return ours / theirs for each repeat of a comparison."""
    return [
        ours / theirs
        for ours, theirs in zip(compared["ours"]["rates"], compared["theirs"]["rates"])
    ]


def summary(values):
    """Return (median, lowest, highest)."""
    return statistics.median(values), min(values), max(values)


def entry(aim, compared):
    """Return the record of docs/benchmarks.json for an Aim and its comparison, None if it could not be measured.

    ratio is the median over the repeats, spread the highest less the lowest.
    """
    record = {"name": aim.name, "ratio": None, "must": aim.must, "aim": aim.aim, "spread": None}
    if compared is not None:
        middle, low, high = summary(ratios(compared))
        record.update(ratio=round(middle, 4), spread=round(high - low, 4))
    return record
