"""The paper's open choices: which of them decide whether EGL is ahead of random choice (C1, C2)."""

from functools import partial

from egl.training.run_folder import write_csv
from experiments import plots, work
from experiments.claims import by_interval
from experiments.curves import area, curves, interval, mean_text, one_class, until
from experiments.paper import fig2
from experiments.section import Figure, Section, Table
from experiments.tasks import Task

# Variant: (what changes in the selection, in the trainer, in the rest of the run, and whether random choice changes too).
VARIANTS = {
    "image score: mean": ({}, {}, {"score": "mean"}, False),
    "image score: top 5": ({}, {}, {"score": "top5"}, False),
    "L' replaced": ({"after_round": "replace"}, {}, {}, True),
    "no momentum, no decay": ({}, {"momentum": 0.0, "weight_decay": 0.0}, {}, True),
    "stride 48": ({}, {}, {"stride": 48}, False),
    "k = 16": ({"k": 16}, {}, {}, True),
    "k = 64": ({"k": 64}, {}, {}, True),
    # Exudates are about one in a hundred patches of an image with exudates: 400 of them hold a handful, 4000 more than a batch.
    "every patch of an image": ({}, {}, {"labelled": "grid"}, True),
    "every patch, 4000 scored": ({"candidates": 4000}, {}, {"labelled": "grid"}, True),
}
ARMS = ("random", "egl")
DEFAULT = "the defaults"
LESION = "healthy patches from lesion images"  # the other pool of Fig. 2


def name(variant, arm, seed):
    """Return the name of an arm's run; the defaults, and where a variant does not touch random choice, are Fig. 2's."""
    if variant in (DEFAULT, LESION):
        return fig2.name("all" if variant == DEFAULT else "lesion", arm, seed)
    if arm == "random" and not VARIANTS[variant][3]:
        return fig2.name("all", arm, seed)
    words = "-".join("".join(c if c.isalnum() else " " for c in variant).lower().split())
    return f"settings-{words}-{arm}-seed{seed:02d}"


def tasks(protocol):
    """Return {name: Task}: for each variant and seed an arm by EGL and one at random; and Fig. 2's, with which they compare."""
    whole = fig2.tasks(protocol)
    result = {}
    for seed in seeds(protocol):
        for arm in ARMS:
            default = whole[fig2.name("all", arm, seed)]
            for variant in (DEFAULT, LESION):
                result[name(variant, arm, seed)] = whole[name(variant, arm, seed)]
            for variant, (selection, trainer, rest, _) in VARIANTS.items():
                settings = default.settings
                settings = settings._replace(
                    selection=settings.selection._replace(
                        iterations=protocol.settings_iterations, **selection
                    ),
                    trainer=settings.trainer._replace(**trainer),
                    keep_weights=(),
                    **rest,
                )
                result.setdefault(name(variant, arm, seed), Task(work.select, "all", settings))
    return result


def seeds(protocol):
    """Return the seeds of every variant: the first ones of Fig. 2."""
    return range(1, min(protocol.seeds, protocol.fig2_seeds) + 1)


def section(results):
    """Return the Section, or None where no variant has a whole seed."""
    found = {}
    for variant in (DEFAULT, LESION, *VARIANTS):
        whole = results.seeds(
            seeds(results.protocol), *(partial(name, variant, arm) for arm in ARMS)
        )
        if whole:
            found[variant] = _measure(results, variant, whole)
    if not set(found) - {DEFAULT, LESION}:  # these are Fig. 2's
        return None
    rows = [
        [
            variant,
            len(each["egl"]),
            *(
                f"{x:.6g}"
                for column in ("random", "egl", "difference", "last")
                for x in interval(each[column])
            ),
        ]
        + [each["broken"]["random"], each["broken"]["egl"]]
        for variant, each in found.items()
    ]
    names = [
        f"{column}{part}"
        for column in ("random", "egl", "difference", "last_difference")
        for part in ("", "_half_width")
    ]
    write_csv(
        results.file("settings.csv"),
        ("variant", "seeds", *names, "random_broken", "egl_broken"),
        rows,
    )
    first, last = (
        results.protocol.images.selection.initial_iterations,
        results.protocol.settings_iterations,
    )
    by_verdict = {
        variant: by_interval(*interval(each["difference"])) for variant, each in found.items()
    }
    ahead = [variant for variant, verdict in by_verdict.items() if verdict == "reproduced"]
    behind = [variant for variant, verdict in by_verdict.items() if verdict == "contradicted"]
    text = [
        f"Each open choice changed alone, from the defaults of Fig. 2, for {last} batches ({len(seeds(results.protocol))} seeds where all "
        "are finished). The measure is that of claim C1: the mean F from the first choice on, EGL minus random, paired by seed; and, for "
        "the local optimum of C2, the last F. Where a choice does not touch the random arm, the random arm is that of the defaults.",
        f"The 95% interval of the difference lies above 0 for: {', '.join(ahead) or 'none'}; below 0 for: {', '.join(behind) or 'none'}.",
    ]
    return Section(
        "The open choices: which of them decide",
        text,
        [_draw(results, found, first, last)],
        [_table(found)],
        files=("settings.csv",),
    )


def _measure(results, variant, whole):
    first, last = (
        results.protocol.images.selection.initial_iterations,
        results.protocol.settings_iterations,
    )
    runs = {arm: [name(variant, arm, seed) for seed in whole] for arm in ARMS}
    f = {arm: until(*curves(results, names, "f_measure"), last) for arm, names in runs.items()}
    areas = {arm: area(*pair, first) for arm, pair in f.items()}
    ends = {arm: values[:, -1] for arm, (_, values) in f.items()}
    broken = {arm: one_class(results, names, last) for arm, names in runs.items()}
    return dict(
        areas,
        difference=areas["egl"] - areas["random"],
        last=ends["egl"] - ends["random"],
        broken=broken,
    )


def _draw(results, found, first, last):
    with plots.figure(results.file("settings.png"), width=9, height=0.6 + 0.42 * len(found)) as (
        _,
        axes,
    ):
        axis = axes[0, 0]
        for place, each in enumerate(found.values()):
            for shift, column, colour in (
                (-0.12, "difference", "black"),
                (0.12, "last", "tab:red"),
            ):
                label = (
                    {"difference": f"mean F from batch {first} on", "last": "last F"}[column]
                    if place == 0
                    else None
                )
                plots.dot(
                    axis, each[column], place + shift, color=colour, markersize=4, label=label
                )
        axis.axvline(0, color="0.3", linewidth=0.8)
        axis.set_yticks(range(len(found)))
        axis.set_yticklabels(list(found))
        axis.invert_yaxis()
        axis.legend(fontsize=8)
        plots.finish(
            axis, "", f"F-measure, EGL − random, {last} batches: paired mean and 95% t-interval"
        )
    return Figure("settings.png", "What lies right of the line is in favour of EGL.")


def _table(found):
    header = (
        "choice",
        "random: mean F",
        "EGL: mean F",
        "EGL − random",
        "last F: EGL − random",
        "seeds",
        "broken down: random, EGL",
    )
    rows = [
        [variant, *(mean_text(each[column]) for column in ("random", "egl", "difference", "last"))]
        + [str(len(each["egl"])), "{random}, {egl}".format(**each["broken"])]
        for variant, each in found.items()
    ]
    return Table("Each open choice changed alone", header, rows)
