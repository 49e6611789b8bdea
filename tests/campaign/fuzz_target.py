"""What is fuzzed: a reader."""

from typing import Callable, NamedTuple, Sequence

import numpy as np


class Target(NamedTuple):
    """A reader. name: of the file that it reads; seeds(): good files; damaged(random, data)"""

    name: str
    seeds: Callable[[], Sequence[bytes]]
    damaged: Callable[[np.random.RandomState, bytes], bytes]
    read: Callable[[str], object]
    needs_caffe: bool = False
