"""`egl reproduce` and `egl report`: data, stores, runs, report; what is finished stays."""

import json
import os
import time
from dataclasses import dataclass, replace
from typing import Dict, List, Optional, Sequence, Tuple

import pandas as pd

from data_prep import phantom
from data_prep.contact_sheet import write_contact_sheet
from data_prep.files import write_json
from data_prep.locks import locked
from data_prep.prepare import PrepareSettings, prepare
from data_prep.settings import SettingsError, as_dict, from_dict, setting
from data_prep.store import PatchStore
from experiments.estimate import measure_speed, seconds
from experiments.one_commit import keep_one_commit
from experiments.paper import experiment
from experiments.processes import BadInput, run_in_child
from experiments.protocols import PHANTOMS, PROTOCOLS, Protocol
from experiments.report import write_report
from experiments.results import Results
from experiments.runner import run_tasks, unfinished
from experiments.setups import CALIBRATED, SETUPS
from experiments.tasks import Task

REQUEST = "request.json"


@dataclass(frozen=True)
class Request:
    """What decides the numbers; kept as OUT/request.json, to draw the report again.

    source: the data set's folder, None: phantoms; protocol: a name in PROTOCOLS; only: the
    experiments, by name or as package.module, and setups: names in experiments.setups; of both,
    none: the protocol's own; strategies: further ones; seeds: None as in the protocol; device:
    "cpu" or "gpu:N"
    """

    source: Optional[str] = setting(None, "the data set's folder; none: phantoms", kind=str)
    protocol: str = "quick"
    only: Tuple[str, ...] = ()
    setups: Tuple[str, ...] = ()
    strategies: Tuple[str, ...] = ()
    seeds: Optional[int] = setting(None, "seeds where seeds are compared", kind=int)
    scale: float = 1.0
    mask_threshold: int = 0
    device: str = "cpu"

    def full_protocol(self) -> Protocol:
        """Return the Protocol with the changes that were asked for, under the first set-up."""
        base = PROTOCOLS[self.protocol]
        prepare_settings = replace(
            base.prepare, scale=self.scale, mask_threshold=self.mask_threshold
        )
        prepare_settings.check()
        return replace(
            base.with_trainer(device=self.device),
            experiments=self.only or base.experiments,
            setups=self.setups or base.setups,
            prepare=prepare_settings,
            strategies=tuple(self.strategies),
            seeds=self.seeds or base.seeds,
            fig2_seeds=self.seeds or base.fig2_seeds,
            readings_seeds=min(self.seeds or base.readings_seeds, base.readings_seeds),
            baseline_seeds=min(self.seeds or base.baseline_seeds, base.baseline_seeds),
            grid_seeds=min(self.seeds or base.grid_seeds, base.grid_seeds),
        )


def reproduce(
    request: Request,
    out: str,
    jobs: int,
    skip_bad: bool = False,
    published: Optional[pd.DataFrame] = None,
    one_commit: bool = False,
) -> Tuple[str, List[str]]:
    """Run what `request` names and write out/report.html; return its path and the failures.

    The runs and the report of the paper's equation go to out/equation. jobs: runs at a time, each
    in a process of its own; published: see experiments.published.read_curves; one_commit: throw
    away what was made by other code than the present commit. Failures are messages of runs. Raises
    DataError where another process is at work in `out`.
    """
    began = time.monotonic()
    if os.path.exists(os.path.join(out, "settings.json")) or os.path.isfile(out):
        raise BadInput(f"{out}: is a file, or the folder of a single run; give another --out")
    protocol = request.full_protocol()
    tasks = {setup: _tasks(protocol, setup) for setup in protocol.setups}
    _make(out)
    with locked(out):
        if one_commit:
            for setup in tasks:
                keep_one_commit(_runs(out, setup), tasks[setup])
        stores = _stores(request, out, protocol, skip_bad)
        write_json(os.path.join(out, REQUEST), as_dict(request))
        failed = []
        for setup in tasks:
            failed += _run(tasks[setup], stores, _runs(out, setup), setup, jobs, request.device)
        path = _write_reports(out, protocol, stores, failed, published, time.monotonic() - began)
    return path, failed


def report(
    out: str, published: Optional[pd.DataFrame] = None, markdown: Optional[str] = None
) -> str:
    """Draw the report of the folder `out` again from its runs, without training; return its path.

    markdown: a path ending in .md, where the results go too, with their figures and CSVs in a
    folder of the same name; those of the paper's equation beside it, in NAME-equation.md.
    """
    try:
        with open(os.path.join(out, REQUEST), encoding="utf-8") as file:
            request = from_dict(Request, json.load(file), REQUEST)
        protocol = request.full_protocol()
    except (OSError, ValueError, SettingsError, KeyError) as error:
        raise BadInput(f"{out}: is no folder of egl reproduce ({error}); give its --out") from error
    stores = {name: PatchStore(_store_path(out, name)) for name in protocol.stores()}
    return _write_reports(out, protocol, stores, [], published, None, markdown)


