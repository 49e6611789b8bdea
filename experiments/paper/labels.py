"""Labels: how many of them EGL and random choice need to do nearly as well as training on all (claim C6)."""

from functools import partial

import numpy as np

from egl.training.run_folder import write_csv
from experiments import plots
from experiments.claims import NOT_REPRODUCED, REPRODUCED, UNDECIDED
from experiments.curves import curves, first_at, interval, mean_text
from experiments.paper import baseline, patches
from experiments.section import Figure, Section, Table, Verdict

NEARLY = 0.95  # of the full-data F
PART = 0.5  # of the labels
SHARES = np.arange(0.05, 1.001, 0.05)  # where the curves of several seeds are averaged


def tasks(protocol):
    """Return {name: Task}: the runs of `patches` and `baseline`, read by the labels they used."""
    return {**baseline.tasks(protocol), **patches.tasks(protocol)}


def section(results):
    """Return the Section, or None where no seed has its arms or there is no full-data run."""
    asked = range(1, results.protocol.seeds + 1)
    arms = patches.chosen_by(results.protocol)
    seeds = results.seeds(asked, *(partial(patches.name, arm) for arm in (*arms, "sgd")))
    full = [
        baseline.name(seed)
        for seed in results.seeds(range(1, results.protocol.baseline_seeds + 1), baseline.name)
    ]
    if not seeds or not full:
        return None
    best = float(np.mean([results.metrics(run)["test"]["f_measure"] for run in full]))
    total = int(results.rounds(patches.name("sgd", seeds[0]))["n_labelled"].iloc[-1])
    by_arm = {
        arm: _by_share(results, [patches.name(arm, seed) for seed in seeds], total) for arm in arms
    }
    needed = {arm: _needed(*by_arm[arm], NEARLY * best) for arm in arms}
    write_csv(
        results.file("labels.csv"),
        ("arm", "share", "f_measure", "half_width", "seeds"),
        _rows(by_arm, len(seeds)),
    )
    text = [
        f"The runs of Algorithm 1, by the share of the {total} training patches whose labels they used. Training on all labels reaches F "
        f"{best:.3f} (runs of the baseline: {len(full)}, at their ends); the dashed line is {NEARLY:.0%} of that. Both arms stop after "
        f"{results.protocol.patches.selection.iterations} SGD iterations, fewer than training on all labels takes, so a curve below the "
        "line may lack iterations as much as labels.",
        f"{len(seeds)} of {len(asked)} seeds.",
    ]
    figure = _draw(results, by_arm, best)
    return Section(
        "Labels needed",
        text,
        [figure],
        [_table(needed, seeds)],
        [_verdict(needed, best)],
        ("labels.csv",),
    )


def _by_share(results, names, total):
    """Return (share of the labels used (seeds, n), F (seeds, n)) of runs."""
    return curves(results, names, "n_labelled")[1] / total, curves(results, names, "f_measure")[1]


def _needed(shares, values, wanted):
    """Return the least share (seeds,) at which F is `wanted` or more; 1 where it never is."""
    return np.nan_to_num(first_at(shares, values, wanted), nan=1.0)


def _at_shares(shares, values):
    """Return (x, F (seeds, x)) at those of SHARES that every seed has been at."""
    x = SHARES[(SHARES >= shares[:, 0].max()) & (SHARES <= shares[:, -1].min())]
    return x, np.array([np.interp(x, *pair) for pair in zip(shares, values)])


def _rows(by_arm, seeds):
    for arm, pair in by_arm.items():
        x, values = _at_shares(*pair)
        for share, mean, half in zip(x, *interval(values)):
            yield [arm, f"{share:.6g}", f"{mean:.6g}", f"{half:.6g}", seeds]


def _draw(results, by_arm, best):
    with plots.figure(results.file("labels.png"), width=7.5) as (_, axes):
        axis = axes[0, 0]
        for arm, (shares, values) in by_arm.items():
            axis.plot(100 * shares.T, values.T, color=plots.colour(arm), linewidth=0.5, alpha=0.5)
            x, mean = _at_shares(shares, values)
            plots.band(axis, 100 * x, mean, plots.label(arm), plots.colour(arm))
        axis.axhline(best, color="0.4", label="all labels")
        axis.axhline(NEARLY * best, color="0.4", linestyle="--", label=f"{NEARLY:.0%} of that")
        plots.finish(axis, "", "training patches labelled, %", "F-measure on the test patches")
        axis.legend(loc="lower right")
    return Figure(
        "labels.png",
        "A thin line a seed; mean and 95% t-interval over them where all seeds have been.",
    )


def _table(needed, seeds):
    def cell(share):
        return "not reached" if share == 1 else f"{share:.1%}"

    rows = [
        [f"seed {seed}", *(cell(shares[place]) for shares in needed.values())]
        for place, seed in enumerate(seeds)
    ]
    header = ("", *(plots.label(arm) for arm in needed))
    return Table(
        f"Share of the labels used when F first reaches {NEARLY:.0%} of the full-data F",
        header,
        rows,
    )


def _verdict(needed, best):
    egl, random = needed["egl"], needed["random"]
    mean, half = interval(egl - random)
    enough, fewer = bool((egl <= PART).all()), bool(mean + half < 0)
    verdict = REPRODUCED if enough and fewer else UNDECIDED if enough else NOT_REPRODUCED
    reached = {arm: int((shares < 1).sum()) for arm, shares in needed.items()}
    measured = (
        f"F {NEARLY * best:.3f} ({NEARLY:.0%} of the full-data {best:.3f}) is reached by EGL in {reached['egl']} of {len(egl)} seeds, at "
        f"random in {reached['random']}; share of labels, EGL minus random: {mean_text(egl - random)} (not reached counts as all labels)."
    )
    return Verdict("C6", verdict, measured)
