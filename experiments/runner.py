"""Runs tasks, several at a time, each in a process of its own; what is finished is not run again."""

import os
from concurrent.futures import ThreadPoolExecutor

from tqdm import tqdm

from experiments.child import Failure, RunDiverged, end_children, run_in_child
from experiments.estimate import seconds

BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left"


def unfinished(tasks, folder):
    """Return the part of {name: Task} whose runs in `folder` are not whole."""
    return {name: task for name, task in tasks.items() if not _finished(folder, name)}


def run_tasks(tasks, stores, folder, jobs, speed, device="cpu"):
    """Run every task of {name: Task} that is not finished; return the messages of those that failed.

    stores: {name: PatchStore}; folder: where the runs' folders go; jobs: processes at a time; speed: see experiments.estimate;
    device: see experiments.child.run_in_child.
    If Caffe aborts or training diverges in one, the others go on, without those that need it.
    """
    waiting = unfinished(tasks, folder)
    costs = {
        name: seconds(task, stores[task.store], speed) / jobs for name, task in waiting.items()
    }
    failed = []
    with tqdm(
        total=sum(costs.values()), desc=f"{len(waiting)} runs", bar_format=BAR, smoothing=0
    ) as bar:

        def one(name):
            task, out = waiting[name], os.path.join(folder, name)
            shown = 0.0

            def progress(done, total):
                nonlocal shown
                now = costs[name] * done / total
                bar.update(
                    min(now - shown, bar.total - bar.n)
                )  # sums of shares may exceed the whole by a rounding error
                shown = now

            try:
                run_in_child(
                    task.work, (stores[task.store].path, task.settings, out), out, progress, device
                )
                progress(1, 1)
            except (Failure, RunDiverged) as error:
                failed.append(f"run {name}: {error}")

        # Those that read other runs come last.
        for stage in (False, True):
            names = [name for name, task in waiting.items() if bool(task.needs) == stage]
            lacking = {
                name: [need for need in waiting[name].needs if not _finished(folder, need)]
                for name in names
            }
            failed.extend(
                f"run {name}: needs {needs[0]}, which is not finished"
                for name, needs in lacking.items()
                if needs
            )
            _side_by_side(one, [name for name in names if not lacking[name]], jobs)
    return sorted(failed)


def _side_by_side(work, names, jobs):
    with ThreadPoolExecutor(jobs) as threads:
        futures = [threads.submit(work, name) for name in names]
        try:
            for future in futures:
                future.result()
        except (
            BaseException
        ):  # an interrupt, or bad input: the runs that wait must not start, those that run end
            for future in futures:
                future.cancel()
            end_children()
            raise


def _finished(folder, name):
    return os.path.exists(os.path.join(folder, name, "metrics.json"))
