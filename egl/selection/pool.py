"""A pool of things to label, and which of them have been."""

from egl.errors import PoolExhausted


class Pool:
    """Items (hashable, sortable) that are unlabelled until revealed. `labelled` keeps the order of revealing.

    The labelled and the unlabelled are disjoint and together always the same set: checked on every reveal.
    """

    def __init__(self, items, labelled=()):
        """items: all of them, labelled or not; labelled: those already revealed, in order."""
        self._all = frozenset(items)
        self.labelled = []
        self._open = set(self._all)
        self.reveal(labelled)

    @property
    def unlabelled(self):
        """The items not revealed yet, sorted."""
        return sorted(self._open)

    def reveal(self, items):
        """Move `items` to the labelled ones. KeyError for one that is labelled already or was never in the pool."""
        for item in items:
            self._open.remove(item)
            self.labelled.append(item)
        if len(self.labelled) + len(self._open) != len(self._all) or not self._open.isdisjoint(
            self.labelled
        ):
            raise RuntimeError("labelled and unlabelled items of a pool overlap")

    def require(self, n):
        """Raise PoolExhausted unless at least n items are unlabelled."""
        if len(self._open) < n:
            raise PoolExhausted(f"{n} more items asked for, {len(self._open)} are left unlabelled")
