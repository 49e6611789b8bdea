"""Strategies by name: built in, announced by installed packages, or anybody's `module:Class`."""

import importlib
from difflib import get_close_matches
from importlib import metadata
from typing import Any, Dict, List, Type

from data_prep.arguments import described
from egl.errors import EglError

GROUP = "egl.strategies"  # the entry points by which another package adds strategies
# Where each is defined; imported when asked for.
STRATEGIES: Dict[str, str] = {
    "egl": "egl.strategies.expected_gradient_length:ExpectedGradientLength",
    "random": "egl.strategies.chance:Chance",
    "least-confidence": "egl.strategies.uncertainty:LeastConfidence",
    "margin": "egl.strategies.uncertainty:Margin",
    "entropy": "egl.strategies.uncertainty:Entropy",
    "vote-entropy": "egl.strategies.disagreement:VoteEntropy",
    "committee-kl": "egl.strategies.disagreement:CommitteeDivergence",
    "output-change": "egl.strategies.output_change:OutputChange",
    "bag-egl": "egl.strategies.bags:BagGradientLength",
    "bag-egl-softmax": "egl.strategies.bags:SoftmaxBagGradientLength",
    "core-set": "egl.strategies.core_set:CoreSet",
    "badge": "egl.strategies.badge:Badge",
    "egl-diverse": "egl.strategies.diversity:DiverseGradientLength",
}


def strategy_names() -> List[str]:
    """Return the names of all strategies known by name: built in, then announced."""
    return [*STRATEGIES, *(name for name in sorted(_announced()) if name not in STRATEGIES)]


def find_strategy(name: str) -> Type[Any]:
    """Return the class of a strategy, by its name or as `module:Class`.

    Raises EglError, with the nearest known name, where there is none, and where the module cannot
    be imported.
    """
    if not isinstance(name, str):
        raise EglError(f"a strategy is given by its name, not {described(name)}")
    # What other packages announce takes a twentieth of a second to find out.
    where = STRATEGIES.get(name) or _announced().get(name) or name
    if ":" not in where:
        near = get_close_matches(name, strategy_names(), 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(strategy_names())}"
        raise EglError(f"strategy {name!r} is not known; {hint} (or give module:Class)")
    module_name, _, class_name = where.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise EglError(f"strategy {name!r} cannot be imported: {error}") from error
    missing = [verb for verb in ("query_patches", "query_images") if not hasattr(found, verb)]
    if missing:
        raise EglError(
            f"strategy {name!r}: {class_name} has no method {missing[0]}; see docs/extending.md"
        )
    return found


def _announced() -> Dict[str, str]:
    """Return {name: module:Class} of the installed packages' entry points."""
    # Python 3.12 returns entry points that can be selected, Python 3.9 a dict.
    found: Any = metadata.entry_points()
    points = found.select(group=GROUP) if hasattr(found, "select") else found.get(GROUP, [])
    return {point.name: point.value for point in points}
