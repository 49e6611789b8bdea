"""What to label next: a file for each strategy, with its source.

base.py has the interface, registry.py the names, check.py a check that every strategy must pass.
"""

from egl.strategies.base import ByScore, Choice, Strategy
from egl.strategies.check import check_strategy
from egl.strategies.registry import STRATEGIES, find_strategy, strategy_names

__all__ = [
    "STRATEGIES",
    "ByScore",
    "Choice",
    "Strategy",
    "check_strategy",
    "find_strategy",
    "strategy_names",
]
