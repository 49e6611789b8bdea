"""Fig. 3: how interesting photographs are to a net in the course of its training, with their maps; and whether that ends near 0 (C3)."""

import os
from functools import partial

import numpy as np

from egl.training.run_folder import write_csv
from experiments.analyses.interestingness import Watching, watch
from experiments.claims import NOT_REPRODUCED, REPRODUCED, UNDECIDED
from experiments.curves import one_class
from experiments.paper import baseline, fig2
from experiments.paper.fig3_figures import draw, draw_maps
from experiments.paper.fig3_runs import DECAYED, KINDS, load, name, seeds_of, times, watched
from experiments.section import Section, Table, Verdict
from experiments.tasks import Task


def tasks(protocol):
    """Return {name: Task}: the runs that are watched, and for each one that scores photographs by its weights."""
    whole = dict(fig2.tasks(protocol), **baseline.tasks(protocol))
    result = {}
    for kind, seeds in seeds_of(protocol).items():
        for seed in seeds:
            run = watched(kind, seed)
            result[run] = whole[run]
            settings = Watching(
                run, whole[run].settings.keep_weights, kind == "egl", protocol.map_images, seed,
                protocol.images.stride, protocol.map_stride if seed == 1 else 0,
            )  # fmt: skip
            result[name(kind, seed)] = Task(watch, "all", settings, needs=(run,))
    return result


def verdict(runs, same=0):
    """Return the Verdict on C3 from all Watched runs; same: how many of those that count end by calling all patches the same."""
    last = _last([run for run in runs if run.counts])
    what = UNDECIDED
    if len(last):
        what = REPRODUCED if np.median(last) < DECAYED else NOT_REPRODUCED
    words = [_measured("Both kinds of training", runs)]
    words += [
        _measured(f"{label} alone", [run for run in runs if run.kind == kind])
        for kind, label in KINDS.items()
    ]
    if same:
        words.append(
            f"{same} of the nets that count call all patches the same, which alone can give a high F."
        )
    return Verdict("C3", what, " ".join(words))


def _last(runs):
    """Return the relative interestingness of all photographs of these runs at the last time, where it is defined."""
    values = np.concatenate([run.relative[:, -1] for run in runs]) if runs else np.array([])
    return values[~np.isnan(values)]


def _measured(what, runs):
    counting = [run for run in runs if run.counts]
    last = _last(counting)
    if not runs:
        return f"{what}: no run is finished."
    if not len(last):
        return f"{what}: no run of {len(runs)} counts, since each diverged or has a net that does not work at the last time."
    low, middle, high = np.percentile(last, (25, 50, 75))
    return (
        f"{what}: at the last time interestingness over its maximum has the median {middle:.3f} (quartiles {low:.3f} and {high:.3f}; "
        f"{len(last)} photographs in the {len(counting)} of {len(runs)} runs that count)."
    )


def section(results):
    """Return the Section, or None where nothing of it is finished."""
    wanted = seeds_of(results.protocol)
    seeds = {
        kind: results.seeds(wanted[kind], partial(name, kind), partial(watched, kind))
        for kind in KINDS
    }
    loaded = {
        kind: [run for run in (load(results, kind, seed) for seed in seeds[kind]) if run]
        for kind in KINDS
    }
    runs = [run for kind in KINDS for run in loaded[kind]]
    if not runs:
        return None
    _write(results.file("fig3.csv"), runs)
    figures = [draw(results, loaded)]
    for kind in KINDS:
        maps = os.path.join(results.run(name(kind, 1)), "maps.h5")
        if any(run.seed == 1 for run in loaded[kind]) and os.path.exists(maps):
            figures.append(draw_maps(results, kind, maps))
    counting = [watched(run.kind, run.seed) for run in runs if run.counts]
    judged = verdict(runs, one_class(results, counting) if counting else 0)
    text = _text(results, seeds, wanted)
    return Section(
        "Figure 3: interestingness over training time",
        text,
        figures,
        [_table(loaded)],
        (judged,),
        ("fig3.csv",),
    )


def _text(results, seeds, wanted):
    counts = ", ".join(
        f"{KINDS[kind]} {len(seeds[kind])} of {len(wanted[kind])} seeds" for kind in KINDS
    )
    text = [
        f"The interestingness of a photograph is the sum of phi over the patches in its field of view, {results.protocol.images.stride} "
        f"pixels apart, by the weights that a run kept at several times: {counts}. Half of the photographs have exudates, as far as there "
        "are enough.",
        "A net that has broken down and calls every patch healthy with certainty has a phi of 0 as well. So a run counts only if, at its "
        "last time, F on the test patches is at least 90% of its best. A run that diverged does not count, whatever it was before.",
    ]
    if seeds["egl"]:
        text.append(
            "Under EGL selection (Algorithm 2, pool with healthy images) the photographs are the first that the run itself chose after its "
            "initial ones. Each was chosen for its interestingness at one time and trained on from then on, so some fall is to be expected "
            "even while the net goes on learning."
        )
    drawn = sum(results.metrics(name("egl", seed))["drawn"] for seed in seeds["egl"])
    if drawn:
        text[-1] += (
            f" Where a run chose too few of one kind, others were drawn at random ({drawn} in all)."
        )
    if seeds["sgd"]:
        text.append(
            "Under plain SGD on all labels the photographs were drawn at random from the training split."
        )
    return text


def _table(loaded):
    rows = []
    for kind, runs in loaded.items():
        for iteration in times(runs):
            here = [
                (run, list(run.iterations).index(iteration))
                for run in runs
                if iteration in run.iterations
            ]
            working = [(run, at) for run, at in here if run.works[at]]
            cells = [[run.f[at] for run, at in here], [run.sums[:, at] for run, at in here]]
            cells += [[run.relative[:, at] for run, at in which] for which in (here, working)]
            rows.append(
                [
                    KINDS[kind],
                    str(iteration),
                    f"{len(working)} of {len(here)}",
                    *map(_median, cells),
                ]
            )
    header = (
        "training",
        "batches",
        "working nets",
        "F",
        "interestingness",
        "over its maximum",
        "the same, working nets only",
    )
    caption = (
        "Medians (F: over seeds; interestingness: over photographs and seeds) at the times whose weights were kept. Working: at least "
        "90% of the run's best F; –: not evaluated yet, or no such net"
    )
    return Table(caption, header, rows)


def _median(parts):
    values = np.hstack(parts) if parts else np.array([])
    values = values[~np.isnan(values)]
    return f"{np.median(values):.3g}" if len(values) else "–"


def _write(path, runs):
    rows = []
    for run in runs:
        for at, iteration in enumerate(run.iterations):
            for image, lesion, total, relative in zip(
                run.images, run.lesion, run.sums[:, at], run.relative[:, at]
            ):
                numbers = [f"{value:.6g}" for value in (total, relative, run.f[at])]
                rows.append(
                    [
                        run.kind,
                        run.seed,
                        iteration,
                        image,
                        int(lesion),
                        *numbers,
                        int(run.works[at]),
                    ]
                )
    write_csv(
        path,
        (
            "training",
            "seed",
            "batch",
            "image",
            "lesion",
            "interestingness",
            "over_maximum",
            "f_measure",
            "net_works",
        ),
        rows,
    )
