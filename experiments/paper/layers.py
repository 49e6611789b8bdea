"""Where the backward pass stops: how phi, what it ranks highest, and what a net learns from its choices depend on it (C4)."""

from functools import partial
from itertools import combinations

import numpy as np
from scipy.stats import spearmanr

from egl.strategies.ranking import top_k
from egl.training.run_folder import write_csv
from experiments import work
from experiments.analyses.stops import STOPS, Comparison, compare
from experiments.claims import CONTRADICTED, REPRODUCED, UNDECIDED
from experiments.curves import area, curves, interval, mean_text
from experiments.paper import patches
from experiments.plots import COLOURS, band, figure, finish
from experiments.section import Figure, Section, Table, Verdict
from experiments.tasks import Task

OTHERS = [stop for stop in STOPS if stop != "ip1"]
COLOURS_OF_TIME = ("tab:cyan", "tab:olive", "black")
COMPARED = 400  # patches that all stops score
EQUAL = 0.05  # the rule of C4


def name(stop, seed):
    """Return the name of a run of Algorithm 1 with that stop; the paper's is the EGL arm of `patches`."""
    return patches.name("egl", seed) if stop == "ip1" else f"layers-{stop}-seed{seed:02d}"


def compared(seed):
    """Return the name of the run that scores the same patches by every stop."""
    return f"layers-compare-seed{seed:02d}"


def tasks(protocol):
    """Return {name: Task}: for each stop and seed a run of Algorithm 1, and for each seed a comparison of the stops' phi."""
    whole = patches.tasks(protocol)
    result = {}
    for seed in range(1, protocol.seeds + 1):
        default = whole[patches.name("egl", seed)]
        result[patches.name("egl", seed)] = default
        for stop, (layer, parameters) in STOPS.items():
            settings = default.settings._replace(
                stop_layer=layer, parameters=parameters, keep_weights=()
            )
            result.setdefault(name(stop, seed), Task(work.select, "all", settings))
        comparison = Comparison(patches.name("egl", seed), patches.kept(protocol), COMPARED, seed)
        result[compared(seed)] = Task(compare, "all", comparison, needs=(comparison.run,))
    return result


def rank_correlation(a, b):
    """Return Spearman's rank correlation of two scores (n,); nan where one of them is the same for all."""
    return float(spearmanr(a, b)[0]) if np.ptp(a) and np.ptp(b) else float("nan")


def overlap(a, b, k):
    """Return the share of the k highest of one score (n,) that are among the k highest of the other."""
    return len(np.intersect1d(top_k(a, k), top_k(b, k))) / min(k, len(a))


def agreement(results, seeds):
    """Return {(iteration, stop, stop): (rank correlations, overlaps)}, (seeds,) each, both ways round, of the finished comparisons."""
    k, result = results.protocol.patches.selection.k, {}
    for seed in seeds:
        rows = results.text_rows(compared(seed), "phi.csv")
        for iteration in sorted({int(row["iteration"]) for row in rows}):
            phi = {
                stop: np.array(
                    [float(row[stop]) for row in rows if int(row["iteration"]) == iteration]
                )
                for stop in STOPS
            }
            for a in STOPS:
                for b in STOPS:
                    pair = result.setdefault((iteration, a, b), ([], []))
                    pair[0].append(rank_correlation(phi[a], phi[b]))
                    pair[1].append(overlap(phi[a], phi[b], k))
    return result


def verdict(differences):
    """Return (verdict, words) on C4 from {stop: paired differences to ip1 in the area under the F curve, (seeds,)}."""
    intervals = {stop: interval(values) for stop, values in differences.items()}
    kinds = {stop: _kind(mean - half, mean + half) for stop, (mean, half) in intervals.items()}
    words = ", ".join(
        f"{stop} {mean_text(values)} ({kinds[stop]})" for stop, values in differences.items()
    )
    if "differs" in kinds.values():
        return CONTRADICTED, words
    return (
        REPRODUCED if all(kinds.get(stop) == "no difference" for stop in OTHERS) else UNDECIDED
    ), words


def _kind(low, high):
    if np.isnan(low):
        return "one seed, no interval"
    if not low <= 0 <= high:
        return "differs"
    return "no difference" if -EQUAL <= low and high <= EQUAL else "too wide to tell"


def section(results):
    """Return the Section, or None where nothing of it is finished."""
    every = range(1, results.protocol.seeds + 1)
    parts = [part for part in (_ranks(results, every), _selections(results, every)) if part]
    if not parts:
        return None
    text, figures, tables, verdicts, files = zip(*parts)
    return Section(
        "Where the backward pass stops", [_STOPS, *text], figures, tables, sum(verdicts, ()), files
    )


