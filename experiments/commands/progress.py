"""The progress bar of a single run."""

import os
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Optional

from tqdm import tqdm


@contextmanager
def progress_bar(out: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function progress(done, total) that draws a bar on a terminal.

    The bar appears with the first call, so that bad input shows none. out: the run's folder.
    """
    bar: Optional[Any] = None

    def progress(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            name = os.path.basename(os.path.normpath(out))
            bar = tqdm(total=total, unit="batch", desc=name, initial=done - 1, disable=None)
        bar.update(done - bar.n)

    try:
        yield progress
    finally:
        if bar is not None:
            bar.close()
