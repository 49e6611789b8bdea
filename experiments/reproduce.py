"""`egl reproduce`: data, store, the arms of Fig. 2, the report; whatever is there already is not made again."""
import os
import time
from concurrent.futures import ThreadPoolExecutor

from tqdm import tqdm

from data_prep import phantom
from data_prep.contact_sheet import write_contact_sheet
from data_prep.prepare import prepare
from data_prep.store import PatchStore
from experiments import fig2, work
from experiments.child import BadInput, Failure, RunDiverged, end_children, run_in_child
from experiments.protocols import PHANTOMS
from experiments.report import write_report


def reproduce(source, out, protocol, jobs, skip_bad=False):
    """Run `protocol` on the data set in folder `source` (None: phantoms) and write out/report.html.

    jobs: arms run at a time, each in a process of its own. Returns (path of the report, list of messages of failed arms).
    """
    began = time.time()
    if os.path.exists(os.path.join(out, "settings.json")) or os.path.isfile(out):
        raise BadInput(f"{out}: is a file, or the folder of a single run; give another --out")
    os.makedirs(out, exist_ok=True)
    if source is None:
        source = os.path.join(out, "phantoms")
        if not os.path.isdir(source):
            phantom.write_dataset(source, **PHANTOMS)
    store = _store(source, os.path.join(out, "store.h5"), protocol.prepare, skip_bad)
    failed = run_arms(store.path, fig2.arms(protocol), os.path.join(out, "fig2"), jobs)
    report = write_report(out, store, protocol, failed, time.time() - began)
    return report, failed


def _store(source, path, settings, skip_bad):
    """Return the store at `path`, made if it is not there; BadInput if it is another one's."""
    if os.path.exists(path):
        store = PatchStore(path)
        wanted = dict(settings._asdict(), folder=os.path.abspath(source))
        for name, value in wanted.items():
            value = list(value) if isinstance(value, tuple) else value
            if store.attributes.get(name) != value:
                raise BadInput(
                    f"{path}: made with {name} {store.attributes.get(name)} where {value} is wanted; give another --out, or remove it"
                )
        return store
    store, _ = prepare(source, path, settings, skip_bad)
    write_contact_sheet(store, os.path.join(os.path.dirname(path), "patches.png"))
    return store


def run_arms(store, arms, folder, jobs):
    """Run every arm {name: RunSettings} that is not finished, `jobs` at a time; return the messages of those that failed.

    An arm is what `egl select` does, in a process of its own: if Caffe aborts or training diverges in one, the others go on.
    """
    failed = []
    bars = {name: 0 for name in arms}
    total = sum(settings.selection.iterations for settings in arms.values())
    with tqdm(total=total, desc=f"fig2: {len(arms)} arms", unit="batch") as bar, ThreadPoolExecutor(jobs) as threads:

        def one(name, settings):
            def progress(done, _):
                bar.update(done - bars[name])
                bars[name] = done

            try:
                out = os.path.join(folder, name)
                run_in_child(work.select, (store, settings, out, None), out, progress)
                progress(settings.selection.iterations, None)
            except (Failure, RunDiverged) as error:
                failed.append(f"arm {name}: {error}")

        futures = [threads.submit(one, name, settings) for name, settings in arms.items()]
        try:
            for future in futures:
                future.result()
        except BaseException:  # an interrupt, or bad input: the arms that wait must not start, those that run end
            for future in futures:
                future.cancel()
            end_children()
            raise
    return sorted(failed)
