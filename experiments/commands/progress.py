"""The progress bar of a command."""

import os
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Optional

from tqdm import tqdm


@contextmanager
def progress_bar(what: str, unit: str = "batch") -> Iterator[Callable[[int, int], None]]:
    """Yield a function progress(done, total) that draws a bar on a terminal.

    The bar appears with the first call, so that bad input shows none. what: is being done, in a
    word, or the folder of a run, whose name is shown; unit: of done and total.
    """
    bar: Optional[Any] = None

    def progress(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            name = os.path.basename(os.path.normpath(what))
            bar = tqdm(total=total, unit=unit, desc=name, initial=done - 1, disable=None)
        bar.update(done - bar.n)

    try:
        yield progress
    finally:
        if bar is not None:
            bar.close()
