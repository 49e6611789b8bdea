"""Arrays kept in memory, up to a number of bytes."""

from collections import OrderedDict
from typing import Hashable, Optional

import numpy as np


class ArrayCache:
    """Keeps arrays by key; when they exceed its capacity, the least recently used go first."""

    def __init__(self, capacity: int) -> None:
        """capacity: bytes; a larger array is not kept."""
        self._capacity = capacity
        self._bytes = 0
        self._arrays: OrderedDict[Hashable, np.ndarray] = OrderedDict()

    def get(self, key: Hashable) -> Optional[np.ndarray]:
        """Return the array of a key, or None."""
        if key not in self._arrays:
            return None
        self._arrays.move_to_end(key)
        return self._arrays[key]

    def put(self, key: Hashable, array: np.ndarray) -> None:
        """Keep an array, made read-only since it is shared by everybody who gets it."""
        array.flags.writeable = False
        replaced = self._arrays.pop(key, None)
        if replaced is not None:
            self._bytes -= replaced.nbytes
        if array.nbytes > self._capacity:
            return
        self._bytes += array.nbytes
        self._arrays[key] = array
        while self._bytes > self._capacity:
            _, oldest = self._arrays.popitem(last=False)
            self._bytes -= oldest.nbytes
