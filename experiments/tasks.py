"""A task: one run that an experiment asks for."""

from dataclasses import dataclass, replace
from typing import Any, Callable, Tuple


@dataclass(frozen=True)
class Task:
    """One run, in a process and a folder of its own; experiments that name the same task share it.

    work: importable function(store path, settings, folder, progress) that leaves
    folder/metrics.json when it is done
    store: the store it works on, a key of Protocol.stores()
    settings: the work's settings; with needs, they name the other runs it reads, whose folders lie
    beside its own
    needs: names of the tasks that must be finished first
    """

    work: Callable[..., Any]
    store: str
    settings: Any
    needs: Tuple[str, ...] = ()


def with_trainer(settings: Any, **changes: Any) -> Any:
    """Return a run's settings with changes of its trainer's."""
    return replace(settings, trainer=replace(settings.trainer, **changes))


def with_selection(settings: Any, **changes: Any) -> Any:
    """Return a run's settings with changes of its selection's."""
    return replace(settings, selection=replace(settings.selection, **changes))
