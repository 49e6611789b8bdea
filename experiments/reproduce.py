"""`egl reproduce` and `egl report`: data, stores, runs, report; what is finished stays."""

import os
import time
from typing import Dict, List, Optional, Sequence, Tuple

import pandas as pd

from data_prep import phantom
from data_prep.contact_sheet import write_contact_sheet
from data_prep.files import write_json
from data_prep.locks import locked
from data_prep.outputs import make_folder
from data_prep.prepare import PrepareSettings, prepare
from data_prep.settings import as_dict
from data_prep.store import PatchStore
from egl.errors import EglError
from experiments.estimate import measure_speed, seconds
from experiments.one_commit import keep_one_commit
from experiments.pages import check_page
from experiments.paper import experiment
from experiments.processes import BadInput, run_in_child
from experiments.protocols import PHANTOMS, Protocol
from experiments.published import remembered
from experiments.report import write_report
from experiments.request import REQUEST, Request, read_request
from experiments.results import Results
from experiments.runner import run_tasks, unfinished
from experiments.setups import CALIBRATED, SETUPS
from experiments.tasks import Task


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
    DataError where `out` cannot be written to, or another process is at work in it.
    """
    began = time.monotonic()
    if os.path.exists(os.path.join(out, "settings.json")) or os.path.isfile(out):
        raise BadInput(f"{out}: is a file, or the folder of a single run; give another --out")
    protocol = request.full_protocol()
    tasks = {setup: _tasks(protocol, setup) for setup in protocol.setups}
    make_folder(out, "--out")
    with locked(out):
        if one_commit:
            for setup in tasks:
                keep_one_commit(_runs(out, setup), tasks[setup])
        stores = _stores(request, out, protocol, skip_bad)
        write_json(os.path.join(out, REQUEST), as_dict(request))
        failed = []
        for setup in tasks:
            failed += _run(tasks[setup], stores, _runs(out, setup), setup, jobs, request.device)
        path, damaged = _write_reports(
            out, protocol, stores, failed, published, time.monotonic() - began
        )
    return path, [*failed, *damaged]


def report(
    out: str, published: Optional[pd.DataFrame] = None, markdown: Optional[str] = None
) -> Tuple[str, List[str]]:
    """Draw the report of the folder `out` again from its runs, without training.

    Returns its path, and what is wrong with runs that are damaged, and left out.

    markdown: a path ending in .md, where the results go too, with their figures and CSVs in a
    folder of the same name; those of the paper's equation beside it, in NAME-equation.md.
    """
    protocol = read_request(out).full_protocol()
    for setup in protocol.setups if markdown else ():
        check_page(_page(str(markdown), setup))
    stores = {name: PatchStore(_store_path(out, name)) for name in protocol.stores()}
    return _write_reports(out, protocol, stores, [], published, None, markdown)


def _page(markdown: str, setup: str) -> str:
    """Return the page of a set-up: NAME.md, or NAME-setup.md."""
    return markdown if setup == CALIBRATED else f"{markdown[: -len('.md')]}-{setup}.md"


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
) -> Tuple[str, List[str]]:
    """Write a report for each set-up; return the path of the calibrated one's, or of the only.

    And what is wrong with damaged runs.
    """
    damaged: List[str] = []
    try:
        published = remembered(out, published)
    except EglError as error:
        damaged.append(str(error))
    path, others = "", [name for name in protocol.experiments if "." in name]
    # The calibrated one's comes last: it shows the verdicts of the others beside its own.
    for setup in sorted(protocol.setups, key=lambda setup: setup == CALIBRATED):
        folder = _folder(out, setup)
        os.makedirs(folder, exist_ok=True)
        results = Results(folder, protocol.under(setup), stores, published)
        page = _page(markdown, setup) if markdown else None
        beside = [name for name in protocol.setups if setup == CALIBRATED and name != CALIBRATED]
        path = write_report(results, failed, seconds_taken, page, others, beside)
        damaged += results.damaged.values()
    return path, damaged


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