_STOPS = (
    "Phi is the expected length of the gradient of some of the net's parameters. Compared are the weights and biases of one layer, "
    "the one at which the backward pass stops: ip2, ip1 (the first fully connected layer, the paper's choice), conv2 or conv1; and "
    "the parameters of all layers together."
)


def _ranks(results, every):
    seeds = results.seeds(every, compared)
    pairs = agreement(results, seeds)
    if not pairs:
        return None
    times, k = sorted({key[0] for key in pairs}), results.protocol.patches.selection.k
    n = len({row["patch"] for row in results.text_rows(compared(seeds[0]), "phi.csv")})
    _write_ranks(results.file("layers-ranks.csv"), pairs)
    _draw_ranks(results.file("layers-ranks.png"), pairs, times, k, k / n)
    rows = []
    for stop in OTHERS:
        for iteration in times:
            correlations, shares = pairs[iteration, stop, "ip1"]
            known = _known(correlations)
            fewer = (
                f" ({len(known)} seed{'s' * (len(known) > 1)})" if len(known) < len(shares) else ""
            )
            rows.append(
                [
                    stop,
                    str(iteration),
                    mean_text(known) + fewer,
                    mean_text(shares),
                    str(len(shares)),
                ]
            )
    text = (
        f"The same {n} training patches, half of them exudates, were scored by all five, with the weights that the EGL arm of Algorithm 1 "
        f"had after {_listed(times)} batches ({len(seeds)} of {len(every)} seeds; a run that diverged has no later weights). "
        f"Two scores that have nothing to do with each other would share {k / n:.0%} of their {k} highest."
    )
    caption = (
        f"Left and middle: Spearman's rank correlation with phi of ip1, and the share of the {k} highest patches that are among ip1's {k} "
        "highest, by batches trained; mean over seeds with its 95% t-interval, dots: seeds. Right: the mean rank correlation of each pair "
        f"after {_middle(times)} batches."
    )
    header = ("stop", "batches", "rank correlation", f"share of the {k} highest in common", "seeds")
    table = Table(
        "Agreement with phi of ip1: mean ± half width of the 95% t-interval over seeds",
        header,
        rows,
    )
    return text, Figure("layers-ranks.png", caption), table, (), "layers-ranks.csv"


def _known(values):
    """Return the numbers among values; nan where there are none. A net that has broken down gives all patches the same phi."""
    return [value for value in values if not np.isnan(value)] or [np.nan]


def _middle(times):
    return times[len(times) // 2]


def _listed(numbers):
    *first, last = map(str, numbers)
    return f"{', '.join(first)} and {last}" if first else last


def _write_ranks(path, pairs):
    rows = []
    for iteration in sorted({key[0] for key in pairs}):
        for a, b in combinations(STOPS, 2):
            correlations, shares = pairs[iteration, a, b]
            numbers = [*interval(_known(correlations)), *interval(shares)]
            rows.append([iteration, a, b, *(f"{number:.6g}" for number in numbers), len(shares)])
    header = (
        "batch",
        "stop",
        "other_stop",
        "rank_correlation",
        "half_width",
        "overlap",
        "overlap_half_width",
        "seeds",
    )
    write_csv(path, header, rows)


def _draw_ranks(path, pairs, times, k, chance):
    with figure(path, 3, width=4.8, height=4.2) as (drawing, ((left, middle, right),)):
        for axis, which, title in (
            (left, 0, "rank correlation with ip1"),
            (middle, 1, f"share of ip1's {k} highest"),
        ):
            for place, iteration in enumerate(times):
                colour = COLOURS_OF_TIME[place % len(COLOURS_OF_TIME)]
                x = np.arange(len(OTHERS)) + (place - (len(times) - 1) / 2) * 0.22
                values = [_known(pairs[iteration, stop, "ip1"][which]) for stop in OTHERS]
                mean, half = np.transpose([interval(each) for each in values])
                axis.errorbar(
                    x,
                    mean,
                    np.nan_to_num(half),
                    fmt="o",
                    color=colour,
                    capsize=4,
                    label=f"{iteration} batches",
                )
                for centre, each in zip(x, values):
                    axis.plot(
                        np.full(len(each), centre + 0.07),
                        each,
                        ".",
                        color=colour,
                        markersize=4,
                        alpha=0.6,
                    )
            axis.set_xticks(range(len(OTHERS)))
            axis.set_xticklabels(OTHERS)
            lowest = min(
                min(_known(pairs[iteration, stop, "ip1"][which]))
                for iteration in times
                for stop in OTHERS
            )
            finish(
                axis,
                title,
                "backward pass stops at",
                ylim=(min(0, np.nan_to_num(lowest)) - 0.03, 1.03),
            )
        middle.axhline(chance, color="0.4", linestyle="--", label="by chance")
        for axis in (left, middle):
            axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncol=4, fontsize=8)
        numbers = np.array(
            [[np.mean(_known(pairs[_middle(times), a, b][0])) for b in STOPS] for a in STOPS]
        )
        drawing.colorbar(
            right.imshow(numbers, vmin=0, vmax=1, cmap="viridis"),
            ax=right,
            label="rank correlation",
        )
        for (row, column), number in np.ndenumerate(numbers):
            right.text(
                column,
                row,
                f"{number:.2f}",
                ha="center",
                va="center",
                color="black" if number > 0.5 else "white",
                fontsize=9,
            )
        places = range(len(STOPS))
        right.set(
            xticks=places,
            yticks=places,
            xticklabels=STOPS,
            yticklabels=STOPS,
            title=f"each pair, {_middle(times)} batches",
        )


