"""Runs tasks, several at a time, each in a process of its own; what is finished is not rerun."""

import inspect
import os
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import Callable, Dict, List, Sequence

from tqdm import tqdm

from data_prep.store import PatchStore
from egl.gradient_length.cores import CoreSlots
from experiments.estimate import seconds
from experiments.processes import Failure, RunDiverged, end_children, run_in_child
from experiments.tasks import Task

BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left"
POLL = 0.1  # seconds between two looks for runs that an interrupt should end
CORES = ".cores"  # lock files beside the runs' folders


def unfinished(tasks: Dict[str, Task], folder: str) -> Dict[str, Task]:
    """Return the part of {name: Task} whose runs in `folder` are not whole."""
    return {name: task for name, task in tasks.items() if not _finished(folder, name)}


def run_tasks(
    tasks: Dict[str, Task],
    stores: Dict[str, PatchStore],
    folder: str,
    jobs: int,
    speed: float,
    device: str = "cpu",
) -> List[str]:
    """Run every task that is not finished; return the messages of those that failed.

    folder: where the runs' folders go
    jobs: processes at a time, one core each; an idle core is lent to the runs that are left
    speed: see experiments.estimate; device: see experiments.processes.run_in_child
    If Caffe aborts or training diverges in a run, the others go on, without those that need it.
    """
    waiting = unfinished(tasks, folder)
    costs = {
        name: seconds(task, stores[task.store], speed) / jobs for name, task in waiting.items()
    }
    cores = CoreSlots(os.path.join(folder, CORES), jobs)
    failed: List[str] = []
    with tqdm(
        total=sum(costs.values()),
        desc=f"{len(waiting)} runs",
        bar_format=BAR,
        smoothing=0,
        disable=None,
    ) as bar:

        def run(name: str) -> None:
            task, out = waiting[name], os.path.join(folder, name)
            work = task.work
            if device == "cpu" and "workers" in inspect.signature(work).parameters:
                work = partial(work, workers=cores)
            shown = 0.0

            def progress(done: int, total: int) -> None:
                nonlocal shown
                now = costs[name] * done / total
                # Rounding may take the sum of the parts above the total.
                bar.update(min(now - shown, sum(costs.values()) - bar.n))
                shown = now

            try:
                arguments = stores[task.store].path, task.settings, out
                with cores.hold():
                    run_in_child(work, arguments, out, progress, device)
                progress(1, 1)
            except (Failure, RunDiverged) as error:
                failed.append(f"run {name}: {error}")

        # Runs that read other runs come last.
        for reads_others in (False, True):
            ready = []
            for name, task in waiting.items():
                if bool(task.needs) != reads_others:
                    continue
                missing = [need for need in task.needs if not _finished(folder, need)]
                if missing:
                    failed.append(f"run {name}: needs {missing[0]}, which is not finished")
                else:
                    ready.append(name)
            _side_by_side(run, ready, jobs)
    return sorted(failed)


def _side_by_side(run: Callable[[str], None], names: Sequence[str], jobs: int) -> None:
    stopped = threading.Event()  # cancelling comes too late for what a free thread takes at once

    def unless_stopped(name: str) -> None:
        try:
            if not stopped.is_set():
                run(name)
        except BaseException:
            stopped.set()
            raise

    with ThreadPoolExecutor(jobs) as threads:
        futures = [threads.submit(unless_stopped, name) for name in names]
        try:
            for future in futures:
                future.result()
        except BaseException:  # an interrupt, or bad input: no further run starts
            stopped.set()
            for future in futures:
                future.cancel()
            # More than once: a thread that waited for a core may start its run only now.
            while wait(futures, POLL).not_done:
                end_children()
            raise


def _finished(folder: str, name: str) -> bool:
    return os.path.exists(os.path.join(folder, name, "metrics.json"))
