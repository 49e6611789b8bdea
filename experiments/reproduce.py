"""`egl reproduce` and `egl report`: data, stores, runs, report; whatever is there already is not made again."""

import json
import os
import time
from dataclasses import replace
from typing import NamedTuple, Optional, Tuple

from data_prep import phantom
from data_prep.contact_sheet import write_contact_sheet
from data_prep.prepare import prepare
from data_prep.settings import as_dict
from data_prep.store import PatchStore
from egl.training.run_folder import open_whole
from experiments.child import BadInput, run_in_child
from experiments.estimate import measure_speed, seconds
from experiments.paper import NAMES, experiment
from experiments.protocols import PHANTOMS, PROTOCOLS
from experiments.report import write_report
from experiments.results import Results
from experiments.runner import run_tasks, unfinished

REQUEST = "request.json"


class Request(NamedTuple):
    """What was asked for: all that decides the numbers. Kept as OUT/request.json, so that the report can be drawn again."""

    source: Optional[str]  # the data set's folder; None: phantoms
    protocol: str  # a name in PROTOCOLS
    only: Tuple[str, ...] = NAMES
    strategies: Tuple[str, ...] = ()
    seeds: Optional[int] = None
    momentum: Optional[float] = None
    weight_decay: Optional[float] = None
    scale: float = 1.0
    device: str = "cpu"  # or "gpu:N"

    def full_protocol(self):
        """Return the Protocol with what was asked for in its place."""
        base = PROTOCOLS[self.protocol]
        given = {
            "momentum": self.momentum,
            "weight_decay": self.weight_decay,
            "device": self.device,
        }
        given = {name: value for name, value in given.items() if value is not None}
        images, patches = (
            run._replace(trainer=run.trainer._replace(**given))
            for run in (base.images, base.patches)
        )
        images.trainer.check()
        return base._replace(
            prepare=replace(base.prepare, scale=self.scale),
            images=images,
            patches=patches,
            strategies=tuple(self.strategies),
            seeds=self.seeds or base.seeds,
            fig2_seeds=self.seeds or base.fig2_seeds,
            baseline_seeds=min(self.seeds or base.baseline_seeds, base.baseline_seeds),
        )


def reproduce(request, out, jobs, skip_bad=False, published=None):
    """Run what `request` names and write out/report.html.

    jobs: runs at a time, each in a process of its own; published: see experiments.published.read_curves. Returns (path of the
    report, list of messages of failed runs).
    """
    began = time.time()
    if os.path.exists(os.path.join(out, "settings.json")) or os.path.isfile(out):
        raise BadInput(f"{out}: is a file, or the folder of a single run; give another --out")
    protocol = request.full_protocol()
    _make(out)
    stores = _stores(request, out, protocol, skip_bad)
    tasks = {}
    for name in request.only:
        for run, task in experiment(name).tasks(protocol).items():
            if tasks.setdefault(run, task) != task:
                raise RuntimeError(f"two experiments mean different things by the run {run}")
    with open_whole(os.path.join(out, REQUEST)) as file:
        json.dump(request._asdict(), file, indent=1)
    failed = _run(tasks, stores, os.path.join(out, "runs"), jobs, request.device)
    results = Results(out, protocol, stores, published)
    return write_report(results, failed, time.time() - began), failed


def _make(out):
    try:
        os.makedirs(out, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{out}: cannot be made ({error.strerror}); give another --out") from error
    if not os.access(out, os.W_OK | os.X_OK):
        raise BadInput(
            f"{out}: user {os.getuid()} may not write there; give another --out, or run as its owner (docker run --user)"
        )


def report(out, published=None, markdown=None):
    """Draw the report of the folder `out` again from its runs, without training; return its path.

    markdown: a path ending in .md, where the results go too, with their figures and CSVs in a folder of the same name.
    """
    try:
        with open(os.path.join(out, REQUEST), encoding="utf-8") as file:
            request = Request(**json.load(file))
            protocol = request.full_protocol()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadInput(f"{out}: is no folder of egl reproduce ({error}); give its --out") from error
    stores = {name: PatchStore(_store_path(out, name)) for name in protocol.stores()}
    return write_report(Results(out, protocol, stores, published), [], None, markdown)


def _run(tasks, stores, folder, jobs, device):
    waiting = unfinished(tasks, folder)
    if not waiting:
        print(f"all {len(tasks)} runs are there")
        return []
    speed = run_in_child(measure_speed, (), folder, device=device)
    minutes = sum(seconds(task, stores[task.store], speed) for task in waiting.values()) / jobs / 60
    print(
        f"{len(waiting)} of {len(tasks)} runs to do, {jobs} at a time: about {_duration(minutes)}",
        flush=True,
    )
    return run_tasks(waiting, stores, folder, jobs, speed, device)


def _duration(minutes):
    if minutes < 90:
        return f"{max(1, round(minutes))} minutes"
    return f"{minutes / 60:.1f} hours" if minutes < 36 * 60 else f"{minutes / 60 / 24:.1f} days"


def _store_path(out, name):
    return os.path.join(out, "store.h5" if name == "all" else f"store-{name}.h5")


def _stores(request, out, protocol, skip_bad):
    source = request.source
    if source is None:
        source = os.path.join(out, "phantoms")
        if not os.path.isdir(source):
            phantom.write_dataset(source, **PHANTOMS)
    return {
        name: _store(source, _store_path(out, name), settings, skip_bad)
        for name, settings in protocol.stores().items()
    }


def _store(source, path, settings, skip_bad):
    """Return the store at `path`, made if it is not there; BadInput if it is another one's."""
    if not os.path.exists(path):
        store, _ = prepare(source, path, settings, skip_bad)
        write_contact_sheet(store, path[: -len(".h5")] + ".png")
        return store
    store = PatchStore(path)
    for name, value in dict(as_dict(settings), folder=os.path.abspath(source)).items():
        if store.attributes.get(name) != value:
            raise BadInput(
                f"{path}: made with {name} {store.attributes.get(name)} where {value} is wanted; give another --out, or remove it"
            )
    return store