def _selections(results, every):
    begun = [stop for stop in STOPS if results.seeds(every, partial(name, stop))]
    seeds = results.seeds(every, *(partial(name, stop) for stop in begun))
    others = [stop for stop in OTHERS if stop in begun]
    if "ip1" not in begun or not others or not seeds:
        return None
    runs = {stop: [name(stop, seed) for seed in seeds] for stop in begun}
    chance = [patches.name("random", seed) for seed in seeds]
    if results.finished(*chance):
        runs["random"] = chance
    found = {arm: curves(results, names, "f_measure") for arm, names in runs.items()}
    rows = []
    for arm, (iterations, values) in found.items():
        for iteration, mean, half in zip(iterations, *interval(values)):
            rows.append([arm, int(iteration), f"{mean:.6g}", f"{half:.6g}", len(seeds)])
    write_csv(
        results.file("layers.csv"), ("stop", "batch", "f_measure", "half_width", "seeds"), rows
    )
    _draw_curves(results.file("layers.png"), found, others)
    start = results.protocol.patches.selection.initial_iterations
    areas = {arm: area(*found[arm], start) for arm in found}
    diverged = {
        arm: np.array([bool(results.metrics(run)["diverged"]) for run in names])
        for arm, names in runs.items()
    }
    what, words = verdict({stop: areas[stop] - areas["ip1"] for stop in others})
    measured = f"Mean F of each stop minus that of ip1 in the same seed, with the 95% t-interval over {len(seeds)} seeds: {words}."
    lost = ", ".join(f"{arm} {diverged[arm].sum()}" for arm in begun if diverged[arm].any())
    if lost:
        measured += f" Runs that diverged, and count with F 0 from there on: {lost}."
    text = (
        f"Algorithm 1 was run with each of the five as its phi; within a seed all start from the same weights and batches ({len(seeds)} of "
        f"{len(every)} seeds). A run that diverged counts with F 0 from there on."
    )
    if len(others) < len(OTHERS):
        text += f" No run is finished yet of: {', '.join(stop for stop in OTHERS if stop not in others)}."
    first, last = (int(found["ip1"][0][place]) for place in (0, -1))
    lines = []
    for arm in areas:
        difference, whole = areas[arm] - areas["ip1"], ~(diverged[arm] | diverged["ip1"])
        cells = [
            mean_text(difference),
            f"{mean_text(difference[whole])} ({whole.sum()})" if whole.any() else "–",
        ]
        lines.append(
            [
                arm,
                mean_text(areas[arm]),
                *(cells if arm != "ip1" else ("", "")),
                str(diverged[arm].sum()),
            ]
        )
    table = Table(
        f"Mean F (area under the curve over its width) from the first evaluation, at batch {max(start, first)}, to batch {last}",
        (
            "backward pass stops at",
            "mean F",
            "minus ip1's, same seed",
            "where neither diverged (seeds)",
            "runs that diverged",
        ),
        lines,
    )
    caption = (
        f"F on the test patches: each stop against ip1, and random choice of patches. Mean over {len(seeds)} seeds, band: 95% t-interval; "
        "thin: the seeds of the two stops."
    )
    return (
        text,
        Figure("layers.png", caption),
        table,
        (Verdict("C4", what, measured),),
        "layers.csv",
    )


def _draw_curves(path, found, others):
    with figure(path, len(others), width=4.2, height=4.0, sharey=True) as (_, axes):
        for axis, stop in zip(axes[0], others):
            for arm in ("random", "ip1", stop):
                if arm in found:
                    colour = {"random": COLOURS["random"], "ip1": COLOURS["egl"]}.get(
                        arm, "tab:red"
                    )
                    band(axis, *found[arm], arm, colour)
                    if arm != "random":
                        axis.plot(
                            found[arm][0], found[arm][1].T, color=colour, linewidth=0.5, alpha=0.7
                        )
            finish(axis, f"{stop} and ip1", "batches (SGD iterations)", ylim=(-0.02, 1.02))
            axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncol=3)
        axes[0, 0].set_ylabel("F on the test patches")