def _folder(out: str, setup: str) -> str:
    return out if setup == CALIBRATED else os.path.join(out, setup)


def _runs(out: str, setup: str) -> str:
    return os.path.join(_folder(out, setup), "runs")


def _write_reports(
    out: str,
    protocol: Protocol,
    stores: Dict[str, PatchStore],
    failed: Sequence[str],
    published: Optional[pd.DataFrame],
    seconds_taken: Optional[float],
    markdown: Optional[str] = None,
) -> str:
    """Write a report for each set-up; return the path of the calibrated one's, or of the only."""
    path, others = "", [name for name in protocol.experiments if "." in name]
    # The calibrated one's comes last: it shows the verdicts of the others beside its own.
    for setup in sorted(protocol.setups, key=lambda setup: setup == CALIBRATED):
        folder = _folder(out, setup)
        os.makedirs(folder, exist_ok=True)
        results = Results(folder, protocol.under(setup), stores, published)
        page = markdown
        if markdown and setup != CALIBRATED:
            page = f"{markdown[: -len('.md')]}-{setup}.md"
        beside = [name for name in protocol.setups if setup == CALIBRATED and name != CALIBRATED]
        path = write_report(results, failed, seconds_taken, page, others, beside)
    return path


def _tasks(protocol: Protocol, setup: str) -> Dict[str, Task]:
    tasks: Dict[str, Task] = {}
    under, allowed = protocol.under(setup), SETUPS[setup].experiments
    for name in protocol.experiments:
        if allowed is not None and name not in allowed:
            continue
        for run, task in experiment(name).tasks(under).items():
            if tasks.setdefault(run, task) != task:
                raise RuntimeError(f"two experiments mean different things by the run {run}")
    return tasks


def _make(out: str) -> None:
    try:
        os.makedirs(out, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{out}: cannot be made ({error.strerror}); give another --out") from error
    if not os.access(out, os.W_OK | os.X_OK):
        raise BadInput(
            f"{out}: user {os.getuid()} may not write there; "
            "give another --out, or run as its owner (docker run --user)"
        )


def _run(
    tasks: Dict[str, Task],
    stores: Dict[str, PatchStore],
    folder: str,
    setup: str,
    jobs: int,
    device: str,
) -> List[str]:
    waiting = unfinished(tasks, folder)
    if not waiting:
        print(f"{SETUPS[setup].title}: all {len(tasks)} runs are finished")
        return []
    os.makedirs(folder, exist_ok=True)
    speed = run_in_child(measure_speed, (), folder, device=device)
    minutes = sum(seconds(task, stores[task.store], speed) for task in waiting.values()) / jobs / 60
    print(
        f"{SETUPS[setup].title}: {len(waiting)} of {len(tasks)} runs to do, {jobs} at a time: "
        f"about {_duration(minutes)}",
        flush=True,
    )
    return run_tasks(waiting, stores, folder, jobs, speed, device)


def _duration(minutes: float) -> str:
    if minutes < 90:
        return f"{max(1, round(minutes))} minutes"
    return f"{minutes / 60:.1f} hours" if minutes < 36 * 60 else f"{minutes / 60 / 24:.1f} days"


def _store_path(out: str, name: str) -> str:
    return os.path.join(out, "store.h5" if name == "all" else f"store-{name}.h5")


def _stores(
    request: Request, out: str, protocol: Protocol, skip_bad: bool
) -> Dict[str, PatchStore]:
    source = request.source
    if source is None:
        source = os.path.join(out, "phantoms")
        if not os.path.isdir(source):
            phantom.write_dataset(source, *PHANTOMS)
    return {
        name: _store(source, _store_path(out, name), settings, skip_bad)
        for name, settings in protocol.stores().items()
    }


def _store(source: str, path: str, settings: PrepareSettings, skip_bad: bool) -> PatchStore:
    """Return the store at `path`, made if it is missing; BadInput if it has other settings."""
    sheet = path[: -len(".h5")] + ".png"
    if not os.path.exists(path):
        store, _ = prepare(source, path, settings, skip_bad)
        write_contact_sheet(store, sheet)
        return store
    store = PatchStore(path)
    for name, value in dict(as_dict(settings), folder=os.path.abspath(source)).items():
        if store.attributes.get(name) != value:
            raise BadInput(
                f"{path}: made with {name} {store.attributes.get(name)} where {value} is wanted; "
                "give another --out, or remove it"
            )
    if not os.path.exists(sheet):  # the command was killed between the two
        write_contact_sheet(store, sheet)
    return store
