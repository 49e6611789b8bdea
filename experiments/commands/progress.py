"""A single run in a child process, with a progress bar."""

import os
from typing import Any, Callable, Optional, Sequence

from tqdm import tqdm

from experiments.child import run_in_child


def with_bar(work: Callable[..., Any], arguments: Sequence[Any], out: str) -> Any:
    """Return what run_in_child returns; show a bar on a terminal once the work has begun."""
    bar: Optional[Any] = None

    def progress(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:  # so that bad input shows no bar
            name = os.path.basename(os.path.normpath(out))
            bar = tqdm(total=total, unit="batch", desc=name, initial=done - 1, disable=None)
        bar.update(done - bar.n)

    try:
        return run_in_child(work, arguments, out, progress)
    finally:
        if bar is not None:
            bar.close()
